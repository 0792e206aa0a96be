/**
 * The handle: an index from a holder to the blocks in which it holds addresses, with a count for each.
 *
 * The block decides who holds an address; the handle only finds it again. A count may be too high for a while
 * (announced, not yet taken), never too low: see DESIGN.md.
 *
 * Source: Calico IPAMHandle.
 */
import type { Prefix } from '@weft/ip';
import { handleName, type IPAMHandle } from '@weft/resources';

/** A handle that holds nothing. */
export function newHandle(handle: string): IPAMHandle {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMHandle',
    metadata: { name: handleName(handle) },
    spec: { handleID: handle, block: {}, deleted: false },
  };
}

/** How many addresses of the block the handle counts. */
export function countOf(handle: IPAMHandle | undefined, block: Prefix): number {
  return handle?.spec.block[block] ?? 0;
}

/** The handle with another count for one block; 0 removes the block. */
export function withCount(handle: IPAMHandle, block: Prefix, count: number): IPAMHandle {
  const { [block]: _, ...others } = handle.spec.block;
  return { ...handle, spec: { ...handle.spec, block: count > 0 ? { ...others, [block]: count } : others } };
}

/** The blocks a handle names. */
export function blocksOf(handle: IPAMHandle): Prefix[] {
  return Object.keys(handle.spec.block) as Prefix[];
}

/** True when the handle counts nothing and can be deleted. */
export function isEmptyHandle(handle: IPAMHandle): boolean {
  return blocksOf(handle).length === 0;
}
