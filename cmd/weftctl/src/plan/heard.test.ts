/** What `weftctl plan` asks daemons for: the real control server and client over answers that stand here. */
import { ControlClient, type ControlServer, cutPage, type RibRoute } from '@weft/control';
import { address } from '@weft/ip';
import { parseResource } from '@weft/resources';
import { afterAll, describe, expect, test } from 'vitest';
import { RIB, startFakeDaemon } from '../../test/fake-daemon.ts';
import { Workbench } from '../../test/run.ts';
import { announcingPeers, type Cluster, interfaceNotes, readHeard } from './heard.ts';

const workbench = new Workbench();
const running: ControlServer[] = [];
const [tor, otherTor] = [address('172.16.9.9'), address('172.16.9.8')];

afterAll(async () => {
  for (const server of running) await server.close();
  workbench.remove();
});

function route(prefix: string, senders: readonly string[], best = senders[0]): RibRoute {
  const [first] = RIB as [RibRoute];
  return { ...first, prefix, best: { ...first.best, peer: best }, paths: senders.length, senders };
}

/** A daemon with these routes, and what it is asked beside its pages. */
async function daemon(node: string, routes: readonly RibRoute[], place?: string) {
  const explained: string[] = [];
  const socket = workbench.path(`${node}-${running.length}.sock`);
  const addresses = place === undefined ? [] : [{ family: 4 as const, address: place, reason: '' }];
  const server = await startFakeDaemon(node, socket, [], {
    status: () => ({
      node,
      role: 'node',
      version: '0.1.0',
      pid: 42,
      since: '2026-11-21T09:00:00.000Z',
      addresses,
      datastore: { type: 'embedded', location: '', inSync: true },
      readiness: { ok: true, reasons: [] },
    }),
    rib: (query) => cutPage(routes, ({ prefix }) => prefix, query),
    explain: ({ prefix }) => {
      explained.push(prefix);
      const paths = routes
        .filter((one) => one.prefix === prefix)
        .map(({ best }) => ({ ...best, source: 'external' as const, best: true, multipath: false }));
      return {
        node,
        role: 'node',
        addresses: [],
        port: 179,
        pools: [],
        affinities: [],
        endpoints: [],
        announcements: [],
        prefixes: [{ prefix, paths, exports: [] }],
        nextHops: [],
        routes: [],
        nat: [],
        sessions: [],
      };
    },
  });
  running.push(server);
  return { explained, target: { client: new ControlClient(socket) } };
}

function resource(kind: string, name: string, spec: object): never {
  const parsed = parseResource({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return parsed.resource as never;
}

function node(name: string, ipv4Address: string, asNumber?: number): never {
  return resource('Node', name, { bgp: { ipv4Address, ...(asNumber !== undefined && { asNumber }) } });
}

describe('peers that announce something of their own', () => {
  const peers = [
    resource('BGPPeer', 'tor', { peerIP: tor, asNumber: 65_000 }),
    resource('BGPPeer', 'reflector', { peerIP: otherTor, asNumber: 64_512 }),
    resource('BGPPeer', 'node', { peerIP: '172.16.0.2', asNumber: 65_000 }),
  ];
  const cluster = (...nodes: never[]): Cluster => ({ bgpConfigurations: [], bgpPeers: peers, nodes });

  test('are in another AS, and no nodes', () => {
    const nodes = [node('n1', '172.16.0.1/24'), node('n2', '172.16.0.2/24')];
    expect([...announcingPeers(cluster(...nodes))]).toEqual([tor]);
  });

  test('are in another AS than one of the nodes', () => {
    const nodes = [node('n1', '172.16.0.1/24', 65_001), node('n2', '172.16.0.2/24')];
    expect([...announcingPeers(cluster(...nodes))]).toEqual([tor, otherTor]);
  });
});

describe('what nodes have of peers outside', () => {
  const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'].map((name, index) => node(name, `172.16.0.${index + 1}/24`));

  test('names all that have sent a prefix, and nobody that was not asked for, in no more questions than pages', async () => {
    const { explained, target } = await daemon('n1', [
      route('192.0.2.0/24', [tor, otherTor, '172.16.0.2']),
      route('198.51.100.0/24', ['172.16.0.2', otherTor]),
      { ...route('203.0.113.0/24', [tor, otherTor]), senders: undefined },
    ]);
    const { heard } = await readHeard([target], new Set([tor, otherTor]), nodes);
    expect(Object.fromEntries(heard.routes)).toEqual({
      [tor]: ['192.0.2.0/24', '203.0.113.0/24'],
      [otherTor]: ['192.0.2.0/24', '198.51.100.0/24'],
    });
    const { heard: other } = await readHeard([target], new Set([otherTor]), nodes);
    expect([...other.routes.keys()]).toEqual([otherTor]);
    expect(explained).toEqual([]);
  });

  test('has both default routes where there are more routes than are looked at', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) =>
      route(`10.${index >> 8}.${index & 255}.0/24`, [tor]),
    );
    const routes = [...many, route('0.0.0.0/0', [tor]), route('::/0', [tor])];
    routes.sort((left, right) => (left.prefix < right.prefix ? -1 : 1));
    const { explained, target } = await daemon('n2', routes);
    const { heard, notes } = await readHeard([target], new Set([tor]), nodes.slice(1, 2));
    expect(heard.routes.get(tor)).toHaveLength(5_001);
    expect(heard.routes.get(tor)).toEqual(expect.arrayContaining(['0.0.0.0/0', '::/0']));
    expect(notes).toEqual(['Of the routes of n2 the first 5000 and default routes are planned with.']);
    expect(explained).toEqual(['::/0']);
  });

  test('is said to be that of so many nodes, and who could not be asked', async () => {
    const { target } = await daemon('n1', [], '172.16.0.1/24');
    const { heard, notes } = await readHeard([target], new Set([tor]), nodes);
    expect(heard).toEqual({ routes: new Map([[tor, []]]), nodes: 1 });
    expect(notes).toEqual([
      'What peers outside announce to 4 of 5 nodes is left out: n2, n3, n4 and 1 more could not be asked. ' +
        'With --client-certificate those are that have weft.dev/control-address.',
    ]);
  });

  test.each([
    ['has no such Node', 'stranger', undefined],
    ['has that Node at another address', 'n1', '10.9.9.9/24'],
  ])('is not what the daemon of another cluster says: the datastore %s', async (_, name, place) => {
    const { target } = await daemon(name, [route('192.0.2.0/24', [tor])], place);
    const { heard, notes } = await readHeard([target], new Set([tor]), nodes);
    expect(heard).toEqual({ routes: new Map(), nodes: 0 });
    expect(notes[0]).toBe(
      `The weftd that calls itself ${name} is not asked: the datastore has no Node of that name with its address.`,
    );
    expect(notes[1]).toContain('5 of 5 nodes');
  });
});

test('peers that are named by an interface are said not to be planned', () => {
  const named = { metadata: { name: 'leaf', annotations: { 'weft.dev/interface': 'eth1' } }, spec: {} };
  const bgpPeers = [named as never, resource('BGPPeer', 'tor', { peerIP: tor, asNumber: 65_000 })];
  expect(interfaceNotes(bgpPeers)).toEqual([
    'BGPPeer leaf names an interface: its sessions and what is announced there are not planned.',
  ]);
});
