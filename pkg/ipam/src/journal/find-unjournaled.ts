/**
 * What the journal of a node missed: a process may die between the write of a block and that of the journal, and others may
 * release an address from elsewhere. The blocks are the truth; where they say something else than the journal's last word,
 * the journal gets the missing entry, marked `found`.
 */
import type { Address, Prefix } from '@weft/ip';
import { type Allocation, addressAt, allocationAt, type BlockSpec, ordinalIn } from '../core/block.ts';
import { parseGoTime, parseTimestamp } from '../core/time-text.ts';
import type { JournalAuthor, JournalEntry } from './entry.ts';
import { workloadOfAttributes } from './journaled.ts';

/** What is compared. */
export interface JournalComparison {
  readonly node: string;
  /** The blocks as they are; one that the journal names and that is not here is gone. */
  readonly blocks: readonly BlockSpec[];
  /** The journal's newest entry of each address. */
  readonly lastEntries: ReadonlyMap<Address, JournalEntry>;
  /** Milliseconds since the epoch; the time of what the blocks have no time for. */
  readonly now: number;
  readonly by: JournalAuthor;
}

/** The missing entries, oldest first. Addresses that are held by other nodes are theirs to journal. */
export function findUnjournaled(comparison: JournalComparison): JournalEntry[] {
  const { blocks, lastEntries, node } = comparison;
  const held = blocks.flatMap((block) => heldBy(node, block));
  const taken = held.flatMap(({ address, allocation, block }) => {
    const last = lastEntries.get(address);
    if (last !== undefined && isOf(allocation, last)) return [];
    return [foundAssignment(comparison, address, allocation, block.cidr as Prefix)];
  });
  const allocations = new Map(held.map(({ address, allocation }) => [address, allocation]));
  const given = [...lastEntries.values()].flatMap((last) => {
    if (last.operation !== 'assign' || last.node !== node || last.address === undefined) return [];
    const allocation = allocations.get(last.address);
    return allocation && isOf(allocation, last) ? [] : [foundRelease(comparison, last)];
  });
  // A release of the last holder comes before the assignment of the next.
  return [...given, ...taken].sort((left, right) => left.time - right.time);
}

interface HeldAddress {
  readonly address: Address;
  readonly allocation: Allocation;
  readonly block: BlockSpec;
}

function heldBy(node: string, block: BlockSpec): HeldAddress[] {
  return block.allocations.flatMap((_, ordinal) => {
    const allocation = allocationAt(block, ordinal);
    if (allocation === undefined || allocation.releasedAt !== undefined) return [];
    if (allocation.attributes.node !== node) return [];
    return [{ address: addressAt(block, ordinal), allocation, block }];
  });
}

function isOf({ handle, sequenceNumber }: Allocation, last: JournalEntry): boolean {
  return (
    last.operation === 'assign' &&
    last.handle === handle &&
    (last.sequenceNumber === undefined || last.sequenceNumber === String(sequenceNumber))
  );
}

function foundAssignment(
  { by, node, now }: JournalComparison,
  address: Address,
  { attributes, handle, sequenceNumber }: Allocation,
  block: Prefix,
): JournalEntry {
  const workload = workloadOfAttributes(attributes);
  return {
    time: parseGoTime(attributes.timestamp ?? '') ?? now,
    operation: 'assign',
    address,
    block,
    ...(handle === undefined ? {} : { handle }),
    node,
    ...(workload === undefined ? {} : { workload }),
    reason: 'seen in its block',
    sequenceNumber: String(sequenceNumber),
    by,
    found: true,
  };
}

function foundRelease({ blocks, by, now }: JournalComparison, last: JournalEntry): JournalEntry {
  const { found: _, ...known } = last;
  const releasedAt = coolingSince(blocks, last);
  const time = Math.max(last.time, releasedAt ?? now);
  return { ...known, time, operation: 'release', reason: 'its block says so', by, found: true };
}

function coolingSince(blocks: readonly BlockSpec[], { address, block }: JournalEntry): number | undefined {
  const spec = blocks.find(({ cidr }) => cidr === block);
  const ordinal = spec && address && ordinalIn(spec, address);
  const releasedAt = ordinal === undefined ? undefined : allocationAt(spec as BlockSpec, ordinal)?.releasedAt;
  return releasedAt === undefined ? undefined : parseTimestamp(releasedAt);
}
