/**
 * A healthy cluster as the tests' starting point: node1 has a pod with 10.1.0.5 in its block 10.1.0.0/26, and node2 has the
 * route to it. Each test breaks one thing.
 */
import type { ExplainedPath, ExplainedSession, NodeExplanation, RouteStatus } from '@weft/control';
import { prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock, IPPool, Node, WorkloadEndpoint } from '@weft/resources';
import type { ExplainInput, NodeAnswer } from '../src/index.ts';

const apiVersion = 'projectcalico.org/v3';

export const ADDRESS = '10.1.0.5';
export const BLOCK = '10.1.0.0/26';

/** A Node with an address in BGP. */
export function node(name: string, address: string): Node {
  return {
    apiVersion,
    kind: 'Node',
    metadata: { name },
    spec: { bgp: { ipv4Address: `${address}/24` } },
  } as Node;
}

export const POOL = {
  apiVersion,
  kind: 'IPPool',
  metadata: { name: 'pods' },
  spec: {
    cidr: prefix('10.1.0.0/16'),
    blockSize: 26,
    disabled: false,
    vxlanMode: 'Never',
    ipipMode: 'Never',
  },
} as IPPool;

/** The block of node1, with one address in use. */
export function block(changes: Partial<IPAMBlock['spec']> = {}): IPAMBlock {
  return {
    apiVersion,
    kind: 'IPAMBlock',
    metadata: { name: '10-1-0-0-26' },
    spec: {
      cidr: prefix(BLOCK),
      affinity: 'host:node1',
      allocations: Array.from({ length: 64 }, (_, index) => (index === 5 ? 0 : null)),
      unallocated: [],
      attributes: [{ handle_id: 'h1', secondary: { node: 'node1', pod: 'web', namespace: 'default' } }],
      sequenceNumber: 1n,
      sequenceNumberForAllocation: {},
      deleted: false,
      strictAffinity: false,
      ...changes,
    },
  } as unknown as IPAMBlock;
}

/** The claim on it. */
export function affinity(changes: Partial<BlockAffinity['spec']> = {}): BlockAffinity {
  return {
    apiVersion,
    kind: 'BlockAffinity',
    metadata: { name: 'node1-10-1-0-0-26' },
    spec: {
      cidr: prefix(BLOCK),
      node: 'node1',
      type: 'host',
      state: 'confirmed',
      deleted: false,
      ...changes,
    },
  };
}

export const WORKLOAD = {
  apiVersion,
  kind: 'WorkloadEndpoint',
  metadata: { name: 'node1-k8s-web-eth0', namespace: 'default' },
  spec: {
    node: 'node1',
    pod: 'web',
    orchestrator: 'k8s',
    endpoint: 'eth0',
    interfaceName: 'cali1',
    ipNetworks: [prefix(`${ADDRESS}/32`)],
  },
} as WorkloadEndpoint;

/** A path as a node has it of a peer. */
export function path(peer: string, changes: Partial<ExplainedPath> = {}): ExplainedPath {
  return {
    peer,
    nextHop: '10.0.0.1',
    origin: 'igp',
    asPath: '',
    communities: [],
    stale: false,
    source: 'internal',
    best: true,
    multipath: false,
    importRule: 'default',
    ...changes,
  };
}

/** A session that is up. */
export function session(
  name: string,
  peer: string,
  changes: Partial<ExplainedSession> = {},
): ExplainedSession {
  return {
    node: name,
    peer,
    port: 179,
    configured: true,
    reason: `the mesh has it with ${name}; it opens`,
    state: 'Established',
    ...changes,
  };
}

/** A route of weft's in the kernel. */
export function route(changes: Partial<RouteStatus> = {}): RouteStatus {
  return {
    prefix: BLOCK,
    type: 'unicast',
    via: [{ gateway: '10.0.0.1', interface: 'eth0' }],
    metric: 1024,
    class: 'no-encap',
    state: 'in-kernel',
    reason: 'learned',
    ...changes,
  };
}

const LOOKUP = { type: 'unicast', metric: 1024, table: 254, protocol: 'weft' } as const;

/** What the owner says. */
export function owner(changes: Partial<NodeExplanation> = {}): NodeExplanation {
  return {
    node: 'node1',
    role: 'node',
    addresses: ['10.0.0.1'],
    port: 179,
    pools: [],
    affinities: [],
    endpoints: [{ name: 'default/web', hostInterface: 'cali1', addresses: [`${ADDRESS}/32`] }],
    announcements: [{ prefix: BLOCK, announced: true, reason: 'a confirmed block of this node' }],
    prefixes: [
      {
        prefix: BLOCK,
        paths: [path('', { source: 'local' })],
        exports: [{ peer: '10.0.0.2', told: true, rule: `own block ${BLOCK}` }],
      },
    ],
    nextHops: [],
    routes: [route({ prefix: `${ADDRESS}/32`, via: [{ interface: 'cali1' }], class: 'local-workload' })],
    lookup: {
      address: ADDRESS,
      route: { ...LOOKUP, prefix: `${ADDRESS}/32`, via: [{ interface: 'cali1' }] },
    },
    nat: [],
    sessions: [session('node2', '10.0.0.2')],
    ...changes,
  };
}

/** What the node says that wants to get there. */
export function receiver(changes: Partial<NodeExplanation> = {}): NodeExplanation {
  return {
    node: 'node2',
    role: 'node',
    addresses: ['10.0.0.2'],
    port: 179,
    pools: [],
    affinities: [],
    endpoints: [],
    announcements: [],
    prefixes: [{ prefix: BLOCK, paths: [path('10.0.0.1')], exports: [] }],
    nextHops: [{ address: '10.0.0.1', reachable: true, reason: '10.0.0.1 is on eth0' }],
    routes: [route()],
    lookup: {
      address: ADDRESS,
      route: { ...LOOKUP, prefix: BLOCK, via: [{ gateway: '10.0.0.1', interface: 'eth0' }] },
    },
    nat: [],
    sessions: [session('node1', '10.0.0.1')],
    ...changes,
  };
}

/** An answer that came. */
export function answered(explanation: NodeExplanation): NodeAnswer {
  return { kind: 'answered', explanation };
}

/** The healthy cluster, with what a test changes. */
export function cluster(
  changes: {
    readonly destination?: string;
    readonly snapshot?: Partial<ExplainInput['snapshot']>;
    readonly owner?: NodeAnswer | Partial<NodeExplanation>;
    readonly receiver?: NodeAnswer | Partial<NodeExplanation>;
    readonly others?: readonly NodeExplanation[];
  } = {},
): ExplainInput {
  const toAnswer = (
    make: (own: Partial<NodeExplanation>) => NodeExplanation,
    change: NodeAnswer | Partial<NodeExplanation> = {},
  ): NodeAnswer => ('kind' in change ? change : answered(make(change)));
  return {
    destination: prefix(changes.destination ?? `${ADDRESS}/32`),
    snapshot: {
      nodes: [node('node1', '10.0.0.1'), node('node2', '10.0.0.2'), node('node3', '10.0.0.3')],
      pools: [POOL],
      blocks: [block()],
      affinities: [affinity()],
      workloads: [WORKLOAD],
      ...changes.snapshot,
    },
    answers: new Map([
      ['node1', toAnswer(owner, changes.owner)],
      ['node2', toAnswer(receiver, changes.receiver)],
      ...(changes.others ?? []).map((other): [string, NodeAnswer] => [other.node, answered(other)]),
    ]),
  };
}
