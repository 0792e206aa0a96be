/**
 * What a change of a cluster's resources would do, found out by doing it: the cluster runs in a simulated network as it is,
 * then everybody gets what `calculate` makes of the changed resources, and what differs when all is quiet again is
 * the plan.
 *
 *     resources before ─▶ states ─▶ network, quiet ─▶ observed ┐
 *     resources after  ─▶ states ─▶ changed, quiet ─▶ observed ┴▶ sessions, routes, addresses ─▶ risks
 */
import { encapsulationOf } from '@weft/calc';
import type { Address } from '@weft/ip';
import { type Node, nodeAddresses } from '@weft/resources';
import {
  type ClusterResources,
  type ClusterSurroundings,
  changeNode,
  SimulatedNetwork,
  startNode,
} from '@weft/simulation';
import { type AddressPlan, planAddresses } from './addresses.ts';
import { type AlikeNodes, alikeNodes } from './alike.ts';
import type { Comparison, NodeState, Side } from './comparison.ts';
import { MAX_SESSIONS, nodeStates } from './node-states.ts';
import { observe } from './observation.ts';
import { type Heard, type Outsider, outsiders } from './outside.ts';
import { findRisks, type Risk } from './risks.ts';
import { planRoutes, type RoutePlan } from './routes.ts';
import { planSessions, type SessionPlan } from './sessions.ts';

/** What would happen. */
export interface Plan {
  /** Those that do not stay as they are, by the names of their ends. */
  readonly sessions: readonly SessionPlan[];
  /** How many stay. */
  readonly unchangedSessions: number;
  /** Of each node whose routes from others change. */
  readonly nodes: readonly RoutePlan[];
  /** Of each peer outside that is told something else. */
  readonly peers: readonly RoutePlan[];
  readonly addresses: readonly AddressPlan[];
  readonly risks: readonly Risk[];
  /** Of a large cluster: nodes of which two are looked at for all; `sessions` and `nodes` have nothing of what is between the others. */
  readonly alike: readonly AlikeNodes[];
  readonly assumptions: readonly string[];
}

/** A plan, or why there is none. */
export type PlanResult =
  | { readonly kind: 'planned'; readonly plan: Plan }
  /** More sessions than the limit, since this many of the nodes have nobody who stands for them. */
  | { readonly kind: 'too-large'; readonly limit: number; readonly unlike: number; readonly nodes: number }
  | { readonly kind: 'restless'; readonly reason: string };

/** What is not in the resources. */
export interface PlanSurroundings extends ClusterSurroundings {
  /** What nodes have of peers outside now; absent where no node was asked. */
  readonly heard?: Heard;
}

/** Of a cluster with more nodes, in all, those that are alike are not all looked at. */
const MAX_WHOLE_CLUSTER = 200;

/** Plans a change. */
export function planChange(
  before: ClusterResources,
  after: ClusterResources,
  surroundings: PlanSurroundings,
): PlanResult {
  const isLarge = Math.max(before.nodes.length, after.nodes.length) > MAX_WHOLE_CLUSTER;
  return planWith(before, after, surroundings, isLarge ? alikeNodes(before, after) : []);
}

/** Plans a change, and looks at all nodes but those that others stand for. */
export function planWith(
  before: ClusterResources,
  after: ClusterResources,
  surroundings: PlanSurroundings,
  alike: readonly AlikeNodes[],
): PlanResult {
  const nodeAt = nodesByAddress(before, after);
  const others = new Set(alike.flatMap((group) => group.others));
  const statesBefore = nodeStates(before, surroundings, others);
  const statesAfter = statesBefore && nodeStates(after, surroundings, others);
  if (statesBefore === undefined || statesAfter === undefined)
    return tooLarge(new Set(nodeAt.values()).size, others.size);
  const outside = outsiders(
    statesBefore.values(),
    statesAfter.values(),
    new Set(nodeAt.keys()),
    surroundings.heard ?? { routes: new Map(), nodes: 0 },
  );
  const network = startNetwork(before, statesBefore, outside);
  if (!network.runUntilQuiet(QUIET).quiet) return restless('as it is');
  const seenBefore = observe(network, statesBefore);
  changeNetwork(network, before, after, statesAfter);
  if (!network.runUntilQuiet(QUIET).quiet) return restless('after the change');
  network.runFor(KEPT_MILLISECONDS);
  return {
    kind: 'planned',
    plan: compare({
      before: { resources: before, states: statesBefore, seen: seenBefore },
      after: { resources: after, states: statesAfter, seen: observe(network, statesAfter) },
      outsiders: outside,
      nodeAt,
      alike,
    }),
  };
}

function tooLarge(nodes: number, others: number): PlanResult {
  return { kind: 'too-large', limit: MAX_SESSIONS, nodes, unlike: nodes - others };
}

/** Longer than a failed attempt is left alone at first; sessions that come to nothing go on trying for ever. */
const QUIET = { quietMilliseconds: 15_000, limitMilliseconds: 900_000 };

/** Longer than the restart time: what peers keep of a session that does not come back is given up by then (RFC 4724). */
const KEPT_MILLISECONDS = 130_000;

