/**
 * Settling what a crash left, one finding at a time. A repair decides from what it reads now, so one that comes too
 * late, or twice, or while the operation is still under way, does no harm.
 */
import type { Prefix } from '@weft/ip';
import { isEmptyBlock, ownerOfBlock } from '../core/block.ts';
import type { Inconsistency } from '../core/inconsistencies.ts';
import type { Owner } from '../core/owner.ts';
import { again, attempts, type Contention, isContention } from './attempts.ts';
import { deleteBlock, readBlock } from './block-store.ts';
import { claimBlock } from './claim-block.ts';
import { type IpamContext, type Rules, readRules } from './context.ts';
import { settleHandle } from './handle-store.ts';
import { releaseBlockAffinity } from './release-affinity.ts';

/** What became of a repair. */
export interface RepairResult {
  readonly kind:
    | 'repaired'
    /** Other writers were first, every time. */
    | 'contention'
    /** No repair is known for it. */
    | 'not-repairable';
}

/** Repairs one finding. Throws DatastoreError; repeatable. */
export async function repair(context: IpamContext, finding: Inconsistency): Promise<RepairResult> {
  if (finding.kind === 'block-invalid') return { kind: 'not-repairable' };
  const result = await settle(context, await readRules(context), finding);
  return { kind: isContention(result) ? 'contention' : 'repaired' };
}

function settle(
  context: IpamContext,
  rules: Rules,
  finding: Exclude<Inconsistency, { kind: 'block-invalid' }>,
): Promise<{ readonly kind: string } | Contention> {
  const { cooldownSeconds } = rules.config;
  switch (finding.kind) {
    case 'affinity-unsettled':
      return finding.state === 'pending'
        ? settleClaim(context, rules, finding)
        : releaseBlockAffinity(context, rules, {
            owner: finding.owner,
            cidr: finding.block,
            requireEmpty: true,
          });
    case 'affinity-stale':
    case 'block-without-affinity':
      return settleClaim(context, rules, finding);
    case 'block-outside-pools':
      return releaseBlockAffinity(context, rules, {
        owner: finding.owner,
        cidr: finding.block,
        requireEmpty: true,
      });
    case 'block-abandoned':
      return removeAbandoned(context, finding.block, cooldownSeconds);
    case 'handle-count':
      return settleHandle(context, finding.handle, [finding.block], cooldownSeconds);
    case 'handle-empty':
      return settleHandle(context, finding.handle, [], cooldownSeconds);
  }
}

/** Confirms the claim if the block is the owner's, removes it if not. */
function settleClaim(
  context: IpamContext,
  rules: Rules,
  { owner, block }: { readonly owner: Owner; readonly block: Prefix },
): Promise<{ readonly kind: string } | Contention> {
  return claimBlock(context, rules, { owner, cidr: block, mayCreate: false });
}

function removeAbandoned(
  context: IpamContext,
  cidr: Prefix,
  cooldownSeconds: number,
): Promise<{ readonly kind: 'removed' } | Contention> {
  return attempts(async () => {
    const block = await readBlock(context, cidr, cooldownSeconds);
    if (!block || ownerOfBlock(block.spec) || !isEmptyBlock(block.spec)) return { kind: 'removed' };
    return (await deleteBlock(context, block)).kind === 'written' ? { kind: 'removed' } : again;
  });
}
