/**
 * From the resources of a cluster to what weftd would be on each of its nodes: `calculate` for every Node.
 *
 * What a node knows of itself beyond the resources is made up from its Node: one interface with the node's addresses
 * and a default route by the first address of its subnet, and every tunnel device, up. Decisions about BGP ask for little of
 * it: the way to a peer that BGPPeer `reachableBy` puts behind a gateway.
 */
import {
  calculate,
  DEFAULT_SETTINGS,
  type DesiredState,
  effectiveFelixSettings,
  type LocalFacts,
  type Service,
  TUNNEL_TYPES,
  type UnderlayRoute,
} from '@weft/calc';
import { type Address, addressCount, nthAddress, type Prefix, prefix } from '@weft/ip';
import {
  type BGPConfiguration,
  type BGPFilter,
  type BGPPeer,
  type BlockAffinity,
  type FelixConfiguration,
  type IPPool,
  type Node,
  nodeInterfaceAddresses,
  type WorkloadEndpoint,
} from '@weft/resources';
import { encapsulatedPlaces } from './places.ts';

/** The resources that decide about routes. */
export interface ClusterResources {
  readonly nodes: readonly Node[];
  readonly pools: readonly IPPool[];
  readonly bgpConfigurations: readonly BGPConfiguration[];
  readonly bgpPeers: readonly BGPPeer[];
  readonly bgpFilters: readonly BGPFilter[];
  readonly blockAffinities: readonly BlockAffinity[];
  readonly felixConfigurations: readonly FelixConfiguration[];
  readonly endpoints: readonly WorkloadEndpoint[];
  readonly services: readonly Service[];
}

/** What is not in the resources. */
export interface ClusterSurroundings {
  /** SHA-256 of a node's name. */
  readonly digestOf: (nodeName: string) => Uint8Array;
  /** Values of the secrets that BGP passwords refer to, by `secretName/key`. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Computes the desired state of every node, by name, in the order of the Nodes. */
export function clusterStates(
  resources: ClusterResources,
  surroundings: ClusterSurroundings,
): Map<string, DesiredState> {
  const stateOf = stateReader(resources, surroundings);
  return new Map(resources.nodes.map((node) => [node.metadata.name, stateOf(node)]));
}

/**
 * Gives a function for the desired state of one node, for clusters of which not every node is wanted: among all nodes, or as if
 * there were these alone.
 */
export function stateReader(
  resources: ClusterResources,
  { digestOf, secrets }: ClusterSurroundings,
): (node: Node, nodes?: readonly Node[]) => DesiredState {
  const affinitiesOf = groupByNode(resources.blockAffinities);
  const endpointsOf = groupByNode(resources.endpoints);
  const places = encapsulatedPlaces(resources);
  const { felixConfigurations: configurations, ...shared } = resources;
  return (node, nodes = resources.nodes) => {
    const nodeName = node.metadata.name;
    const felix = effectiveFelixSettings({ nodeName, node, configurations, environment: {} }).settings;
    return calculate({
      ...shared,
      nodes,
      nodeName,
      nodeNameDigest: digestOf(nodeName),
      places,
      blockAffinities: affinitiesOf.get(nodeName) ?? [],
      endpoints: endpointsOf.get(nodeName) ?? [],
      secrets,
      settings: DEFAULT_SETTINGS,
      felix,
      facts: factsOf(node),
    });
  };
}

function groupByNode<T extends { readonly spec: { readonly node?: string } }>(items: readonly T[]) {
  const groups = new Map<string | undefined, T[]>();
  for (const item of items) {
    const group = groups.get(item.spec.node);
    if (group === undefined) groups.set(item.spec.node, [item]);
    else group.push(item);
  }
  return groups;
}

const INTERFACE = 'eth0';

function factsOf(node: Node): LocalFacts {
  const own = nodeInterfaceAddresses(node);
  return {
    interfaces: [
      {
        name: INTERFACE,
        up: true,
        running: true,
        mtuBytes: 1500,
        addresses: own.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
      },
      ...TUNNEL_TYPES.map(({ name }) => ({ name, up: true, running: true, mtuBytes: 1500, addresses: [] })),
    ],
    routes: own.flatMap(({ prefix: subnet }): UnderlayRoute[] => [
      { destination: subnet, interface: INTERFACE, metric: 0 },
      { destination: defaultRouteOf(subnet), gateway: gatewayOf(subnet), interface: INTERFACE, metric: 100 },
    ]),
  };
}

function defaultRouteOf(subnet: Prefix): Prefix {
  return prefix(subnet.includes(':') ? '::/0' : '0.0.0.0/0');
}

function gatewayOf(subnet: Prefix): Address {
  return nthAddress(subnet, addressCount(subnet) > 1n ? 1n : 0n);
}