function restless(when: string): PlanResult {
  return {
    kind: 'restless',
    reason: `the cluster ${when} does not come to rest in 15 minutes of virtual time`,
  };
}

function compare(comparison: Comparison): Plan {
  const sessions = planSessions(comparison);
  const nodes = planRoutes(comparison, [...comparison.nodeAt.values()]);
  const peers = planRoutes(
    comparison,
    comparison.outsiders.map(({ address }) => address),
  );
  const addresses = planAddresses(comparison, nodes);
  const changed = sessions.filter(({ kind }) => kind !== 'stays');
  return {
    sessions: changed,
    unchangedSessions: sessions.length - changed.length,
    nodes,
    peers,
    addresses,
    risks: findRisks(comparison, { sessions, nodes, peers, addresses }),
    alike: comparison.alike,
    assumptions: assumptions(comparison),
  };
}

function nodesByAddress(...sides: readonly ClusterResources[]): Map<Address, string> {
  return new Map(
    sides.flatMap(({ nodes }) =>
      nodes.flatMap((node) => nodeAddresses(node).map((address) => [address, node.metadata.name] as const)),
    ),
  );
}

function startNetwork(
  { nodes }: ClusterResources,
  states: ReadonlyMap<string, NodeState>,
  outside: readonly Outsider[],
): SimulatedNetwork {
  const network = new SimulatedNetwork({ seed: 1, latencyMilliseconds: 1 });
  for (const { address, config, routes } of outside) {
    network.add(address, config, [address]);
    network.announce(
      address,
      routes.map((prefix) => ({ prefix })),
    );
  }
  for (const node of nodes) start(network, node, states);
  return network;
}

function start(network: SimulatedNetwork, node: Node, states: ReadonlyMap<string, NodeState>): void {
  const state = states.get(node.metadata.name) as NodeState;
  startNode(network, node, state, { readsUpdates: state.isWhole });
}

function changeNetwork(
  network: SimulatedNetwork,
  before: ClusterResources,
  after: ClusterResources,
  states: ReadonlyMap<string, NodeState>,
): void {
  const running = new Set(network.names);
  for (const node of after.nodes) {
    const { name } = node.metadata;
    if (running.has(name)) changeNode(network, name, states.get(name) as NodeState);
    else start(network, node, states);
  }
  // The daemon of a node whose Node is deleted goes on, and falls silent.
  const left = new Set(after.nodes.map(({ metadata }) => metadata.name));
  for (const { metadata } of before.nodes)
    if (!left.has(metadata.name) && running.has(metadata.name)) changeNode(network, metadata.name, GONE);
}

const GONE: Parameters<typeof changeNode>[2] = {
  speaker: { kind: 'no-bgp', reason: 'its Node is deleted' },
  announcements: [],
};

function assumptions({ after, alike, before, outsiders: outside }: Comparison): string[] {
  const foreign = [before, after].some(({ resources }) =>
    resources.nodes.some(({ metadata }) => metadata.annotations?.['weft.dev/daemon'] === undefined),
  );
  return [
    'every node runs and reaches every other, at the addresses its Node has',
    ...(alike.length === 0 ? [] : [ALIKE]),
    ...(foreign ? ['nodes of Calico do as weftd would'] : []),
    ...([before, after].some(encapsulates)
      ? ['every node gets an address of each tunnel that pools ask for, and packets of tunnels get through']
      : []),
    ...outside.map((outsider) => outsiderText(outsider, before.resources.nodes.length)),
    ...(hasPasswords(after) ? ['the secrets that passwords refer to exist'] : []),
    ...(announcesServices(after) ? ['addresses of single Services are left out'] : []),
  ];
}

const ALIKE =
  'nodes that nothing but their names and addresses tells apart do alike, so two of them are looked at; of the others only the sessions with nodes that are looked at and with peers outside, and not what they pass on of what they hear';

function outsiderText({ address, config: { asn }, heardBy, isReflector, routes }: Outsider, nodes: number) {
  if (isReflector)
    return `${address} is a route reflector for its peers in AS ${asn}, announces nothing itself, and is not changed`;
  const announced =
    routes.length === 0
      ? 'nothing'
      : `the ${routes.length === 1 ? 'route' : `${routes.length} routes`} that nodes have of it now`;
  return `${address} (AS ${asn}) takes all it is told, announces ${announced}${asFarAs(heardBy, nodes)}, and is not changed`;
}

function asFarAs(heardBy: number, nodes: number): string {
  if (heardBy === 0) return ' that is known of: no node has said what it has of it';
  return heardBy < nodes ? ` as far as ${heardBy} of ${nodes} nodes say` : '';
}

function encapsulates({ resources }: Side): boolean {
  return resources.pools.some((pool) => encapsulationOf(pool) !== undefined);
}

function hasPasswords({ states }: Side): boolean {
  return [...states.values()].some(
    ({ speaker }) =>
      speaker.kind === 'bgp' && speaker.config.peers.some(({ password }) => password !== undefined),
  );
}

function announcesServices({ resources }: Side): boolean {
  return resources.bgpConfigurations.some(({ spec }) =>
    [spec.serviceClusterIPs, spec.serviceExternalIPs, spec.serviceLoadBalancerIPs].some(
      (ranges) => ranges?.length,
    ),
  );
}
