/**
 * Giving addresses back, in two steps: a released address cools down first, and becomes free when its cooldown is over.
 *
 * Source: Calico ipam_block.go, `releasedAt` and garbageCollect.
 */
import { pruned, withAttribute } from './attribute-table.ts';
import { type BlockSpec, ordinalsWhere } from './block.ts';
import { formatTimestamp, parseTimestamp } from './time-text.ts';

/** How long addresses cool down, and what time it is. */
export interface Cooldown {
  /** 0 frees addresses at once. */
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Takes the ordinals from their holders. They cool down, or are free at once when the cooldown is 0 s. */
export function release(block: BlockSpec, ordinals: readonly number[], cooldown: Cooldown): BlockSpec {
  if (ordinals.length === 0) return block;
  return cooldown.seconds === 0 ? freed(block, ordinals) : cooling(block, ordinals, cooldown.now);
}

/** Puts the ordinals at the end of the free list, so that the address unused for longest is given out next. */
export function freed(block: BlockSpec, ordinals: readonly number[]): BlockSpec {
  const allocations = [...block.allocations];
  const sequenceNumberForAllocation = { ...block.sequenceNumberForAllocation };
  for (const ordinal of ordinals) {
    allocations[ordinal] = null;
    delete sequenceNumberForAllocation[ordinal];
  }
  const unallocated = [...block.unallocated, ...ordinals];
  return { ...block, ...pruned(block.attributes, allocations), unallocated, sequenceNumberForAllocation };
}

/** Frees the ordinals whose cooldown is over, in ascending order. Returns the same block when there are none. */
export function collectCooled(block: BlockSpec, { seconds, now }: Cooldown): BlockSpec {
  const isOver = block.attributes.map(({ releasedAt }) => isBefore(releasedAt, now - seconds * 1000));
  if (!isOver.includes(true)) return block;
  return freed(
    block,
    ordinalsWhere(block, (index) => isOver[index] === true),
  );
}

/** Points the ordinals to an entry that says only when they were released, under a new sequence number. */
function cooling(block: BlockSpec, ordinals: readonly number[], now: number): BlockSpec {
  const table = withAttribute(block.attributes, { releasedAt: formatTimestamp(now) });
  const allocations = [...block.allocations];
  const sequenceNumberForAllocation = { ...block.sequenceNumberForAllocation };
  for (const ordinal of ordinals) {
    allocations[ordinal] = table.index;
    sequenceNumberForAllocation[ordinal] = block.sequenceNumber;
  }
  return { ...block, ...pruned(table.attributes, allocations), sequenceNumberForAllocation };
}

function isBefore(timestamp: string | undefined, limit: number): boolean {
  return timestamp !== undefined && (parseTimestamp(timestamp) ?? 0) < limit;
}
