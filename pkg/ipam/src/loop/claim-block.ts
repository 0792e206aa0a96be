/**
 * Claiming a block in two phases. Two nodes may both announce a claim; the block itself, which can be created only
 * once, decides; and only who is named in the block confirms.
 *
 *     affinity pending ─▶ block created (or found ours and written once more) ─▶ affinity confirmed
 *
 * A crash anywhere leaves a state from which the next claim goes on. The extra write of a block that was found makes
 * any release of it fail that was decided on its earlier state.
 *
 * Before it is confirmed, an empty block has to fit a pool as it is _then_. Whoever deletes a pool disables it first and
 * looks for blocks after that; so a claim that rests on old news is either seen by the deletion, or sees the deletion
 * itself. Otherwise a pool made anew with another block size would give the same addresses out again.
 *
 * Source: Calico ipam_block_reader_writer.go (getPendingAffinity, claimAffineBlock), ipam.go (getBlockFromAffinity).
 */
import type { Prefix } from '@weft/ip';
import { affinityName, type BlockAffinity, type IPAMBlock } from '@weft/resources';
import { newAffinity, stateOf, withState } from '../core/affinity.ts';
import { isEmptyBlock, ownerOfBlock } from '../core/block.ts';
import { isSameOwner, type Owner } from '../core/owner.ts';
import { isBlockOf, poolSpace, whyNotEnabled } from '../core/pool-choice.ts';
import { again, attempts, type Contention } from './attempts.ts';
import {
  createBlock,
  deleteBlock,
  isUnreadable,
  readBlock,
  unlessUnreadable,
  writeBlock,
} from './block-store.ts';
import type { IpamContext, Rules } from './context.ts';

/** What became of a claim. */
export type ClaimResult =
  /** The block is the owner's, and its affinity confirmed. */
  | { readonly kind: 'claimed'; readonly block: IPAMBlock }
  /** The block belongs to another, or to nobody; the owner's own affinity is removed. */
  | { readonly kind: 'lost'; readonly to: Owner | undefined }
  /** There is no such block and none was to be made; the owner's affinity is removed. */
  | { readonly kind: 'no-block' }
  /** No enabled pool is cut into such blocks any more; block and affinity are removed. */
  | { readonly kind: 'no-pool' }
  | Contention;

/** A block somebody wants, and whether to make it when it is not there. */
export interface Claim {
  readonly owner: Owner;
  readonly cidr: Prefix;
  readonly mayCreate: boolean;
}

/** Claims a block, or finishes a claim that was left half-way. Throws DatastoreError; `corrupt` has left no new affinity. */
export function claimBlock(context: IpamContext, rules: Rules, claim: Claim): Promise<ClaimResult> {
  return attempts(() => attemptClaim(context, rules, claim));
}

async function attemptClaim(
  context: IpamContext,
  { config }: Rules,
  { owner, cidr, mayCreate }: Claim,
): Promise<ClaimResult | typeof again> {
  const existing = await readAffinity(context, owner, cidr);
  const affinity = await announced(context, existing ?? newAffinity(owner, cidr));
  if (!affinity) return again;
  const block = await unlessUnreadable(readBlock(context, cidr, config.cooldownSeconds));
  if (isUnreadable(block)) {
    if (!existing) await removeAffinity(context, affinity);
    throw block.failure;
  }
  if (!block) {
    if (mayCreate) return createAndConfirm(context, owner, affinity, cidr);
    return (await removeAffinity(context, affinity)) ? { kind: 'no-block' } : again;
  }
  const holder = ownerOfBlock(block.spec);
  if (!isSameOwner(holder, owner))
    return (await removeAffinity(context, affinity)) ? { kind: 'lost', to: holder } : again;
  if (stateOf(affinity) === 'confirmed') return { kind: 'claimed', block };
  const written = await writeBlock(context, block, block.spec);
  return written.kind === 'written' ? confirm(context, affinity, written.resource) : again;
}

/** Confirms the claim, or takes it back if the block is empty and no pool wants it any more. */
async function confirm(
  context: IpamContext,
  affinity: BlockAffinity,
  block: IPAMBlock,
): Promise<ClaimResult | typeof again> {
  if (isEmptyBlock(block.spec) && !(await isWanted(context, block.spec.cidr)))
    return (await takeBack(context, affinity, block)) ? { kind: 'no-pool' } : again;
  const outcome = await context.store.update(withState(affinity, 'confirmed'));
  return outcome.kind === 'written' ? { kind: 'claimed', block } : again;
}

/** Takes a claim back in the order of a release, since somebody else may be about to confirm the same claim. */
async function takeBack(context: IpamContext, affinity: BlockAffinity, block: IPAMBlock): Promise<boolean> {
  const marked = await markForDeletion(context, affinity);
  if (!marked || (await deleteBlock(context, block)).kind !== 'written') return false;
  return removeAffinity(context, marked);
}

async function isWanted({ fresh }: IpamContext, cidr: Prefix): Promise<boolean> {
  const pools = await fresh.pools();
  return pools.some((pool) => !whyNotEnabled(pool) && isBlockOf(poolSpace(pool), cidr));
}

async function createAndConfirm(
  context: IpamContext,
  owner: Owner,
  affinity: BlockAffinity,
  cidr: Prefix,
): Promise<ClaimResult | typeof again> {
  const pending = await asPending(context, affinity);
  if (!pending) return again;
  const created = await createBlock(context, cidr, owner);
  return created.kind === 'written' ? confirm(context, pending, created.resource) : again;
}

/** The owner's affinity, made pending unless it is confirmed; undefined when another writer was first. */
async function announced(context: IpamContext, affinity: BlockAffinity): Promise<BlockAffinity | undefined> {
  if (stateOf(affinity) === 'confirmed') return affinity;
  if (affinity.metadata.resourceVersion !== undefined) return asPending(context, affinity);
  const outcome = await context.store.create(affinity);
  return outcome.kind === 'written' ? outcome.resource : undefined;
}

async function asPending(
  { store }: IpamContext,
  affinity: BlockAffinity,
): Promise<BlockAffinity | undefined> {
  if (stateOf(affinity) === 'pending') return affinity;
  const outcome = await store.update(withState(affinity, 'pending'));
  return outcome.kind === 'written' ? outcome.resource : undefined;
}

/** The owner's affinity for the block, in any state. */
export async function readAffinity(
  { store }: IpamContext,
  owner: Owner,
  cidr: Prefix,
): Promise<BlockAffinity | undefined> {
  const affinity = await store.get({ kind: 'BlockAffinity', name: affinityName(owner.name, cidr) });
  return affinity && !affinity.spec.deleted ? affinity : undefined;
}

/** Makes the affinity count no longer; undefined when another writer was first. */
export async function markForDeletion(
  { store }: IpamContext,
  affinity: BlockAffinity,
): Promise<BlockAffinity | undefined> {
  if (stateOf(affinity) === 'pendingDeletion') return affinity;
  const outcome = await store.update(withState(affinity, 'pendingDeletion'));
  return outcome.kind === 'written' ? outcome.resource : undefined;
}

/** Removes the affinity if nobody changed it; true when it is gone. */
export async function removeAffinity({ store }: IpamContext, affinity: BlockAffinity): Promise<boolean> {
  const { name, resourceVersion } = affinity.metadata;
  const outcome = await store.delete({ kind: 'BlockAffinity', name }, resourceVersion);
  return outcome.kind === 'written' || outcome.kind === 'not-found';
}
