/**
 * What is left to do in IPAM for a node that is gone: its tunnels' addresses are released, and its blocks are given up.
 * Blocks in use stay without an owner until their last address is released, since whoever runs workloads there may only
 * have lost the Node object.
 *
 * A node may come back while this is under way. So the allocations of its tunnels are read first, the Node is found missing
 * after that, and exactly those allocations are released: what a returned node assigns or adopts has another number.
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
import { type IpamContext, type Rules, readRules } from './context.ts';
import { heldByHandle } from './handle-store.ts';
import { releaseBlockAffinity } from './release-affinity.ts';
import { type ReleaseRequest, releaseIps } from './release-ips.ts';

/** What became of the node's blocks. */
export interface HostRelease {
  readonly kind: 'released' | 'contention';
  /** The blocks the node no longer owns. */
  readonly blocks: readonly Prefix[];
  /** What happened, to which node, what to do next. */
  readonly message: string;
}

/**
 * Takes everything from a node that is gone; its Node has to be deleted first, or its tunnels keep their addresses. Throws
 * DatastoreError; repeatable.
 */
export async function releaseHost(context: IpamContext, node: string): Promise<HostRelease> {
  const rules = await readRules(context);
  if (!(await releaseTunnels(context, rules, node))) return contended(node, []);
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

/** Releases what the node's tunnels hold, if there is no such node; false when others were first every time. */
async function releaseTunnels(context: IpamContext, rules: Rules, node: string): Promise<boolean> {
  const held: ReleaseRequest[] = [];
  for (const handle of TUNNELS.map((tunnel) => tunnelHandle(tunnel, node)))
    for (const { address, by } of await heldByHandle(context, rules, handle))
      held.push({ address, handle, sequenceNumber: by.sequenceNumber });
  if (held.length === 0 || (await context.fresh.node(node))) return true;
  const results = await releaseIps(context, held);
  return results.every(({ kind }) => kind !== 'contention');
}

function contended(node: string, blocks: readonly Prefix[]): HostRelease {
  const message = `Node ${node} still has blocks or tunnel addresses: other writers changed them every time. Try again.`;
  return { kind: 'contention', blocks, message };
}
