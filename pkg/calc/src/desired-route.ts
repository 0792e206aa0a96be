/**
 * The routes weft wants in the main table, by interface name: `calculate` gives the local ones, `remoteRoute` those
 * of the Loc-RIB, and `@weft/dataplane` compares them with the kernel.
 */
import type { Address, Prefix } from '@weft/ip';

/**
 * Who wants a route. Where several want the same destination and metric, the one that stands first here wins.
 * Source: Felix's route classes (local workload, those of tunnels, no-encap, blackhole for no-encap pools); peer-gateway is
 * BGPPeer `reachableBy`, workload-gateway the containers' own, tunnel-address what IPv6 needs before the routes of
 * tunnels, same-subnet what a CrossSubnet pool does not encapsulate.
 */
export const ROUTE_CLASSES = [
  'local-workload',
  'workload-gateway',
  'peer-gateway',
  'tunnel-address',
  'same-subnet',
  'vxlan',
  'ipip',
  'no-encap',
  'blackhole',
] as const;

/** One of `ROUTE_CLASSES`. */
export type RouteClass = (typeof ROUTE_CLASSES)[number];

/** One way out. */
export interface DesiredNextHop {
  /** Absent: the destination is on the link. Of the other family where the route was learned so (RFC 8950). */
  readonly gateway?: Address;
  readonly interface: string;
  readonly onlink?: true;
}

/** One wanted route. A class wants at most one route to a destination. */
export interface DesiredRoute {
  readonly destination: Prefix;
  readonly type: 'unicast' | 'blackhole';
  /** Empty for a blackhole; several for ECMP. */
  readonly via: readonly DesiredNextHop[];
  /** 1…2147483647. The smaller is preferred by the kernel. */
  readonly metric: number;
  readonly class: RouteClass;
  /** The source address of what the host itself sends there; the kernel chooses when absent. */
  readonly preferredSource?: Address;
  /** Why it is wanted, for `weftctl routes` and `weftctl explain`. */
  readonly reason: string;
}
