/**
 * What fields of BGPPeer, BGPFilter and BGPConfiguration do, as BIRD at the other end, the routes of the kernel and its sockets
 * tell: the resources are applied while everything runs.
 */
import { addPod, chooseTopology } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Changing } from './topology-changes/changing.ts';

const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../topologies/bgp-fields/topology.yaml`,
  0,
  0,
);

/** What the router announces in router.bird.conf, IPv4 and IPv6. */
const OUTER = {
  whole: ['198.51.100.0/24', 'fd98:100::/24'],
  half: ['198.51.100.0/25', 'fd98:100::/25'],
  quarter: ['198.51.100.0/26', 'fd98:100::/26'],
  tagged: ['203.0.113.0/24', 'fd03:100::/24'],
  large: ['203.0.113.0/25', 'fd03:100::/25'],
  transit: ['192.0.2.0/25', 'fd02:100::/25'],
} as const;
/** Its path holds the AS number of the nodes. */
const OWN_AS = { own: ['192.0.2.0/26', 'fd02:100::/26'] } as const;
const INNER = {
  plain: ['192.0.2.128/26', 'fd02:180::/26'],
  better: ['192.0.2.192/26', 'fd02:1c0::/26'],
} as const;
const ROUTES = { ...OUTER, ...OWN_AS, ...INNER };
type Name = keyof typeof ROUTES;
const ALL_OF_OUTER = Object.keys(OUTER) as Name[];
const ALL_OF_INNER = Object.keys(INNER) as Name[];

/** The peers of node1, each for the field that it shows. */
const PEERS = {
  outer: {
    peerIP: '10.1.0.251',
    asNumber: 65000,
    filters: ['outer'],
    maxRestartTime: '33s',
    keepaliveTime: '1s',
  },
  inner: { peerIP: '10.1.0.252', asNumber: 64512, filters: ['inner'] },
  secure: { peerIP: '10.1.0.253', asNumber: 65001, ttlSecurity: 1 },
  core: { peerIP: '10.9.0.251', asNumber: 65002, sourceAddress: 'None' },
  far: { peerIP: '10.8.0.251', asNumber: 65003, reachableBy: '10.1.0.251' },
} as const;
const CALICO = '10.1.0.250';
const ADDRESSES = Object.values(PEERS).map(({ peerIP }) => peerIP);

/** A rule for both families, with a name in place of the range. */
interface Rule {
  readonly cidr?: Name;
  readonly action: 'Accept' | 'Reject';
  readonly [field: string]: unknown;
}

const lab = useLab('t-fields', topology, baseDirectory);
let changing: Changing;
beforeAll(async () => {
  changing = await Changing.of(lab);
  for (const node of ['node1', 'node2']) await addPod(lab.name, node);
});
afterAll(() => changing?.close());

function birdc(...command: string[]): Promise<string> {
  return lab.run('router', 'birdc', '-s', `/run/weft/lab/${lab.name}/hosts/router/bird.ctl`, ...command);
}

function putPeer(name: keyof typeof PEERS, more: object = {}): Promise<void> {
  return changing.put('BGPPeer', name, { node: 'node1', ...PEERS[name], ...more });
}

/** Gives a peer one filter, for one direction. */
function putFilter(
  peer: 'outer' | 'inner',
  direction: 'import' | 'export',
  rules: readonly Rule[],
): Promise<void> {
  const ofFamily = (index: 0 | 1) =>
    rules.map(({ cidr, ...rule }) => ({ ...rule, ...(cidr && { cidr: ROUTES[cidr][index] }) }));
  const spec = { [`${direction}V4`]: ofFamily(0), [`${direction}V6`]: ofFamily(1) };
  return changing.put('BGPFilter', peer, spec);
}

/** Waits until node1's kernel has these routes of a peer in both families, and no others of it. */
async function waitForRoutes(announced: readonly Name[], wanted: readonly Name[]): Promise<void> {
  const expected = announced.filter((name) => wanted.includes(name)).join(' ');
  await waitFor(`of ${announced} node1 has exactly: ${expected}`, async () => {
    const routes = await lab.routes('node1');
    return ([0, 1] as const).every((family) => {
      const found = announced.filter((name) =>
        routes.some((route) => route.startsWith(`${ROUTES[name][family]} `)),
      );
      return found.join(' ') === expected;
    });
  });
}

/** The blocks of a node, one of each family. */
async function blocks(node: string): Promise<string[]> {
  const found = await lab.blocksOf(node);
  expect(found).toHaveLength(2);
  return found;
}

/** What the router knows of a prefix from node1 by one of its protocols; empty while it knows nothing. */
async function heard(protocol: string, prefix: string): Promise<string> {
  // While it has no route at all it ends with 1.
  const answer = birdc('show', 'route', 'for', prefix, 'protocol', protocol, 'all').catch(() => '');
  const [_greeting, ...lines] = (await answer).split('\n');
  return lines.join('\n');
}

/** Waits until the router has heard of a prefix with these lines. */
async function waitUntilHeard(protocol: string, prefix: string, lines: readonly string[]): Promise<void> {
  const last = { text: '' };
  await waitFor(`${protocol} hears ${prefix}`, async () => {
    last.text = await heard(protocol, prefix);
    return last.text !== '' && lines.every((line) => `${last.text}\n`.includes(`\t${line}\n`));
  }).catch((error) => {
    throw new Error(`${error.message}\nwith ${lines.join(', ')}\nbut: ${last.text}`);
  });
}

describe('reversePeering', () => {
  const pair = { node: 'node1', peerSelector: 'has(reflects)' };

  it('Manual leaves the way back to the operator', async () => {
    await changing.put('BGPPeer', 'pair', { ...pair, reversePeering: 'Manual' });
    // What node2 reads after it, it has decided with it.
    await changing.put('BGPPeer', 'later', { node: 'node2', peerIP: '10.1.0.99', asNumber: 65099 });
    const addressesOf = async (node: string) => (await changing.peers(node)).map(({ address }) => address);
    await waitFor('node2 has the later peer', async () => (await addressesOf('node2')).includes('10.1.0.99'));
    const found = await addressesOf('node2');
    await changing.remove('BGPPeer', 'later');
    expect(found).toEqual(['10.1.0.99']);
    await waitFor('node1 has node2', async () => (await addressesOf('node1')).includes('10.1.0.2'));
  });

  it('Auto makes it', async () => {
    await changing.put('BGPPeer', 'pair', { ...pair, reversePeering: 'Auto' });
    await changing.settle({ node1: ['10.1.0.2', CALICO], node2: ['10.1.0.1'] });
  });
});

describe('a session', () => {
  it('comes up with every peer, in its own way', async () => {
    for (const filter of ['outer', 'inner'] as const)
      await putFilter(filter, 'import', [{ action: 'Accept' }]);
    for (const name of Object.keys(PEERS) as (keyof typeof PEERS)[]) await putPeer(name);
    await changing.settle({ node1: ['10.1.0.2', CALICO, ...ADDRESSES] });
    // What node1 sends with a TTL that is too low never arrives: only the router tells.
    await waitFor('the router has all of them', async () => {
      const sessions = (await birdc('show', 'protocols'))
        .split('\n')
        .filter((line) => line.includes(' BGP '));
      return sessions.length === 6 && sessions.every((line) => line.includes('Established'));
    });
  });

  it.each([
    ['outer', 33, 'maxRestartTime'],
    ['calico', 77, 'nodeMeshMaxRestartTime'],
    ['inner', 120, 'neither'],
  ])('asks %s to keep its routes for %d s: %s', async (protocol, seconds) => {
    const told = (await birdc('show', 'protocols', 'all', protocol)).split('Neighbor capabilities')[1];
    expect(told).toContain(`Restart time: ${seconds}\n`);
  });

  it.each([
    ['the address of the node', '10.1.0.251', '10.1.0.1'],
    ['any, with sourceAddress: None', '10.9.0.251', '10.9.0.1'],
  ])('is from %s', async (_, peer, source) => {
    const sockets = await lab.run('node1', 'ss', '-tnH', 'state', 'established', 'dst', peer);
    expect(sockets).toMatch(
      new RegExp(` ${source.replaceAll('.', '\\.')}:\\d+ +${peer.replaceAll('.', '\\.')}:179`),
    );
  });

  it('goes by a host route where reachableBy names the gateway', async () => {
    expect(await lab.run('node1', 'ip', 'route', 'show', '10.8.0.251')).toMatch(
      /^10\.8\.0\.251 via 10\.1\.0\.251 dev eth1 proto weft /,
    );
  });

  it('has a KEEPALIVE as often as keepaliveTime says, where one each 30 s is the rule', async () => {
    const sent = async (): Promise<number> => {
      const socket = await lab.run('node1', 'ss', '-tniH', 'dst', '10.1.0.251');
      return Number(/bytes_sent:(\d+)/.exec(socket)?.[1]);
    };
    const before = await sent();
    const threeKeepalives = 3 * 19;
    await waitFor('three are sent', async () => (await sent()) >= before + threeKeepalives, 10_000);
  });
});

describe('bindMode: NodeIP', () => {
  it('listens on the addresses of the node alone, and the sessions stay', async () => {
    const listening = async (): Promise<string[]> => {
      const sockets = await lab.run('node1', 'ss', '-ltnH', 'sport', '=', ':179');
      return sockets
        .split('\n')
        .map((line) => `${line.split(/\s+/)[3]}`)
        .sort();
    };
    const before = await changing.sessions(['node1', 'node2']);
    expect(await listening()).toEqual(['0.0.0.0:179', '[::]:179']);
    await changing.put('BGPConfiguration', 'default', { nodeMeshMaxRestartTime: '77s', bindMode: 'NodeIP' });
    await waitFor('both are bound', async () => `${await listening()}` === '10.1.0.1:179,[fd00:1::1]:179');
    expect(await changing.sessions(['node1', 'node2'])).toEqual(before);
  });
});

describe('a rule of a BGPFilter on import', () => {
  const accept = (match: object): Rule[] => [{ ...match, action: 'Accept' }];

  it.each<[string, 'outer' | 'inner', Rule[], Name[]]>([
    ['Equal', 'outer', accept({ cidr: 'whole', matchOperator: 'Equal' }), ['whole']],
    [
      'NotEqual',
      'outer',
      accept({ cidr: 'whole', matchOperator: 'NotEqual' }),
      ['half', 'quarter', 'tagged', 'large', 'transit'],
    ],
    ['In', 'outer', accept({ cidr: 'whole', matchOperator: 'In' }), ['whole', 'half', 'quarter']],
    ['NotIn', 'outer', accept({ cidr: 'whole', matchOperator: 'NotIn' }), ['tagged', 'large', 'transit']],
    [
      'prefixLength',
      'outer',
      accept({ cidr: 'whole', matchOperator: 'In', prefixLength: { min: 25, max: 25 } }),
      ['half'],
    ],
    ['a community', 'outer', accept({ communities: { values: ['65000:1'] } }), ['tagged']],
    ['a large community', 'outer', accept({ communities: { values: ['65000:1:2'] } }), ['large']],
    ['asPathPrefix', 'outer', accept({ asPathPrefix: [65000, 65007] }), ['transit']],
    ['peerType iBGP', 'outer', [{ peerType: 'iBGP', action: 'Reject' }, { action: 'Accept' }], ALL_OF_OUTER],
    ['peerType iBGP', 'inner', accept({ peerType: 'iBGP' }), ALL_OF_INNER],
    ['peerType eBGP', 'inner', [{ peerType: 'eBGP', action: 'Reject' }, { action: 'Accept' }], ALL_OF_INNER],
    ['priority', 'inner', accept({ priority: 500 }), ['better']],
  ])('matches by %s what %s announces', async (_, peer, rules, wanted) => {
    const announced = peer === 'outer' ? ALL_OF_OUTER : ALL_OF_INNER;
    await putFilter(peer, 'import', [{ action: 'Reject' }]);
    await waitForRoutes(announced, []);
    await putFilter(peer, 'import', [...rules, { action: 'Reject' }]);
    await waitForRoutes(announced, wanted);
  });

  it('changes what it accepts: the metric in the kernel, and what others hear of it', async () => {
    const operations = [
      { setPriority: { value: 300 } },
      { addCommunity: { value: '64512:9' } },
      { addCommunity: { value: '64512:9:9' } },
      { prependASPath: { prefix: [65020, 65021] } },
    ];
    await putFilter('inner', 'import', [
      { cidr: 'plain', matchOperator: 'In', action: 'Accept', operations },
      { action: 'Accept' },
    ]);
    await putFilter('outer', 'export', [{ communities: { values: ['64512:9'] }, action: 'Accept' }]);
    for (const family of [0, 1] as const) {
      const metrics = { [INNER.plain[family]]: 300, [INNER.better[family]]: 500 };
      for (const [prefix, metric] of Object.entries(metrics))
        await waitFor(`${prefix} has metric ${metric}`, async () =>
          (await lab.routes('node1')).some(
            (route) => route.startsWith(`${prefix} `) && route.includes(` metric ${metric}`),
          ),
        );
      await waitUntilHeard('outer', INNER.plain[family], [
        'BGP.as_path: 64512 65020 65021',
        'BGP.community: (64512,9)',
        'BGP.large_community: (64512, 9, 9)',
      ]);
      expect(await heard('outer', INNER.better[family])).toBe('');
    }
  });
});

describe('a rule of a BGPFilter on export', () => {
  it.each<[string, 'outer' | 'inner', object[], string[]]>([
    ['nothing', 'outer', [], ['BGP.as_path: 64512', 'BGP.local_pref: 100']],
    ['nothing', 'inner', [], ['BGP.as_path: ', 'BGP.local_pref: 2147482623']],
    [
      'addCommunity',
      'outer',
      [{ addCommunity: { value: '64512:5' } }, { addCommunity: { value: '64512:5:6' } }],
      ['BGP.community: (64512,5)', 'BGP.large_community: (64512, 5, 6)'],
    ],
    [
      'prependASPath',
      'outer',
      [{ prependASPath: { prefix: [65010, 65011] } }],
      ['BGP.as_path: 64512 65010 65011'],
    ],
    ['prependASPath', 'inner', [{ prependASPath: { prefix: [65010, 65011] } }], ['BGP.as_path: 65010 65011']],
    ['setPriority', 'inner', [{ setPriority: { value: 300 } }], ['BGP.local_pref: 2147483347']],
  ])('does %s to what %s is told', async (_, peer, operations, lines) => {
    const rule: Rule = { action: 'Accept', ...(operations.length > 0 && { operations }) };
    await putFilter(peer, 'export', [rule]);
    for (const block of await blocks('node1')) await waitUntilHeard(peer, block, lines);
  });

  it('matches by the interface that a route leaves by', async () => {
    for (const block of await blocks('node2')) await waitUntilHeard('outer', block, []);
    await putFilter('outer', 'export', [{ interface: 'eth*', action: 'Reject' }]);
    for (const block of await blocks('node2'))
      await waitFor(`${block} is withdrawn`, async () => (await heard('outer', block)) === '');
    for (const block of await blocks('node1')) await waitUntilHeard('outer', block, []);
  });
});

describe('of a BGPPeer', () => {
  beforeAll(() => putFilter('outer', 'import', [{ action: 'Accept' }]));

  it('keepOriginalNextHop tells an external peer who the routes are from', async () => {
    const nextHops = { '10.244': ['10.1.0.1', '10.1.0.2'], 'fd00:10': ['fd00:1::1', 'fd00:1::2'] };
    for (const [index, keepOriginalNextHop] of [false, true].entries()) {
      await putPeer('outer', { keepOriginalNextHop });
      for (const block of await blocks('node2')) {
        const [, both = []] = Object.entries(nextHops).find(([start]) => block.startsWith(start)) ?? [];
        await waitUntilHeard('outer', block, [`BGP.next_hop: ${both[index]}`]);
      }
    }
  });

  it('numAllowedLocalASNumbers lets a route in that has been in our AS', async () => {
    await putPeer('outer', { numAllowedLocalASNumbers: 1 });
    await waitForRoutes([...ALL_OF_OUTER, 'own'], [...ALL_OF_OUTER, 'own']);
    await putPeer('outer');
    await waitForRoutes([...ALL_OF_OUTER, 'own'], ALL_OF_OUTER);
  });
});
