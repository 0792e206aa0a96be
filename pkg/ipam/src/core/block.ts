/**
 * The block: a slice of a pool with one entry per address. These functions are the whole arithmetic of IPAM; they
 * take a block and return another, and never change the one they were given.
 *
 * The values are those Calico stores (IPAMBlock spec). Their invariants are listed in DESIGN.md and checked by
 * `checkBlock`.
 */
import { type Address, addressCount, containsAddress, nthAddress, ordinalOf, type Prefix } from '@weft/ip';
import type { IPAMBlock } from '@weft/resources';
import { handleOf } from './attribute-table.ts';
import { affinityText, type Owner, ownerOfText } from './owner.ts';
import type { Reservations } from './reservations.ts';
import { formatTimestamp, parseTimestamp } from './time-text.ts';

/** What an IPAMBlock says. */
export type BlockSpec = IPAMBlock['spec'];

/** One entry of the attribute table. */
export type BlockAttribute = BlockSpec['attributes'][number];

/** The handle Calico gives to the addresses that Windows needs in every block; they do not count as in use. */
const WINDOWS_RESERVED_HANDLE = 'windows-reserved-ipam-handle';

/** How a block begins its life. */
export interface NewBlock {
  readonly cidr: Prefix;
  readonly owner: Owner;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Larger than any number an earlier block of this CIDR can have had, so that old releases never fit. */
  readonly sequenceNumber: bigint;
}

/** A block whose addresses are all free, in ascending order. */
export function newBlock({ cidr, owner, now, sequenceNumber }: NewBlock): BlockSpec {
  const size = Number(addressCount(cidr));
  return {
    cidr,
    affinity: affinityText(owner),
    affinityClaimTime: formatTimestamp(now),
    allocations: new Array<null>(size).fill(null),
    unallocated: Array.from({ length: size }, (_, ordinal) => ordinal),
    attributes: [],
    sequenceNumber,
    sequenceNumberForAllocation: {},
    deleted: false,
    strictAffinity: false,
  };
}

/** The block's CIDR. */
export function cidrOf(block: BlockSpec): Prefix {
  return block.cidr as Prefix;
}

/** Whom the block belongs to; undefined when nobody claims it any more. */
export function ownerOfBlock(block: BlockSpec): Owner | undefined {
  return ownerOfText(block.affinity);
}

/** The address of an ordinal. */
export function addressAt(block: BlockSpec, ordinal: number): Address {
  return nthAddress(cidrOf(block), ordinal);
}

/** The ordinal of an address; undefined when the block does not hold it. */
export function ordinalIn(block: BlockSpec, address: Address): number | undefined {
  return containsAddress(cidrOf(block), address) ? Number(ordinalOf(cidrOf(block), address)) : undefined;
}

/** What a block says of one address that is not free. */
export interface Allocation {
  /** Undefined while the address cools down, and for allocations made without a handle. */
  readonly handle: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** Tells this allocation from an earlier one of the same address; 0 in blocks from before it was recorded. */
  readonly sequenceNumber: bigint;
  /** RFC 3339; set while the address cools down after its release. */
  readonly releasedAt: string | undefined;
}

/** Who holds the address of that ordinal; undefined when it is free. */
export function allocationAt(block: BlockSpec, ordinal: number): Allocation | undefined {
  const attribute = attributeAt(block, ordinal);
  if (!attribute) return undefined;
  return {
    handle: handleOf(attribute),
    attributes: attribute.secondary ?? {},
    sequenceNumber: block.sequenceNumberForAllocation[ordinal] ?? 0n,
    releasedAt: attribute.releasedAt,
  };
}

function attributeAt(block: BlockSpec, ordinal: number): BlockAttribute | undefined {
  const index = block.allocations[ordinal];
  return index === null || index === undefined ? undefined : block.attributes[index];
}

/** The ordinals a handle holds, ascending. */
export function ordinalsOfHandle(block: BlockSpec, handle: string): number[] {
  const indexes = new Set(
    block.attributes.flatMap((entry, index) => (handleOf(entry) === handle ? [index] : [])),
  );
  return ordinalsWhere(block, (index) => indexes.has(index));
}

/** How many addresses each handle holds in the block. */
export function countsByHandle(block: BlockSpec): Map<string, number> {
  const counts = new Map<string, number>();
  for (const index of block.allocations) {
    const handle = index === null ? undefined : handleOf(block.attributes[index] as BlockAttribute);
    if (handle !== undefined) counts.set(handle, (counts.get(handle) ?? 0) + 1);
  }
  return counts;
}

/** The ordinals whose entry in the attribute table is one of those wanted. */
export function ordinalsWhere(block: BlockSpec, isWanted: (attributeIndex: number) => boolean): number[] {
  return block.allocations.flatMap((index, ordinal) => (index !== null && isWanted(index) ? [ordinal] : []));
}

/** True when no address is held or cooling down. */
export function isEmptyBlock(block: BlockSpec): boolean {
  return block.allocations.every(
    (index) =>
      index === null ||
      handleOf(block.attributes[index] as BlockAttribute)?.toLowerCase() === WINDOWS_RESERVED_HANDLE,
  );
}

/** How many addresses automatic assignment could take. */
export function freeCount(block: BlockSpec, reservations: Reservations): number {
  if (!reservations.touches(cidrOf(block))) return block.unallocated.length;
  return block.unallocated.filter((ordinal) => !reservations.holds(addressAt(block, ordinal))).length;
}

/** How many addresses were released and wait for the end of their cooldown. */
export function coolingCount(block: BlockSpec): number {
  return ordinalsWhere(block, (index) => block.attributes[index]?.releasedAt !== undefined).length;
}

/** How long the present owner has had the block, in milliseconds; very long when the block does not say. */
export function claimAgeMs(block: BlockSpec, now: number): number {
  return now - (parseTimestamp(block.affinityClaimTime ?? '') ?? 0);
}

/** The block without an owner. Its addresses stay assigned. */
export function withoutOwner({ affinity: _, affinityClaimTime: __, ...rest }: BlockSpec): BlockSpec {
  return rest;
}
