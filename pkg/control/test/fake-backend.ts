/** A daemon in memory: endpoints in a map, two peers, and as many routes as a test wants. */
import type { AttachRequest, ControlBackend, Health, RibRoute, RouteStatus } from '../src/index.ts';
import { cutPage, refuse } from '../src/index.ts';

/** A backend whose health and routes a test sets, and which records what it was asked to attach. */
export interface FakeBackend extends ControlBackend {
  health: Health;
  routeList: RouteStatus[];
  readonly attached: Map<string, AttachRequest>;
}

export function fakeBackend(overrides: Partial<ControlBackend> = {}): FakeBackend {
  const attached = new Map<string, AttachRequest>();
  const fake: FakeBackend = {
    health: { ok: true, reasons: [] },
    routeList: [],
    attached,
    status: () => ({
      node: 'n1',
      role: 'node',
      version: '0.1.0',
      pid: 42,
      since: '2026-11-21T09:00:00.000Z',
      addresses: [],
      datastore: { type: 'embedded', location: '/var/lib/weft/weft.db', inSync: true },
      readiness: fake.health,
    }),
    liveness: () => fake.health,
    readiness: () => fake.health,
    metrics: () => '# TYPE weft_ready gauge\nweft_ready 1\n',
    bgpPeers: () => ({ asn: 64512, bgpIdentifier: '10.0.0.1', peers: [] }),
    rib: (query) => cutPage<RibRoute>([], (route) => route.prefix, query),
    routes: (query) => cutPage(fake.routeList, (route) => route.prefix, query),
    endpoints: (query) => cutPage([], () => '', query),
    ipamHistory: () => ({ node: 'n1', entries: [], cut: false }),
    history: () => ({ node: 'n1', events: [], cut: false, problems: [] }),
    changes: () => ({ node: 'n1', changes: [], cut: false, problems: [] }),
    explain: () => refuse('unavailable', 'not in this fake', 'n1', ''),
    explainPeer: () => refuse('unavailable', 'not in this fake', 'n1', ''),
    attachEndpoint: (id, request) => {
      if (request.pools4?.includes('full')) {
        return refuse('no-address', 'The pool has no free address', 'IPPool full', 'Add a pool.');
      }
      const kind = attached.has(id) ? 'already-attached' : 'attached';
      attached.set(id, request);
      return {
        kind,
        id,
        addresses: ['10.0.0.5/32'],
        hostInterface: 'cali0123456789a',
        mac: 'ee:ee:ee:ee:ee:ee',
        mtuBytes: 1500,
        timing: { ipamMilliseconds: 0.2, wiringMilliseconds: 1.1, totalMilliseconds: 1.4 },
      };
    },
    detachEndpoint: (id) =>
      attached.delete(id)
        ? { kind: 'detached', id, addresses: ['10.0.0.5/32'] }
        : { kind: 'not-attached', id, addresses: [] },
    endpoint: (id) => refuse('not-found', 'no such endpoint', id, 'Attach it.'),
    drainStatus: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    drain: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    undrain: () => ({ draining: false, endpoints: 0, examples: [], peersBehind: [] }),
    stop: () => ({ sessions: 0 }),
    fuse: () => ({ percent: 50, routes: 100, held: [] }),
    decideFuse: (table) => refuse('not-found', 'No routes are held', table, 'Look.'),
    blocks: (query) => cutPage([], () => '', query),
    pools: (query) => cutPage([], () => '', query),
    holdAddress: (id, { address = '10.0.0.7' }) => ({ kind: 'held', id, address }),
    releaseAddress: (address) => ({ kind: 'released', address }),
    cni: async (call) => ({ exitCode: 0, stdout: new TextDecoder().decode(call) }),
    ...overrides,
  };
  return fake;
}
