/**
 * The way of a block of an encapsulated pool: its one route comes from IPAM and not from BGP, by a tunnel, or straight to a node
 * of the same subnet.
 */
import type { ExplainedUnencapsulated, NodeExplanation, RouteStatus } from '@weft/control';
import { containsPrefix, type Prefix, prefixLength } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import { kernelHops } from './arrival.ts';
import type { Hop } from './hop.ts';

/** The classes of routes that IPAM decides (`ROUTE_CLASSES` of @weft/calc). */
const OF_TUNNELS: ReadonlySet<string> = new Set(['tunnel-address', 'same-subnet', 'vxlan', 'ipip']);

/** The node's route of a tunnel to one of the prefixes; the first prefix that has one counts. */
export function tunnelRoute(
  { routes }: NodeExplanation,
  prefixes: readonly (Prefix | undefined)[],
): RouteStatus | undefined {
  const ofTunnels = routes.filter(({ class: routeClass }) => OF_TUNNELS.has(routeClass ?? ''));
  return prefixes
    .map((prefix) => ofTunnels.find((route) => route.prefix === prefix))
    .find((route) => route !== undefined);
}

/** From the route to the kernel's lookup; why it is wanted is the rule. */
export function tunnelHops(explanation: NodeExplanation, route: RouteStatus): Hop[] {
  return kernelHops(explanation, route).map((hop) =>
    hop.stage === 'route' && hop.answer === 'yes' ? { ...hop, rule: route.reason } : hop,
  );
}

/** Whether routes to the pool's blocks need no BGP. */
export function isEncapsulated({ spec }: IPPool): boolean {
  return spec.vxlanMode !== 'Never' || spec.ipipMode !== 'Never';
}

/**
 * The way by BGP of a block whose tunnel cannot be used. It counts meanwhile; where it does not lead there, it is the tunnel that
 * is missed, since nobody looks for a session in a pool that needs none.
 */
export function withoutTunnel(
  explanation: NodeExplanation | undefined,
  destination: Prefix,
  byBgp: readonly Hop[],
): readonly Hop[] {
  const missing = explanation?.unencapsulated
    ?.filter(({ prefix }) => containsPrefix(prefix as Prefix, destination))
    .sort((left, right) => prefixLength(right.prefix as Prefix) - prefixLength(left.prefix as Prefix))[0];
  if (explanation === undefined || missing === undefined) return byBgp;
  const { node } = explanation;
  const isReached = byBgp.every(({ answer }) => answer !== 'no');
  const hop = {
    stage: 'tunnel',
    node,
    says: `${node} cannot carry ${missing.prefix} by a tunnel: ${missing.reason}`,
  } as const;
  if (isReached)
    return [{ ...hop, answer: 'note', says: `${hop.says}; it is routed without meanwhile` }, ...byBgp];
  const next = nextOf(missing, node);
  return [{ ...hop, answer: 'no', rule: missing.reason, next }, ...asNotes(byBgp)];
}

function nextOf({ lacks = 'address' }: ExplainedUnencapsulated, node: string): string {
  if (lacks === 'blocks') return `See why ${node} cannot read IPAMBlocks: weftctl node status ${node}.`;
  const where = {
    address: 'See the addresses of nodes: weftctl get nodes -o yaml.',
    device: `See what the kernel of ${node} has: ip -d link; and why the node is unready: weftctl node status ${node}.`,
  };
  return `Until then only BGP could lead there. ${where[lacks]}`;
}

/** What BGP does is worth knowing where it decides nothing. */
export function asNotes(hops: readonly Hop[]): Hop[] {
  return hops.map(({ node, says, stage }) => ({
    stage,
    ...(node !== undefined && { node }),
    answer: 'note',
    says,
  }));
}
