/**
 * Whether a pool may be made where blocks lie already.
 *
 * Source: Calico ippool.go, Create: blocks of another size than the pool's would never be found by it, and their
 * addresses would be given out a second time.
 */
import { overlaps, type Prefix, prefixLength } from '@weft/ip';
import type { IPAMBlock, IPPool } from '@weft/resources';
import { poolSpace } from './pool-choice.ts';

/** The blocks inside the pool (or around it) that are not of its block size. */
export function blocksOfAnotherSize(pool: IPPool, blocks: readonly IPAMBlock[]): Prefix[] {
  const { cidr, blockSize } = poolSpace(pool);
  return blocks
    .filter(({ spec }) => !spec.deleted)
    .map(({ spec }) => spec.cidr)
    .filter((block) => overlaps(block, cidr) && prefixLength(block) !== blockSize);
}

/** Why the pool may not be made: what happened, to which pool, what to do next; undefined when it may. */
export function whyNotMakePool(pool: IPPool, blocks: readonly IPAMBlock[]): string | undefined {
  const others = blocksOfAnotherSize(pool, blocks);
  if (others.length === 0) return undefined;
  const { cidr, blockSize, name } = poolSpace(pool);
  const shown = others.slice(0, 3).join(', ') + (others.length > 3 ? ` and ${others.length - 3} more` : '');
  return (
    `Cannot create pool ${name} (${cidr}) with blocks of /${blockSize}: ` +
    `${others.length === 1 ? 'a block' : 'blocks'} of another size exist${others.length === 1 ? 's' : ''} inside (${shown}). ` +
    'Give the pool their blockSize, or move their workloads away first: weftctl get ipamblocks.'
  );
}
