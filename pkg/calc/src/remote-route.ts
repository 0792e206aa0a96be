/**
 * The kernel route for a best path of the Loc-RIB: what Calico's kernel programming filter and BIRD's recursive next hops
 * do, as a function.
 *
 * Everything a peer sends is taken, a default route included, but for what this node originates, for prefixes that are
 * its own blocks, for addresses of Services, which kube-proxy serves on every node, and for blocks of encapsulated pools, whose
 * routes come from IPAM; while those blocks are not known, for all of such pools. The metric is 2147483647 - LOCAL_PREF: 1024 for a block of another node, 2147483547 for a path
 * without a LOCAL_PREF of its own.
 */
import { type Address, familyOf, isLinkLocal, type Prefix, PrefixTrie } from '@weft/ip';
import type { IPPool } from '@weft/resources';
import type { BestPath, NextHopState } from 'bgp-speaker-ts';
import type { DesiredNextHop, DesiredRoute } from './desired-route.ts';
import type { DesiredState } from './desired-state.ts';
import { NO_IPV6 } from './felix-settings.ts';
import type { CalcInput } from './input.ts';
import {
  linkLocalStatus,
  type NextHopStatus,
  type NextHopTable,
  nextHopStatus,
  nextHopTable,
  workloadStatus,
} from './next-hop.ts';
import { ownBlocks } from './own-blocks.ts';
import { metricOfLocalPref } from './route-metric.ts';
import { rangeServedHere } from './services/service.ts';
import { workloadAsns } from './sessions/workload-peers.ts';
import { unreadBlocks } from './tunnels/encapsulation.ts';

/** What remote routes are decided from. Made once for each input; it remembers what it resolved. */
export interface RoutingContext {
  readonly nextHops: NextHopTable;
  readonly resolved: Map<Address, NextHopStatus>;
  /** The interfaces of peers that are known by their link-local addresses. */
  readonly links: ReadonlyMap<Address, string>;
  /** And of peers that are workloads of this node. */
  readonly workloads: ReadonlyMap<Address, string>;
  /** AS numbers of workloads that peer with their nodes, here or elsewhere. */
  readonly workloadAsns: ReadonlySet<number>;
  readonly ownBlocks: ReadonlySet<Prefix>;
  readonly ipv6Support: boolean;
  /** Ranges of service addresses that are announced as a whole. */
  readonly serviceRanges: readonly Prefix[];
  /** Blocks of encapsulated pools whose route is decided: with their class. */
  readonly encapsulated: ReadonlyMap<Prefix, DesiredRoute>;
  /** Why the others of such blocks have none. */
  readonly unencapsulated: ReadonlyMap<Prefix, string>;
  /** All pools, as long as nobody knows where blocks are; undefined from then on. */
  readonly unreadPools: PrefixTrie<IPPool> | undefined;
}

/** Arranges an input and the state that `calculate` made of it. */
export function routingContext(input: CalcInput, state: DesiredState): RoutingContext {
  return {
    nextHops: nextHopTable(input.facts, state.routes.flatMap(gatewayRoutes)),
    resolved: new Map(),
    links: linksOf(state),
    workloads: new Map(state.peeringWorkloads.map((peer) => [peer.workload, peer.interface])),
    workloadAsns: workloadAsns(input),
    ipv6Support: input.felix.ipv6Support,
    serviceRanges: state.serviceRanges,
    ownBlocks: new Set(ownBlocks(input).confirmed),
    encapsulated: new Map(state.routes.filter(isOfTunnels).map((route) => [route.destination, route])),
    unencapsulated: new Map(state.unencapsulated.map(({ prefix, reason }) => [prefix, reason])),
    unreadPools: input.places === undefined ? poolTrie(input.pools) : undefined,
  };
}

function linksOf({ waysToPeers }: DesiredState): Map<Address, string> {
  return new Map(
    waysToPeers.flatMap((way) => ('interface' in way ? [[way.peer, way.interface] as const] : [])),
  );
}

function poolTrie(pools: readonly IPPool[]): PrefixTrie<IPPool> {
  const trie = new PrefixTrie<IPPool>();
  for (const pool of pools) trie.set(pool.spec.cidr, pool);
  return trie;
}

function isOfTunnels({ class: routeClass }: DesiredRoute): boolean {
  return (
    routeClass === 'tunnel-address' ||
    routeClass === 'same-subnet' ||
    routeClass === 'vxlan' ||
    routeClass === 'ipip'
  );
}

