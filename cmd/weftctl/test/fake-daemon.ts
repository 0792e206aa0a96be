/** A daemon for tests of the node commands: the real control server over answers that stand here. */
import {
  type BgpPeer,
  type ControlBackend,
  type ControlServer,
  cutPage,
  type HistoryEntry,
  type RibRoute,
  type RouteStatus,
  startControlServer,
} from '@weft/control';

/** What a session of a test looks like unless it says otherwise. */
export function peer(changes: Partial<BgpPeer>): BgpPeer {
  return {
    address: '10.0.0.2',
    port: 179,
    asn: 64512,
    type: 'node-to-node mesh',
    state: 'Established',
    since: '2026-11-21T09:05:07.250Z',
    info: '',
    families: ['ipv4-unicast', 'ipv6-unicast'],
    counters: {
      updatesReceived: 3,
      prefixesReceived: 2,
      prefixesAdvertised: 1,
      established: 1,
    },
    ...changes,
  };
}

/** Routes of a test. */
export const ROUTES: readonly RouteStatus[] = [
  {
    prefix: '10.1.0.0/26',
    type: 'blackhole',
    via: [],
    metric: 1024,
    class: 'blackhole',
    state: 'in-kernel',
    reason: 'own block',
  },
  {
    prefix: '10.1.0.64/26',
    type: 'unicast',
    via: [{ gateway: '10.0.0.2', interface: 'eth0' }],
    metric: 1024,
    class: 'no-encap',
    state: 'failed',
    reason: 'BGP path from 10.0.0.2',
    detail: 'the kernel has no way to 10.0.0.2 (ENETUNREACH)',
  },
];

/** Journal of a test: what each daemon says of any address. */
export const HISTORY: readonly HistoryEntry[] = [
  {
    time: '2026-11-21T09:00:00.000Z',
    operation: 'assign',
    block: '10.1.0.0/26',
    pool: 'pods',
    handle: 'weft.node1.c1',
    workload: { namespace: 'shop', name: 'web-0', container: 'c1' },
    reason: 'own-block',
    by: { program: 'weftd', verb: 'attach' },
  },
];

/** Loc-RIB of a test. */
export const RIB: readonly RibRoute[] = [
  {
    prefix: '10.1.0.64/26',
    best: {
      peer: '10.0.0.2',
      nextHop: '10.0.0.2',
      origin: 'igp',
      asPath: '65001 65002',
      localPreference: 2147482623,
      communities: ['65001:1'],
      stale: false,
    },
    paths: 2,
    reason: 'lowest BGP identifier',
  },
];

/** Starts a daemon for `node` on `socketPath`; `answers` in place of those that stand here. */
export function startFakeDaemon(
  node: string,
  socketPath: string,
  peers: readonly BgpPeer[],
  answers: Partial<ControlBackend> = {},
): Promise<ControlServer> {
  const health = { ok: peers.length > 0, reasons: peers.length > 0 ? [] : ['No BGP session is up.'] };
  const backend: ControlBackend = {
    status: () => ({
      node,
      role: 'node',
      version: '0.1.0',
      pid: 42,
      since: '2026-11-21T09:00:00.000Z',
      addresses: [],
      datastore: { type: 'embedded', location: '/var/lib/weft/weft.db', inSync: true },
      readiness: health,
    }),
    liveness: () => health,
    readiness: () => health,
    metrics: () => '',
    bgpPeers: () => ({ asn: 64512, bgpIdentifier: '10.0.0.1', peers }),
    rib: (query) => cutPage(RIB, ({ prefix }) => prefix, query),
    routes: (query) => cutPage(ROUTES, ({ prefix }) => prefix, query),
    endpoints: (query) => cutPage([], () => '', query),
    history: () => ({ node, events: [], cut: false, problems: [] }),
    changes: () => ({ node, changes: [], cut: false, problems: [] }),
    explain: () => {
      throw new Error('not part of these tests');
    },
    explainPeer: () => {
      throw new Error('not part of these tests');
    },
    ipamHistory: ({ address }) => ({
      node,
      entries: HISTORY.map((entry) => ({ ...entry, address, node })),
      cut: false,
    }),
    attachEndpoint: () => {
      throw new Error('not part of these tests');
    },
    detachEndpoint: () => {
      throw new Error('not part of these tests');
    },
    endpoint: () => {
      throw new Error('not part of these tests');
    },
    drainStatus: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    drain: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    undrain: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    stop: () => ({ sessions: 0 }),
    fuse: () => ({ percent: 50, routes: 100, held: [] }),
    decideFuse: () => {
      throw new Error('not part of these tests');
    },
    blocks: (query) => cutPage([], () => '', query),
    pools: (query) => cutPage([], () => '', query),
    holdAddress: () => {
      throw new Error('not part of these tests');
    },
    cni: () => {
      throw new Error('not part of these tests');
    },
    releaseAddress: () => {
      throw new Error('not part of these tests');
    },
  };
  return startControlServer({ backend: { ...backend, ...answers }, socketPath });
}
