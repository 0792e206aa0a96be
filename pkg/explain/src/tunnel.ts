/**
 * The way of a block of an encapsulated pool: its one route comes from IPAM and not from BGP, by a tunnel, or straight to a node
 * of the same subnet.
 */
import type { NodeExplanation, RouteStatus } from '@weft/control';
import type { Prefix } from '@weft/ip';
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

/** What BGP does is worth knowing where it decides nothing. */
export function asNotes(hops: readonly Hop[]): Hop[] {
  return hops.map(({ node, says, stage }) => ({
    stage,
    ...(node !== undefined && { node }),
    answer: 'note',
    says,
  }));
}