/** The one kind of weft's routes that next hops resolve through. */
function gatewayRoutes(route: DesiredRoute) {
  if (route.class !== 'peer-gateway') return [];
  const { destination, metric, via } = route;
  return via.map((hop) => ({ destination, metric, ...hop }));
}

/** The route, or why the path does not get one. */
export type RemoteRoute =
  | { readonly kind: 'route'; readonly route: DesiredRoute }
  | { readonly kind: 'rejected'; readonly reason: string };

/** Decides on one best path. */
export function remoteRoute(prefix: Prefix, path: BestPath, context: RoutingContext): RemoteRoute {
  if (path.source === 'local') return rejected('this node originates it');
  if (!context.ipv6Support && familyOf(prefix) === 6) return rejected(NO_IPV6);
  const served = rangeServedHere(prefix, context.serviceRanges);
  if (served !== undefined)
    return rejected(`it lies in the service range ${served}, which kube-proxy serves`);
  if (context.ownBlocks.has(prefix))
    return rejected(`it is a block of this node, whatever ${path.peer} says`);
  // One block, one route: that of its pool counts, with whatever metric a peer tells of it.
  const tunneled = context.encapsulated.get(prefix);
  if (tunneled !== undefined) return rejected(tunneled.reason);
  // Perhaps the kernel has a route by a tunnel, of an earlier weftd: a plain one would take its place.
  const pool = context.unreadPools?.longestMatch(prefix)?.value;
  const unread = pool && unreadBlocks(pool);
  if (unread !== undefined) return rejected(unread);
  const resolved = path.nextHops.map(({ address }) => resolveNextHop(address, context));
  const ways = resolved.filter((status) => status.reachable);
  if (ways.length === 0) {
    const reasons = resolved.map((status) => status.reason);
    return rejected(
      reasons.length === 0 ? 'it has no next hop' : `unreachable next hop: ${reasons.join('; ')}`,
    );
  }
  return {
    kind: 'route',
    route: {
      destination: prefix,
      type: 'unicast',
      via: distinct(ways.map(({ via }) => via)),
      metric: metricOfLocalPref(path.localPref),
      class: 'no-encap',
      reason: reasonOf(prefix, path, resolved, context),
    },
  };
}

/**
 * Whether a workload has announced this, of this node or of another one: known by who told it, and by the AS number that a BGPPeer
 * with `localWorkloadSelector` gives.
 */
export function isOfWorkload(
  { neighbourAsn, peer }: BestPath,
  { workloadAsns, workloads }: RoutingContext,
): boolean {
  const isOfOwn = peer !== undefined && workloads.has(peer);
  return isOfOwn || (neighbourAsn !== undefined && workloadAsns.has(neighbourAsn));
}

/** The state of next hops as the speaker's decision process wants it. */
export function nextHopStates(addresses: readonly Address[], context: RoutingContext): NextHopState[] {
  return addresses.map((address) => {
    const status = resolveNextHop(address, context);
    if (!status.reachable) return { address, reachable: false, metric: 0 };
    return { address, reachable: true, metric: status.metric, interface: status.interface };
  });
}

/** Whether and how a next hop of BGP is reached, with the reason. */
export function resolveNextHop(
  address: Address,
  { links, nextHops, workloads }: RoutingContext,
): NextHopStatus {
  const workload = workloads.get(address);
  if (workload !== undefined) return workloadStatus(address, workload);
  return isLinkLocal(address)
    ? linkLocalStatus(address, links.get(address), nextHops)
    : nextHopStatus(address, nextHops);
}

/** Two next hops behind one router are one way. */
function distinct(hops: readonly DesiredNextHop[]): readonly DesiredNextHop[] {
  if (hops.length === 1) return hops;
  const byText = new Map(hops.map((hop) => [`${hop.interface} ${hop.gateway}`, hop]));
  return [...byText].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, hop]) => hop);
}

function reasonOf(
  prefix: Prefix,
  { localPref, peer, source, stale }: BestPath,
  resolved: readonly NextHopStatus[],
  context: RoutingContext,
): string {
  const learned = `learned from ${peer} (${source === 'internal' ? 'iBGP' : 'eBGP'}, LOCAL_PREF ${localPref})`;
  const missing = context.unencapsulated.get(prefix);
  return [
    learned,
    ...resolved.map(({ reason }) => reason),
    ...(stale ? [`stale: ${peer} is restarting`] : []),
    ...(missing === undefined ? [] : [`${missing}: routed without`]),
  ].join('; ');
}

function rejected(reason: string): RemoteRoute {
  return { kind: 'rejected', reason };
}
