/**
 * What a CalicoNodeStatus says of this node, in Calico's words. Pure.
 *
 * Source: Calico's node status reporter, which reads the same out of BIRD. weft has one speaker for both families; a session
 * that carries both is listed by the family of its address, as BIRD lists it.
 */
import type { BgpPeer, BgpPeerType, RouteStatus } from '@weft/control';
import { familyOf, prefix } from '@weft/ip';
import type { CalicoNodeStatus } from '@weft/resources';

/** Routes of one family that are listed at most: the object has to fit into a datastore. */
export const MAX_ROUTES = 5_000;

/** What there is to tell; times are RFC 3339. */
export interface NodeFacts {
  readonly now: string;
  readonly startedAt: string;
  readonly version: string;
  /** Undefined while there is no speaker. */
  readonly bgpIdentifier: string | undefined;
  readonly peers: readonly BgpPeer[];
  readonly routes: readonly RouteStatus[];
  /** The peer that a route of the Loc-RIB came from, by prefix. */
  readonly learnedFrom: ReadonlyMap<string, string>;
}

type Report = NonNullable<CalicoNodeStatus['status']>;
type Peers = NonNullable<NonNullable<Report['bgp']>['peersV4']>;
type Routes = NonNullable<NonNullable<Report['routes']>['routesV4']>;

const peerTypes = {
  'node-to-node mesh': 'NodeMesh',
  'node specific': 'NodePeer',
  global: 'GlobalPeer',
  // Calico reports none; of the three it has, this one says most: asked for by a BGPPeer, for this node.
  'local workload': 'NodePeer',
} as const satisfies Record<BgpPeerType, string>;

/** The report, with the classes that are asked for. */
export function nodeStatusReport(classes: CalicoNodeStatus['spec']['classes'], facts: NodeFacts): Report {
  return {
    lastUpdated: facts.now,
    ...(classes.includes('Agent') ? { agent: agentOf(facts) } : {}),
    ...(classes.includes('BGP') ? { bgp: bgpOf(facts) } : {}),
    ...(classes.includes('Routes') ? { routes: routesOf(facts) } : {}),
  };
}

function agentOf({ bgpIdentifier, startedAt, version }: NodeFacts): NonNullable<Report['agent']> {
  const daemon = {
    state: bgpIdentifier === undefined ? 'NotReady' : 'Ready',
    version: `weft ${version}`,
    ...(bgpIdentifier === undefined ? {} : { routerID: bgpIdentifier }),
    lastBootTime: startedAt,
  } as const;
  return { birdV4: daemon, birdV6: daemon };
}

function bgpOf({ peers }: NodeFacts): NonNullable<Report['bgp']> {
  const [v4, v6] = ([4, 6] as const).map((family) =>
    peers.filter(({ address }) => address.includes(':') === (family === 6)),
  ) as [BgpPeer[], BgpPeer[]];
  const established = (list: readonly BgpPeer[]): number =>
    list.filter(({ state }) => state === 'Established').length;
  return {
    numberEstablishedV4: established(v4),
    numberNotEstablishedV4: v4.length - established(v4),
    numberEstablishedV6: established(v6),
    numberNotEstablishedV6: v6.length - established(v6),
    peersV4: v4.map(toPeer),
    peersV6: v6.map(toPeer),
  };
}

function toPeer({ address, since, state, type }: BgpPeer): Peers[number] {
  return { peerIP: address, type: peerTypes[type], state, since };
}

function routesOf(facts: NodeFacts): NonNullable<Report['routes']> {
  const types = new Map(facts.peers.map(({ address, type }) => [address, type]));
  const of = (family: 4 | 6): Routes =>
    facts.routes
      .filter((route) => familyOf(prefix(route.prefix)) === family)
      .slice(0, MAX_ROUTES)
      .map((route) => toRoute(route, facts.learnedFrom.get(route.prefix), types));
  return { routesV4: of(4), routesV6: of(6) };
}

/** One of several ways stands for all: the format has room for one. */
function toRoute(
  { class: routeClass, prefix: destination, state, via: [first] }: RouteStatus,
  peer: string | undefined,
  types: ReadonlyMap<string, BgpPeerType>,
): Routes[number] {
  return {
    type: state === 'in-kernel' ? 'FIB' : 'RIB',
    destination,
    ...(first?.gateway === undefined ? {} : { gateway: first.gateway }),
    ...(first === undefined ? {} : { interface: first.interface }),
    learnedFrom: sourceOf(routeClass, peer, types),
  };
}

/** To BIRD the routes of workloads are the kernel's, and blocks are static. */
function sourceOf(
  routeClass: string | undefined,
  peer: string | undefined,
  types: ReadonlyMap<string, BgpPeerType>,
): NonNullable<Routes[number]['learnedFrom']> {
  if (routeClass === 'no-encap' && peer !== undefined)
    return { sourceType: types.get(peer) === 'node-to-node mesh' ? 'NodeMesh' : 'BGPPeer', peerIP: peer };
  return { sourceType: routeClass === 'local-workload' ? 'Kernel' : 'Static' };
}
