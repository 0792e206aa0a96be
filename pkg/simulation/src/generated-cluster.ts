/**
 * Clusters of any size, as their operators would write them: Nodes, a pool, a block for each node, and the BGP resources
 * of one of three topologies.
 */
import { WEFT_DAEMON_ANNOTATION } from '@weft/calc';
import { nthAddress, prefix } from '@weft/ip';
import { affinityName, describeIssue, type Kind, parseResource, type ResourceOf } from '@weft/resources';
import type { ClusterResources } from './cluster.ts';

/** Who speaks with whom. */
export type ClusterTopology =
  /** Every node with every other. */
  | { readonly kind: 'mesh' }
  /** Some nodes are reflectors of one cluster, and every other node is a client of each of them. */
  | { readonly kind: 'reflectors'; readonly reflectors: number }
  /** As `reflectors` in each zone; the reflectors of all zones are a mesh of their own. */
  | { readonly kind: 'zones'; readonly zones: number; readonly reflectors: number };

/** What is wanted. */
export interface GeneratedCluster {
  readonly nodes: number;
  readonly topology: ClusterTopology;
}

const NODE_SUBNET = prefix('172.16.0.0/12');
const POOL = prefix('10.0.0.0/8');
const BLOCK_ADDRESSES = 64;

/** Makes the resources of a cluster. The first nodes of a zone are its reflectors. */
export function generateCluster({ nodes, topology }: GeneratedCluster): ClusterResources {
  const indexes = Array.from({ length: nodes }, (_, index) => index);
  return {
    nodes: indexes.map((index) => generateNode(index, topology)),
    pools: [make('IPPool', 'default', { cidr: POOL })],
    bgpConfigurations: [
      make('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: topology.kind === 'mesh' }),
    ],
    bgpPeers: bgpPeers(topology),
    bgpFilters: [],
    blockAffinities: indexes.map(generateAffinity),
    felixConfigurations: [],
    endpoints: [],
    services: [],
  };
}

/** The name of a generated node. */
export function nodeName(index: number): string {
  return `node-${String(index).padStart(5, '0')}`;
}

/** The block of a generated node. */
export function blockOf(index: number): string {
  return `${nthAddress(POOL, index * BLOCK_ADDRESSES)}/26`;
}

function generateNode(index: number, topology: ClusterTopology): ResourceOf<'Node'> {
  const zone = zoneOf(index, topology);
  const isReflector = zone !== undefined && placeInZone(index, topology) < zone.reflectors;
  return make(
    'Node',
    nodeName(index),
    {
      bgp: {
        ipv4Address: `${nthAddress(NODE_SUBNET, index + 1)}/12`,
        ...(isReflector && { routeReflectorClusterID: `244.0.0.${zone.number + 1}` }),
      },
    },
    {
      labels:
        zone === undefined ? {} : { zone: `z${zone.number}`, ...(isReflector && { reflector: 'true' }) },
      annotations: { [WEFT_DAEMON_ANNOTATION]: '0.1.0' },
    },
  );
}

interface Zone {
  readonly number: number;
  readonly reflectors: number;
}

function zoneOf(index: number, topology: ClusterTopology): Zone | undefined {
  if (topology.kind === 'mesh') return undefined;
  const zones = topology.kind === 'zones' ? topology.zones : 1;
  return { number: index % zones, reflectors: topology.reflectors };
}

function placeInZone(index: number, topology: ClusterTopology): number {
  return topology.kind === 'zones' ? Math.floor(index / topology.zones) : index;
}

function bgpPeers(topology: ClusterTopology): ResourceOf<'BGPPeer'>[] {
  if (topology.kind === 'mesh') return [];
  const zones = topology.kind === 'zones' ? topology.zones : 1;
  const clients = Array.from({ length: zones }, (_, zone) =>
    make('BGPPeer', `zone-${zone}`, {
      nodeSelector: `zone == 'z${zone}' && !has(reflector)`,
      peerSelector: `zone == 'z${zone}' && has(reflector)`,
    }),
  );
  const between = make('BGPPeer', 'reflectors', {
    nodeSelector: 'has(reflector)',
    peerSelector: 'has(reflector)',
  });
  return [...clients, between];
}

function generateAffinity(index: number): ResourceOf<'BlockAffinity'> {
  const cidr = prefix(blockOf(index));
  const node = nodeName(index);
  return make('BlockAffinity', affinityName(node, cidr), {
    node,
    cidr,
    state: 'confirmed',
    deleted: false,
  });
}

function make<K extends Kind>(
  kind: K,
  name: string,
  spec: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): ResourceOf<K> {
  const parsed = parseResource({
    apiVersion: 'projectcalico.org/v3',
    kind,
    metadata: { ...metadata, name },
    spec,
  });
  if (parsed.ok) return parsed.resource as ResourceOf<K>;
  throw new Error(parsed.issues.map((issue) => describeIssue(`${kind} ${name}`, issue)).join('\n'));
}
