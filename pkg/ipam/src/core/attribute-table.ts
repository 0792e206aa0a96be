/**
 * The attribute table of a block: who holds its addresses. Ordinals point into it by index; equal entries are stored
 * once, and entries nobody points to are dropped.
 *
 * Source: Calico IPAMBlock `attributes` and `allocations`.
 */
import type { BlockAttribute, BlockSpec } from './block.ts';

type Allocations = BlockSpec['allocations'];

/** The handle an entry belongs to. Old data carries handles with text after a carriage return, which is not part of it. */
export function handleOf(attribute: BlockAttribute): string | undefined {
  return attribute.handle_id?.split('\r', 1)[0];
}

/** Where the entry is in the table, and the table with it. */
export function withAttribute(
  attributes: readonly BlockAttribute[],
  wanted: BlockAttribute,
): { attributes: BlockAttribute[]; index: number } {
  const found = attributes.findIndex((attribute) => isEqual(attribute, wanted));
  if (found >= 0) return { attributes: [...attributes], index: found };
  return { attributes: [...attributes, wanted], index: attributes.length };
}

/** The table without unused entries, and the allocations pointing into it. */
export function pruned(
  attributes: readonly BlockAttribute[],
  allocations: Allocations,
): { attributes: BlockAttribute[]; allocations: Allocations } {
  const used = new Set(allocations);
  const kept = attributes.map((_, index) => index).filter((index) => used.has(index));
  if (kept.length === attributes.length) return { attributes: [...attributes], allocations };
  const moved = new Map(kept.map((old, index) => [old, index]));
  return {
    attributes: kept.map((index) => attributes[index] as BlockAttribute),
    allocations: allocations.map((index) => (index === null ? null : (moved.get(index) as number))),
  };
}

function isEqual(left: BlockAttribute, right: BlockAttribute): boolean {
  return (
    left.handle_id === right.handle_id &&
    left.releasedAt === right.releasedAt &&
    isSameMap(left.secondary, right.secondary) &&
    isSameMap(left.alternateOwnerAttrs, right.alternateOwnerAttrs)
  );
}

/** True when both maps say the same; none and empty are the same. */
export function isSameMap(
  left: Readonly<Record<string, string>> | null | undefined,
  right: Readonly<Record<string, string>> | null | undefined,
): boolean {
  const entries = Object.entries(left ?? {});
  return (
    entries.length === Object.keys(right ?? {}).length &&
    entries.every(([key, value]) => right?.[key] === value)
  );
}
