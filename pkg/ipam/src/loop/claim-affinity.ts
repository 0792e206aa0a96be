/**
 * Claiming a named block for a node.
 *
 * Source: Calico ipam.go, ClaimAffinity.
 */
import { containsPrefix, overlaps, type Prefix, prefixLength } from '@weft/ip';
import { affinityText, describeOwner, type Owner } from '../core/owner.ts';
import { poolSpace, whyNotEnabled } from '../core/pool-choice.ts';
import { isContention } from './attempts.ts';
import { listBlocks } from './block-store.ts';
import { claimBlock } from './claim-block.ts';
import { type IpamContext, readRules } from './context.ts';

/** A block somebody is to own before it is needed. */
export interface AffinityClaim {
  readonly owner: Owner;
  readonly cidr: Prefix;
}

/** The answer; refusals say what happened, to which block, and what to do next. */
export type AffinityClaimOutcome =
  | { readonly kind: 'claimed' }
  | {
      readonly kind: 'no-pool' | 'wrong-size' | 'block-overlap' | 'claimed-by-other' | 'contention';
      readonly message: string;
    };

/** Makes the node own the block. Throws DatastoreError; repeatable. */
export async function claimAffinity(
  context: IpamContext,
  { owner, cidr }: AffinityClaim,
): Promise<AffinityClaimOutcome> {
  const refusal = await whyNotABlock(context, cidr);
  if (refusal) return refusal;
  return context.turns.run(`claims of ${affinityText(owner)}`, () => claimInTurn(context, owner, cidr));
}

async function claimInTurn(context: IpamContext, owner: Owner, cidr: Prefix): Promise<AffinityClaimOutcome> {
  const rules = await readRules(context);
  const blocks = await listBlocks(context, rules.config.cooldownSeconds);
  const other = blocks.map(({ spec }) => spec.cidr).find((block) => block !== cidr && overlaps(block, cidr));
  if (other)
    return refused('block-overlap', cidr, `block ${other} lies across it`, 'Release that block first.');
  const claim = await claimBlock(context, rules, { owner, cidr, mayCreate: true });
  if (claim.kind === 'claimed') return { kind: 'claimed' };
  if (isContention(claim))
    return refused('contention', cidr, 'other writers were first every time', 'Try again.');
  if (claim.kind === 'no-pool') return noPoolFor(cidr);
  const holder = claim.kind === 'lost' ? describeOwner(claim.to) : 'nobody';
  return refused(
    'claimed-by-other',
    cidr,
    `it belongs to ${holder}`,
    'Release it there, or claim another block.',
  );
}

async function whyNotABlock({ view }: IpamContext, block: Prefix): Promise<AffinityClaimOutcome | undefined> {
  const pools = (await view.pools()).filter((pool) => !whyNotEnabled(pool)).map(poolSpace);
  const pool = pools.find(({ cidr }) => containsPrefix(cidr, block));
  if (!pool) return noPoolFor(block);
  if (prefixLength(block) === pool.blockSize) return undefined;
  return refused(
    'wrong-size',
    block,
    `the blocks of pool ${pool.name} are /${pool.blockSize}`,
    'Choose one of that size.',
  );
}

function noPoolFor(block: Prefix): AffinityClaimOutcome {
  const next = 'Choose a block of a pool: weftctl get ippools.';
  return refused('no-pool', block, 'no enabled pool holds it', next);
}

function refused(
  kind: Exclude<AffinityClaimOutcome['kind'], 'claimed'>,
  block: Prefix,
  reason: string,
  next: string,
): AffinityClaimOutcome {
  return { kind, message: `Cannot claim block ${block}: ${reason}. ${next}` };
}
