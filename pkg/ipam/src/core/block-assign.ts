/**
 * Taking addresses from a block: the next free ones, or one by name.
 *
 * Source: Calico ipam_block.go; facts of the format in DESIGN.md.
 */
import type { Address } from '@weft/ip';
import { withAttribute } from './attribute-table.ts';
import { type Allocation, addressAt, allocationAt, type BlockSpec, ordinalIn } from './block.ts';
import { freed } from './block-release.ts';
import type { Reservations } from './reservations.ts';

/** Who takes addresses, as the block records it. */
export interface Holder {
  readonly handle: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The block after an assignment, and which ordinals were taken: none when nothing was free. */
export interface Assignment {
  readonly block: BlockSpec;
  readonly ordinals: readonly number[];
}

/** Takes up to `count` addresses from the head of the free list, passing over reserved ones. */
export function assign(
  block: BlockSpec,
  holder: Holder,
  count: number,
  reservations: Reservations,
): Assignment {
  const ordinals: number[] = [];
  for (const ordinal of block.unallocated) {
    if (ordinals.length >= count) break;
    if (!reservations.holds(addressAt(block, ordinal))) ordinals.push(ordinal);
  }
  return { block: ordinals.length > 0 ? take(block, ordinals, holder) : block, ordinals };
}

/** What became of a wish for one address. */
export type SpecificAssignment =
  | { readonly kind: 'taken'; readonly block: BlockSpec; readonly ordinal: number }
  | { readonly kind: 'held'; readonly by: Allocation };

/**
 * Takes one address. An address that cools down can be taken by name: the cooldown keeps it from strangers, and who
 * asks for it means it. Throws RangeError when the block does not hold the address.
 */
export function assignSpecific(block: BlockSpec, address: Address, holder: Holder): SpecificAssignment {
  const ordinal = ordinalIn(block, address);
  if (ordinal === undefined) throw new RangeError(`block ${block.cidr} does not hold ${address}`);
  const allocation = allocationAt(block, ordinal);
  if (allocation && allocation.releasedAt === undefined) return { kind: 'held', by: allocation };
  const free = allocation ? freed(block, [ordinal]) : block;
  return { kind: 'taken', block: take(free, [ordinal], holder), ordinal };
}

/** The block with a held ordinal stamped anew, as if it had been assigned this moment. */
export function restamped(block: BlockSpec, ordinal: number): BlockSpec {
  const stamps = { ...block.sequenceNumberForAllocation, [ordinal]: block.sequenceNumber };
  return { ...block, sequenceNumberForAllocation: stamps };
}

/** Moves free ordinals to the holder, stamped with the sequence number the block has before it is written. */
function take(block: BlockSpec, ordinals: readonly number[], { handle, attributes }: Holder): BlockSpec {
  const table = withAttribute(block.attributes, { handle_id: handle, secondary: { ...attributes } });
  const allocations = [...block.allocations];
  const sequenceNumberForAllocation = { ...block.sequenceNumberForAllocation };
  for (const ordinal of ordinals) {
    allocations[ordinal] = table.index;
    sequenceNumberForAllocation[ordinal] = block.sequenceNumber;
  }
  const unallocated = block.unallocated.filter((ordinal) => !ordinals.includes(ordinal));
  return { ...block, allocations, unallocated, attributes: table.attributes, sequenceNumberForAllocation };
}
