/**
 * Deleting a pool so that nothing of it stays: first nobody may take from it, then its blocks lose their owners (and go
 * when they are empty), and the pool goes last. A crash in between leaves a disabled pool, and a second call goes on.
 *
 * Blocks in use stay, without an owner, until their last address is released.
 *
 * Source: Calico ippool.go, Delete; ipam.go, ReleasePoolAffinities.
 */
import type { Datastore } from '@weft/datastore';
import { overlaps, type Prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock, IPPool } from '@weft/resources';
import { blockOfAffinity, ownerOfAffinity } from '../core/affinity.ts';
import { isEmptyBlock, ownerOfBlock } from '../core/block.ts';
import { affinityText, type Owner } from '../core/owner.ts';
import { poolCidr } from '../core/pool-choice.ts';
import { again, attempts, isContention } from './attempts.ts';
import { deleteBlock, listBlocks } from './block-store.ts';
import { createContext, type IpamContext, type Rules, readRules } from './context.ts';
import { releaseBlockAffinity } from './release-affinity.ts';

/** How long allocations under way have to finish after the pool was disabled. Calico's pause. */
export const POOL_DELETION_PAUSE_MS = 500;

/** What a deletion is given. */
export interface PoolDeletionContext {
  readonly store: Datastore;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Waits. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/** What became of the pool; `message` says what happened, to which pool, what to do next. */
export type PoolDeletion = { readonly message: string } & (
  | {
      readonly kind: 'deleted';
      /** The pool as it was. */
      readonly pool: IPPool;
      /** Blocks that are still in use, without an owner from now on. */
      readonly inUse: readonly Prefix[];
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'contention' }
);

/** Deletes a pool by name. Throws DatastoreError; repeatable. */
export async function deletePool(
  { store, now, pause }: PoolDeletionContext,
  name: string,
): Promise<PoolDeletion> {
  const context = createContext({ store, now });
  const result = await attempts(() => attemptDeletion(context, pause, name));
  return isContention(result) ? contended(name) : result;
}

async function attemptDeletion(
  context: IpamContext,
  pause: PoolDeletionContext['pause'],
  name: string,
): Promise<PoolDeletion | typeof again> {
  const pool = await context.store.get({ kind: 'IPPool', name });
  if (!pool) return { kind: 'not-found', message: `There is no pool ${name}: nothing to delete.` };
  const disabled = await disable(context, pool);
  if (!disabled) return again;
  await pause(POOL_DELETION_PAUSE_MS);
  const inUse = await clearOut(context, poolCidr(pool));
  if (!inUse) return contended(name);
  const revision = disabled.metadata.resourceVersion;
  const outcome = await context.store.delete({ kind: 'IPPool', name }, revision);
  if (outcome.kind === 'conflict') return again;
  return { kind: 'deleted', pool, inUse, message: deletedMessage(name, inUse) };
}

async function disable({ store }: IpamContext, pool: IPPool): Promise<IPPool | undefined> {
  if (pool.spec.disabled) return pool;
  const outcome = await store.update({ ...pool, spec: { ...pool.spec, disabled: true } });
  return outcome.kind === 'written' ? outcome.resource : undefined;
}

/** Takes every block of the pool from its owner. Returns those still in use; undefined when others were first every time. */
async function clearOut(whole: IpamContext, pool: Prefix): Promise<Prefix[] | undefined> {
  const rules = await readRules(whole);
  const context = afterEveryCooldown(whole, rules);
  const result = await attempts(async () => {
    const [blocks, affinities] = await Promise.all([
      listBlocks(context, rules.config.cooldownSeconds),
      context.store.list('BlockAffinity'),
    ]);
    const inside = blocks.filter(({ spec }) => overlaps(pool, spec.cidr));
    const claims = claimsIn(pool, inside, affinities.items);
    for (const claim of claims) {
      const released = await releaseBlockAffinity(context, rules, { ...claim, requireEmpty: false });
      if (isContention(released)) return released;
    }
    const abandoned = inside.filter(({ spec }) => !ownerOfBlock(spec) && isEmptyBlock(spec));
    for (const block of abandoned) await deleteBlock(context, block);
    // A claim that was under way may have come between: only a look that finds nothing to do is the last one.
    return claims.length + abandoned.length > 0 ? again : inside.map(({ spec }) => spec.cidr);
  });
  return Array.isArray(result) ? result : undefined;
}

/** Of a pool that goes no address is given out again, so none has to cool down; else its block would stay for good. */
function afterEveryCooldown(context: IpamContext, { config }: Rules): IpamContext {
  // `releasedAt` has whole seconds, rounded up.
  const aheadMs = (config.cooldownSeconds + 1) * 1000;
  return { ...context, now: () => context.now() + aheadMs };
}

/** Who claims what in the pool, by an affinity or by the block's own word. */
function claimsIn(
  pool: Prefix,
  blocks: readonly IPAMBlock[],
  affinities: readonly BlockAffinity[],
): { readonly owner: Owner; readonly cidr: Prefix }[] {
  const claimed = affinities
    .filter((affinity) => !affinity.spec.deleted && overlaps(pool, blockOfAffinity(affinity)))
    .map((affinity) => ({ owner: ownerOfAffinity(affinity), cidr: blockOfAffinity(affinity) }));
  const named = blocks.flatMap(({ spec }) => {
    const owner = ownerOfBlock(spec);
    return owner ? [{ owner, cidr: spec.cidr }] : [];
  });
  const all = [...claimed, ...named].map(
    (claim) => [`${affinityText(claim.owner)} ${claim.cidr}`, claim] as const,
  );
  return [...new Map(all).values()];
}

function deletedMessage(name: string, inUse: readonly Prefix[]): string {
  if (inUse.length === 0) return `Deleted pool ${name}.`;
  const [are, go] = inUse.length === 1 ? ['block is', 'goes with its'] : ['blocks are', 'go with their'];
  return (
    `Deleted pool ${name}; ${inUse.length} ${are} in use (${inUse.slice(0, 3).join(', ')}` +
    `${inUse.length > 3 ? ', …' : ''}) and ${go} last address. Move these workloads: weftctl get ipamblocks.`
  );
}

function contended(name: string): PoolDeletion {
  const message = `Pool ${name} is disabled but not deleted: other writers changed its blocks every time. Delete it again.`;
  return { kind: 'contention', message };
}
