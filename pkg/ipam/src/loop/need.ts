/**
 * What a request still needs in one family, and taking it from one block after another.
 */
import { containsPrefix, type Family, type Prefix } from '@weft/ip';
import type { BlockAffinity } from '@weft/resources';
import { blockOfAffinity, isOfFamily } from '../core/affinity.ts';
import { type BlockSpec, ownerOfBlock } from '../core/block.ts';
import { assign } from '../core/block-assign.ts';
import type { AssignedAddress, AssignReason } from '../core/outcome.ts';
import { affinityText, isSameOwner, type Owner } from '../core/owner.ts';
import type { PoolSpace } from '../core/pool-choice.ts';
import type { Contention } from './attempts.ts';
import type { UnreadableBlock } from './block-store.ts';
import type { IpamContext } from './context.ts';
import { type Run, type Take, takeFromBlock } from './take.ts';

/** One family's share of a request; its lists grow while it is served. */
export interface Need {
  readonly run: Run;
  readonly family: Family;
  readonly count: number;
  readonly pools: readonly PoolSpace[];
  readonly assigned: AssignedAddress[];
  /** Blocks that had nothing left for this request. */
  readonly tried: Set<Prefix>;
  /** Blocks that nobody can read: they give nothing, and nothing can be made in their place. */
  readonly unreadable: Set<Prefix>;
}

/** A block of one of the request's pools. */
export interface BlockInPool {
  readonly cidr: Prefix;
  readonly pool: PoolSpace;
}

/** Why a block gave nothing. */
export interface NothingTaken {
  readonly kind: 'no-block' | 'foreign' | 'full';
}

/** True when nothing more is needed. */
export function isFilled({ assigned, count }: Need): boolean {
  return assigned.length >= count;
}

/** Takes as much as is needed and there is from one block. */
export async function takeFrom(
  need: Need,
  { cidr, pool }: BlockInPool,
  reason: AssignReason,
): Promise<'taken' | NothingTaken['kind'] | UnreadableBlock['kind'] | Contention['kind']> {
  const { run } = need;
  const taken = await takeFromBlock<NothingTaken>(run, cidr, (block) => decide(need, block, reason));
  if (taken.kind !== 'taken') {
    need.tried.add(cidr);
    if (taken.kind === 'unreadable') need.unreadable.add(cidr);
    return taken.kind;
  }
  const { addresses, sequenceNumber } = taken;
  const isOwn = isSameOwner(taken.from, run.owner);
  const ownReason = reason === 'borrowed' ? 'own-block' : reason;
  const why = isOwn ? ownReason : 'borrowed';
  for (const address of addresses)
    need.assigned.push({ address, block: cidr, pool: pool.name, reason: why, sequenceNumber });
  if (isOwn) rememberBlock(run.context, run.owner, need.family, cidr);
  return 'taken';
}

function decide(need: Need, block: BlockSpec | undefined, reason: AssignReason): Take | NothingTaken {
  if (!block) return { kind: 'no-block' };
  const { owner, holder, rules } = need.run;
  if (reason !== 'borrowed' && !isSameOwner(ownerOfBlock(block), owner)) return { kind: 'foreign' };
  const taken = assign(block, holder, need.count - need.assigned.length, rules.reservations);
  return taken.ordinals.length > 0 ? { kind: 'take', ...taken } : { kind: 'full' };
}

/** The claims that lie in the request's pools, each with its pool, in the order given. */
export function inPools(
  { pools, family }: Need,
  affinities: readonly BlockAffinity[],
): (BlockInPool & { readonly affinity: BlockAffinity })[] {
  return affinities.flatMap((affinity) => {
    if (!isOfFamily(affinity, family)) return [];
    const cidr = blockOfAffinity(affinity);
    const pool = pools.find((candidate) => containsPrefix(candidate.cidr, cidr));
    return pool ? [{ affinity, cidr, pool }] : [];
  });
}

/** How many owners' last blocks are remembered; beyond it all are forgotten, which costs a few reads. */
const MAX_REMEMBERED = 1000;

/** The block that served the owner last: the likeliest to have room. */
export function lastBlock({ lastBlocks }: IpamContext, owner: Owner, family: Family): Prefix | undefined {
  return lastBlocks.get(`${affinityText(owner)}/${family}`);
}

function rememberBlock({ lastBlocks }: IpamContext, owner: Owner, family: Family, cidr: Prefix): void {
  if (lastBlocks.size >= MAX_REMEMBERED) lastBlocks.clear();
  lastBlocks.set(`${affinityText(owner)}/${family}`, cidr);
}
