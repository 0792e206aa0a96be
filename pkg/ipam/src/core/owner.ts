/**
 * Who a block belongs to. A block and its affinity name the owner in two forms, "host:node1" in the block and two
 * fields in the affinity; this file is the only one that knows both.
 *
 * Source: Calico, IPAMBlock `affinity` and BlockAffinity `node`, `type`.
 */

/** A node, or a virtual owner that is no machine (the addresses of LoadBalancer services). */
export interface Owner {
  readonly type: 'host' | 'virtual';
  readonly name: string;
}

/** The virtual owner of every block that serves LoadBalancer addresses. */
export const LOAD_BALANCER: Owner = { type: 'virtual', name: 'load-balancer' };

/** The owner that is this node. */
export function hostOwner(node: string): Owner {
  return { type: 'host', name: node };
}

/** The owner as a block's `affinity` writes it. */
export function affinityText(owner: Owner): string {
  return `${owner.type}:${owner.name}`;
}

/** The owner a block's `affinity` names; undefined when the block belongs to nobody. */
export function ownerOfText(affinity: string | null | undefined): Owner | undefined {
  const match = /^(host|virtual):(.+)$/.exec(affinity ?? '');
  return match ? { type: match[1] as Owner['type'], name: match[2] as string } : undefined;
}

/** True when both are the same owner. */
export function isSameOwner(left: Owner | undefined, right: Owner | undefined): boolean {
  return left?.type === right?.type && left?.name === right?.name;
}

/** The owner in the words of a message. */
export function describeOwner(owner: Owner | undefined): string {
  if (!owner) return 'nobody';
  return owner.type === 'host' ? `node ${owner.name}` : owner.name;
}
