/**
 * What is left to do in IPAM for a node that is gone: its tunnels' addresses are released, and its blocks are given up.
 * Blocks in use stay without an owner until their last address is released, since whoever runs workloads there may only
 * have lost the Node object.
 *
 * Source: Calico ipam.go, RemoveIPAMHost; for tunnels ipam.go of kube-controllers.
 */
import type { Prefix } from '@weft/ip';
import { blockOfAffinity } from '../core/affinity.ts';
import { TUNNELS, tunnelHandle } from '../core/attributes.ts';
import { ownerOfBlock } from '../core/block.ts';
import { hostOwner, isSameOwner } from '../core/owner.ts';
import { isContention } from './attempts.ts';
import { listBlocks } from './block-store.ts';
import { type IpamContext, readRules } from './context.ts';
import { releaseBlockAffinity } from './release-affinity.ts';
import { releaseByHandle } from './release-by-handle.ts';

/** What became of the node's blocks. */
export interface HostRelease {
  readonly kind: 'released' | 'contention';
  /** The blocks the node no longer owns. */
  readonly blocks: readonly Prefix[];
  /** What happened, to which node, what to do next. */
  readonly message: string;
}

/** Takes everything from a node that is gone. Throws DatastoreError; repeatable. */
export async function releaseHost(context: IpamContext, node: string): Promise<HostRelease> {
  const rules = await readRules(context);
  for (const tunnel of TUNNELS) {
    const { kind } = await releaseByHandle(context, tunnelHandle(tunnel, node));
    if (kind === 'contention') return contended(node, []);
  }
  const owner = hostOwner(node);
  const claims = (await context.fresh.affinities(owner)).map(blockOfAffinity);
  const blocks = await listBlocks(context, rules.config.cooldownSeconds);
  const named = blocks.filter(({ spec }) => isSameOwner(ownerOfBlock(spec), owner));
  const released: Prefix[] = [];
  for (const cidr of new Set([...claims, ...named.map(({ spec }) => spec.cidr)])) {
    const result = await releaseBlockAffinity(context, rules, { owner, cidr, requireEmpty: false });
    if (isContention(result)) return contended(node, released);
    if (result.kind === 'released') released.push(cidr);
  }
  const message = `Node ${node} owns no block any more; it had ${released.length}.`;
  return { kind: 'released', blocks: released, message };
}

function contended(node: string, blocks: readonly Prefix[]): HostRelease {
  const message = `Node ${node} still has blocks or tunnel addresses: other writers changed them every time. Try again.`;
  return { kind: 'contention', blocks, message };
}
