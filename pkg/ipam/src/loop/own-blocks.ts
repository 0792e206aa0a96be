/**
 * The warm path: addresses from blocks the node has. With a view of its own it costs two round trips to the store:
 * write the handle, write the block; and one more to read the block if this allocator did not write it last.
 */
import { stateOf } from '../core/affinity.ts';
import type { Contention } from './attempts.ts';
import { inPools, isFilled, lastBlock, type Need, takeFrom } from './need.ts';

/**
 * Takes from the node's confirmed blocks, the one used last before the others. A view that is behind does no harm:
 * the block itself says whose it is, and claims that are not settled are left to `claimMore`.
 */
export async function takeFromOwnBlocks(need: Need): Promise<Contention | undefined> {
  const { context, owner } = need.run;
  const own = inPools(need, await context.view.affinities(owner));
  const confirmed = own.filter(({ affinity }) => stateOf(affinity) === 'confirmed');
  const last = lastBlock(context, owner, need.family);
  for (const block of confirmed.toSorted((a, b) => Number(b.cidr === last) - Number(a.cidr === last))) {
    if (isFilled(need)) return undefined;
    if ((await takeFrom(need, block, 'own-block')) === 'contention') return { kind: 'contention' };
  }
  return undefined;
}
