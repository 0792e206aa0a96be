/**
 * The invariants of a block, as a function: tests call it after every step, and repair tools on what they read.
 */
import { addressCount, isPrefix } from '@weft/ip';
import type { BlockSpec } from './block.ts';

/** What is wrong with a block, one sentence each; empty for a sound block. */
export function checkBlock(block: BlockSpec): string[] {
  if (!isPrefix(block.cidr)) return [`cidr ${JSON.stringify(block.cidr)} is not a prefix in canonical form`];
  return [...checkLength(block), ...checkOrdinals(block), ...checkIndexes(block), ...checkSequence(block)];
}

function checkLength({ cidr, allocations }: BlockSpec): string[] {
  const size = isPrefix(cidr) ? Number(addressCount(cidr)) : 0;
  return allocations.length === size ? [] : [`${allocations.length} allocations for ${size} addresses`];
}

/** Every ordinal is either held or on the free list, once. */
function checkOrdinals({ allocations, unallocated }: BlockSpec): string[] {
  const free = new Set(unallocated);
  const problems = free.size === unallocated.length ? [] : ['an ordinal is twice on the free list'];
  for (const ordinal of free) {
    if (!(ordinal in allocations)) problems.push(`ordinal ${ordinal} on the free list does not exist`);
  }
  return problems.concat(
    allocations.flatMap((index, ordinal) => {
      if ((index === null) === free.has(ordinal)) return [];
      return [
        `ordinal ${ordinal} is ${index === null ? 'neither held nor' : 'held and also'} on the free list`,
      ];
    }),
  );
}

function checkIndexes({ allocations, attributes }: BlockSpec): string[] {
  return allocations.flatMap((index, ordinal) =>
    index === null || attributes[index]
      ? []
      : [`ordinal ${ordinal} points to attribute ${index}, which is not there`],
  );
}

/** A sequence number belongs to a held ordinal, and was the block's own before a write. */
function checkSequence({ allocations, sequenceNumber, sequenceNumberForAllocation }: BlockSpec): string[] {
  return Object.entries(sequenceNumberForAllocation).flatMap(([ordinal, stamped]) => {
    const held = allocations[Number(ordinal)] ?? null;
    if (held === null) return [`ordinal ${ordinal} has a sequence number but is not held`];
    return stamped < sequenceNumber
      ? []
      : [`ordinal ${ordinal} is stamped ${stamped}, the block is at ${sequenceNumber}`];
  });
}
