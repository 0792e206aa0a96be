/**
 * The cold path: the node's blocks are full, so it settles claims left half-way, and claims new blocks as far as it may.
 *
 * The requests of one process do this one after the other, and look again at what the one before them claimed.
 */
import type { Prefix } from '@weft/ip';
import type { BlockAffinity } from '@weft/resources';
import { blockOfAffinity, isOfFamily, stateOf } from '../core/affinity.ts';
import { type Candidate, type SearchInput, searchBlocks } from '../core/block-search.ts';
import type { AssignReason } from '../core/outcome.ts';
import { affinityText } from '../core/owner.ts';
import { isBlockOf } from '../core/pool-choice.ts';
import { type Contention, MAX_ATTEMPTS } from './attempts.ts';
import { deleteBlock, listBlocks, readBlock, type UnreadableBlock, unlessUnreadable } from './block-store.ts';
import { type ClaimResult, claimBlock } from './claim-block.ts';
import { inPools, isFilled, lastBlock, type Need, takeFrom } from './need.ts';
import { releaseBlockAffinity } from './release-affinity.ts';
import { homesOf } from './tidy.ts';

/** Fills the need from blocks claimed for it; leaves it short when the node may claim no more or there are none. */
export function claimMore(need: Need): Promise<Contention | undefined> {
  const { context, owner } = need.run;
  return context.turns.run(`claims of ${affinityText(owner)}`, () => claimInTurn(need));
}

async function claimInTurn(need: Need): Promise<Contention | undefined> {
  await takeFromLastBlock(need);
  if (isFilled(need)) return undefined;
  for (let lost = 0; lost < MAX_ATTEMPTS; ) {
    const affinities = await need.run.context.fresh.affinities(need.run.owner);
    await takeFromUntried(need, affinities);
    if (isFilled(need)) return undefined;
    const step = await claimOne(need, affinities);
    if (step === 'nothing-left') return undefined;
    if (step === 'lost') lost++;
  }
  return { kind: 'contention' };
}

/**
 * Takes from what the request before this one claimed. Without it each of a hundred pods that start at once on a new node
 * would list all affinities of the cluster.
 */
async function takeFromLastBlock(need: Need): Promise<void> {
  const { context, owner } = need.run;
  const cidr = lastBlock(context, owner, need.family);
  const pool = cidr && need.pools.find((candidate) => isBlockOf(candidate, cidr));
  if (pool && !need.tried.has(cidr)) await takeFrom(need, { cidr, pool }, 'own-block');
}

/** Takes from the blocks that were claimed meanwhile, and from those whose claim is now finished. */
async function takeFromUntried(need: Need, affinities: readonly BlockAffinity[]): Promise<void> {
  for (const block of inPools(need, affinities)) {
    if (isFilled(need)) return;
    const isConfirmed = stateOf(block.affinity) === 'confirmed';
    if (need.tried.has(block.cidr) && isConfirmed) continue;
    if (isConfirmed && ['taken', 'full'].includes(await takeFrom(need, block, 'own-block'))) continue;
    if ((await claim(need, block.cidr)) === 'claimed') await takeFrom(need, block, 'own-block');
  }
}

async function claim(need: Need, cidr: Prefix): Promise<ClaimResult['kind'] | UnreadableBlock['kind']> {
  const { context, rules, owner } = need.run;
  const { kind } = await unlessUnreadable(claimBlock(context, rules, { owner, cidr, mayCreate: true }));
  if (kind === 'unreadable') need.unreadable.add(cidr);
  return kind;
}

/** What an address is called that comes from a block found this way. */
const reasons = { free: 'new-block', ours: 'own-block', reclaimable: 'reclaimed-block' } as const;

/** Claims one more block and takes from it. */
async function claimOne(
  need: Need,
  affinities: readonly BlockAffinity[],
): Promise<'claimed' | 'lost' | 'nothing-left'> {
  if (!mayClaim(need, affinities)) return 'nothing-left';
  await giveUpStrays(need, affinities);
  const candidates = searchBlocks(await searchInput(need));
  if (candidates.length === 0) return 'nothing-left';
  for (const candidate of candidates) {
    if ('sequenceNumber' in candidate && !(await takeOver(need, candidate))) continue;
    return candidate.kind === 'misfit' ? 'lost' : claimAndTake(need, candidate, reasons[candidate.kind]);
  }
  return 'lost';
}

/** True while the node may own more blocks. */
function mayClaim(need: Need, affinities: readonly BlockAffinity[]): boolean {
  const { config } = need.run.rules;
  return config.autoAllocateBlocks && !isAtLimit(need, affinities);
}

/** True when the node owns as many blocks in these pools as it may. */
export function isAtLimit(need: Need, affinities: readonly BlockAffinity[]): boolean {
  return inPools(need, affinities).length >= need.run.rules.config.maxBlocksPerHost;
}

/** Gives up empty blocks in pools that no longer select the node. */
async function giveUpStrays(
  { run, pools, family }: Need,
  affinities: readonly BlockAffinity[],
): Promise<void> {
  const homes = [...pools, ...(await homesOf(run.context, run.owner.name))];
  for (const affinity of affinities.filter((claim) => isOfFamily(claim, family))) {
    const cidr = blockOfAffinity(affinity);
    if (homes.some((home) => isBlockOf(home, cidr))) continue;
    const stray = { owner: run.owner, cidr, requireEmpty: true };
    await unlessUnreadable(releaseBlockAffinity(run.context, run.rules, stray));
  }
}

/** Everything a search looks at, read anew. */
export async function searchInput({ run, pools, unreadable }: Need): Promise<SearchInput> {
  const { context, rules, owner } = run;
  const blocks = await listBlocks(context, rules.config.cooldownSeconds);
  return {
    owner,
    pools,
    blocks: blocks.map(({ spec }) => spec),
    unreadable: [...unreadable],
    reservations: rules.reservations,
    now: context.now(),
  };
}

/** Removes an empty block of another, unless it changed since it was found. */
async function takeOver(
  { run: { context, rules } }: Need,
  { cidr, from, sequenceNumber }: Extract<Candidate, { kind: 'reclaimable' | 'misfit' }>,
): Promise<boolean> {
  if (from) {
    const wanted = { owner: from, cidr, requireEmpty: true, sequenceNumber };
    return (await releaseBlockAffinity(context, rules, wanted)).kind === 'released';
  }
  const block = await readBlock(context, cidr, rules.config.cooldownSeconds);
  if (block?.spec.sequenceNumber !== sequenceNumber) return false;
  return (await deleteBlock(context, block)).kind === 'written';
}

async function claimAndTake(
  need: Need,
  candidate: Candidate,
  reason: AssignReason,
): Promise<'claimed' | 'lost' | 'nothing-left'> {
  const kind = await claim(need, candidate.cidr);
  if (kind === 'no-pool') return 'nothing-left';
  if (kind !== 'claimed') return 'lost';
  return (await takeFrom(need, candidate, reason)) === 'taken' ? 'claimed' : 'lost';
}
