/**
 * Giving up a block: the affinity first stops counting, then the block loses its owner or goes, then the affinity goes.
 *
 * The block is read before the affinity: if the owner claims again in between, the claim writes the block, and the
 * release decided on its earlier state fails.
 *
 * Source: Calico ipam_block_reader_writer.go, releaseBlockAffinity.
 */
import type { Prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock } from '@weft/resources';
import { stateOf } from '../core/affinity.ts';
import { isEmptyBlock, ownerOfBlock, withoutOwner } from '../core/block.ts';
import { describeOwner, isSameOwner, type Owner } from '../core/owner.ts';
import { again, attempts, type Contention } from './attempts.ts';
import { deleteBlock, readBlock, writeBlock } from './block-store.ts';
import { claimBlock, markForDeletion, readAffinity, removeAffinity } from './claim-block.ts';
import { type IpamContext, type Rules, readRules } from './context.ts';

/** A block its owner is to give up. */
export interface AffinityRelease {
  readonly owner: Owner;
  readonly cidr: Prefix;
  /** Keep a block that is in use. Without it the block stays, ownerless, until its last address is released. */
  readonly requireEmpty: boolean;
  /** Keep the block unless it is still at this number. */
  readonly sequenceNumber?: bigint;
}

/** What became of it, within the allocator. */
export type AffinityReleaseResult =
  | { readonly kind: 'released' }
  /** The block was not this owner's; an affinity that said so is removed. */
  | { readonly kind: 'not-affine' }
  /** Kept: it is in use, or changed since `sequenceNumber`. */
  | { readonly kind: 'kept' }
  | Contention;

/** The answer to a user; `message` says what happened, to which block, what to do next. */
export interface AffinityReleaseOutcome {
  readonly kind: AffinityReleaseResult['kind'];
  readonly message: string;
}

/** Takes a block from its owner. Throws DatastoreError; repeatable. */
export async function releaseAffinity(
  context: IpamContext,
  wanted: AffinityRelease,
): Promise<AffinityReleaseOutcome> {
  const { kind } = await releaseBlockAffinity(context, await readRules(context), wanted);
  const who = describeOwner(wanted.owner);
  const messages = {
    released: `Block ${wanted.cidr} no longer belongs to ${who}.`,
    'not-affine': `Block ${wanted.cidr} does not belong to ${who}: nothing to release.`,
    kept: `Block ${wanted.cidr} stays with ${who}: it is in use. Release its addresses first: weftctl get ipamblocks -o yaml.`,
    contention: `Block ${wanted.cidr} stays with ${who}: other writers changed it every time. Try again.`,
  };
  return { kind, message: messages[kind] };
}

/** Gives up a block. */
export function releaseBlockAffinity(
  context: IpamContext,
  rules: Rules,
  wanted: AffinityRelease,
): Promise<AffinityReleaseResult> {
  return attempts(() => attemptRelease(context, rules, wanted));
}

async function attemptRelease(
  context: IpamContext,
  rules: Rules,
  wanted: AffinityRelease,
): Promise<AffinityReleaseResult | typeof again> {
  const { owner, cidr } = wanted;
  const block = await readBlock(context, cidr, rules.config.cooldownSeconds);
  const affinity = await readAffinity(context, owner, cidr);
  if (!block || !isSameOwner(ownerOfBlock(block.spec), owner)) return dropStale(context, affinity);
  if (mustKeep(block, wanted)) return keep(context, rules, wanted, affinity);
  const marked = affinity && (await markForDeletion(context, affinity));
  if (affinity && !marked) return again;
  const outcome = isEmptyBlock(block.spec)
    ? await deleteBlock(context, block)
    : await writeBlock(context, block, withoutOwner(block.spec));
  if (outcome.kind !== 'written') return again;
  // An affinity that changed meanwhile is a new claim of the owner's, and its own business.
  if (marked) await removeAffinity(context, marked);
  return { kind: 'released' };
}

function mustKeep({ spec }: IPAMBlock, { requireEmpty, sequenceNumber }: AffinityRelease): boolean {
  return (
    (requireEmpty && !isEmptyBlock(spec)) ||
    (sequenceNumber !== undefined && sequenceNumber !== spec.sequenceNumber)
  );
}

/** Takes a mark back that this or another release left on the affinity: an owner keeps a block it may use. */
async function keep(
  context: IpamContext,
  rules: Rules,
  { owner, cidr }: AffinityRelease,
  affinity: BlockAffinity | undefined,
): Promise<AffinityReleaseResult> {
  if (affinity && stateOf(affinity) === 'pendingDeletion')
    await claimBlock(context, rules, { owner, cidr, mayCreate: false });
  return { kind: 'kept' };
}

async function dropStale(
  context: IpamContext,
  affinity: BlockAffinity | undefined,
): Promise<AffinityReleaseResult | typeof again> {
  return !affinity || (await removeAffinity(context, affinity)) ? { kind: 'not-affine' } : again;
}
