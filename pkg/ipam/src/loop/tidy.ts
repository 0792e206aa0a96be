/**
 * What follows a release: a block that stands empty although its owner should no longer have it is given up.
 *
 * Source: Calico ipam.go, after ReleaseIPs and releaseByHandle.
 */
import type { Prefix } from '@weft/ip';
import { type BlockSpec, cidrOf, isEmptyBlock, ownerOfBlock } from '../core/block.ts';
import { isBlockOf, type PoolSpace, poolSpace, whyNotEnabled, whyNotForNode } from '../core/pool-choice.ts';
import type { IpamContext, Rules } from './context.ts';
import { releaseBlockAffinity } from './release-affinity.ts';

/** Gives up the block if it is empty, and virtual or in no pool that selects its node. */
export async function tidyBlock(
  context: IpamContext,
  rules: Rules,
  left: BlockSpec | undefined,
): Promise<void> {
  const owner = left && ownerOfBlock(left);
  if (!owner || !isEmptyBlock(left)) return;
  const cidr = cidrOf(left);
  if (owner.type === 'host' && (await mayKeep(context, owner.name, cidr))) return;
  await releaseBlockAffinity(context, rules, { owner, cidr, requireEmpty: true });
}

/** True when a pool selects the node for this block; a node that is not there is left to whoever removes nodes. */
async function mayKeep(context: IpamContext, node: string, cidr: Prefix): Promise<boolean> {
  const [homes, resource] = await Promise.all([homesOf(context, node), context.view.node(node)]);
  return !resource || homes.some((home) => isBlockOf(home, cidr));
}

/** The enabled pools that select the node. */
export async function homesOf({ view }: IpamContext, node: string): Promise<PoolSpace[]> {
  const [pools, resource] = await Promise.all([view.pools(), view.node(node)]);
  const labels = resource?.metadata.labels ?? {};
  return pools
    .filter((pool) => !whyNotEnabled(pool) && !whyNotForNode(pool, { name: node, labels }))
    .map(poolSpace);
}
