/**
 * The last resort: an address from a block of another node, or of nobody. It is routed by itself, so it costs every
 * router one route more.
 */
import { borrowableBlocks, tallyPools } from '../core/block-search.ts';
import { blockLimit, exhausted, type Refusal, type Requester } from '../core/outcome.ts';
import type { Contention } from './attempts.ts';
import { isAtLimit, searchInput } from './claim-more.ts';
import { isFilled, type Need, takeFrom } from './need.ts';

/** Borrows unless strictAffinity forbids it; refuses when that is not enough. */
export async function borrow(need: Need, requester: Requester): Promise<Refusal | Contention | undefined> {
  if (!need.run.rules.config.strictAffinity) {
    for (const lender of borrowableBlocks(await searchInput(need))) {
      if ((await takeFrom(need, lender, 'borrowed')) === 'contention') return { kind: 'contention' };
      if (isFilled(need)) return undefined;
    }
  }
  return refusalFor(need, requester);
}

/** Says what stood in the way, as it is now. */
async function refusalFor(need: Need, requester: Requester): Promise<Refusal> {
  const { context, owner, rules } = need.run;
  const tallies = tallyPools(await searchInput(need));
  return isAtLimit(need, await context.fresh.affinities(owner))
    ? blockLimit(need.family, rules.config.maxBlocksPerHost, tallies, requester)
    : exhausted(need.family, tallies, rules.config, requester);
}
