/**
 * Named states of a cluster as one node sees it, with all that must follow from them. Each is computed from its input in
 * every order, and with everything doubled: the outcome is the same.
 */
import { address } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { affinity, endpoint, facts, inputOf, node, pool, resource } from '../test/fixtures.ts';
import { calculate, createCalculator } from './calculate.ts';
import type { DesiredState } from './desired-state.ts';
import { type CalcInput, DEFAULT_SETTINGS } from './input.ts';

/** The state in lines, reasons included. */
function lines(state: DesiredState): string[] {
  const { speaker } = state;
  return [
    speaker.kind === 'bgp'
      ? `speaker ${speaker.config.asn} ${speaker.config.identifier} ` +
        speaker.config.listen.map(({ address: at, port }) => `[${at}]:${port}`).join(' ')
      : `no speaker: ${speaker.reason}`,
    ...state.announcements.map(
      ({ prefix, localPref, reason }) => `announce ${prefix} ${localPref}: ${reason}`,
    ),
    ...state.notAnnounced.map(({ prefix, reason }) => `not announced ${prefix}: ${reason}`),
    ...state.routes.map(
      ({ type, destination, via, metric, class: name, reason }) =>
        `${name} ${type} ${destination} ${via.map((hop) => `${hop.gateway ?? ''}@${hop.interface}`).join(' ')} ` +
        `${metric}: ${reason}`,
    ),
    ...state.sessions.map((session) =>
      session.kind === 'session'
        ? `session ${session.name} ${session.passive ? 'passive' : 'active'} ${session.families.join('+')}: ${session.reason}`
        : `no session with ${session.peer}: ${session.reason}`,
    ),
  ];
}

/** As Calico leaves one for a moment; users cannot write it. */
function deletedAffinity(nodeName: string, cidr: string): ReturnType<typeof affinity> {
  const whole = affinity(nodeName, cidr);
  return { ...whole, spec: { ...whole.spec, deleted: true } };
}

const node1 = node('node1', { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64' });
const node2 = node('node2', { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64' });
const calico3 = node('node3', { ipv4: '10.0.0.3/24', ipv6: 'fd00::3/64', calico: true });
const pools = [pool('pods', '10.1.0.0/16'), pool('pods6', 'fd00:1::/48')];
const blocks = [affinity('node1', '10.1.0.0/26'), affinity('node1', 'fd00:1::/122')];

const speaker = 'speaker 64512 10.0.0.1 [0.0.0.0]:179 [::]:179';
const announced = [
  'announce 10.1.0.0/26 2147482623: a confirmed block of this node',
  'announce fd00:1::/122 2147482623: a confirmed block of this node',
];
const blackholes = [
  'blackhole blackhole 10.1.0.0/26  1024: a confirmed block of this node: addresses in it that no workload has lead nowhere',
  'blackhole blackhole fd00:1::/122  1024: a confirmed block of this node: addresses in it that no workload has lead nowhere',
];

const states: readonly {
  readonly name: string;
  readonly input: CalcInput;
  readonly expected: readonly string[];
}[] = [
  {
    name: 'an empty datastore',
    input: inputOf(),
    expected: ['no speaker: there is no Node node1; create it, or check the name of this node'],
  },
  {
    name: 'a node without addresses',
    input: inputOf({ nodes: [node('node1', {}), node2] }),
    expected: ['no speaker: Node node1 has no BGP address; set spec.bgp.ipv4Address or spec.bgp.ipv6Address'],
  },
  {
    name: 'a node alone with its blocks and two pods',
    input: inputOf({
      nodes: [node1],
      pools,
      blockAffinities: blocks,
      endpoints: [
        endpoint('node1', 'b', '10.1.0.2/32'),
        endpoint('node1', 'a', '10.1.0.1/32', 'fd00:1::1/128'),
      ],
    }),
    expected: [
      speaker,
      ...announced,
      blackholes[0] ?? '',
      'local-workload unicast 10.1.0.1/32 @calia 1024: the address of default/node1-cni-a-eth0 on this node',
      'local-workload unicast 10.1.0.2/32 @calib 1024: the address of default/node1-cni-b-eth0 on this node',
      blackholes[1] ?? '',
      'local-workload unicast fd00:1::1/128 @calia 1024: the address of default/node1-cni-a-eth0 on this node',
    ],
  },
  {
    name: 'a mesh of weft and Calico: one session for both families, or one for each',
    input: inputOf({ nodes: [node1, node2, calico3], pools, blockAffinities: blocks }),
    expected: [
      speaker,
      ...announced,
      ...blackholes,
      'session Mesh_10_0_0_2 passive ipv4-unicast+ipv6-unicast: the mesh has it with node2; ' +
        'it opens the connection, since 10.0.0.2 > 10.0.0.1 as text',
      'session Mesh_10_0_0_3 passive ipv4-unicast: the mesh has it with node3; ' +
        'it opens the connection, since 10.0.0.3 > 10.0.0.1 as text',
      'session Mesh_fd00__3 passive ipv6-unicast: the mesh has it with node3; ' +
        'it opens the connection, since fd00::3 > fd00::1 as text',
    ],
  },
  {
    name: 'affinities that are not ours to announce',
    input: inputOf({
      nodes: [node1],
      pools,
      blockAffinities: [
        affinity('node1', '10.1.0.0/26', { state: 'pending' }),
        affinity('node1', '10.1.0.64/26', { state: 'pendingDeletion' }),
        deletedAffinity('node1', '10.1.0.128/26'),
        affinity('node1', '10.1.0.192/26', { type: 'virtual' }),
        affinity('node2', '10.1.1.0/26'),
      ],
    }),
    expected: [
      speaker,
      'not announced 10.1.0.0/26: the claim on the block is pending: another node may still get it',
      'not announced 10.1.0.64/26: the block is being given up',
    ],
  },
  {
    name: 'a block of one address: announced, no blackhole; and borrowed addresses',
    input: inputOf({
      nodes: [node1],
      pools: [
        pool('small', '10.1.0.0/24', { blockSize: 32 }),
        pool('small6', 'fd00:1::/112', { blockSize: 128 }),
      ],
      blockAffinities: [affinity('node1', '10.1.0.7/32'), affinity('node1', 'fd00:1::7/128')],
      endpoints: [
        endpoint('node1', 'a', '10.1.0.7/32', 'fd00:1::7/128'),
        endpoint('node1', 'b', '10.1.0.9/32'),
        endpoint('node1', 'c', '10.99.0.9/32'),
        endpoint('node2', 'd', '10.1.0.11/32'),
      ],
    }),
    expected: [
      speaker,
      'announce 10.1.0.7/32 2147482623: a confirmed block of this node',
      'announce 10.1.0.9/32 2147482623: the address of default/node1-cni-b-eth0, which lies in no block of this node',
      'announce fd00:1::7/128 2147482623: a confirmed block of this node',
      'not announced 10.99.0.9/32: the address of default/node1-cni-c-eth0 lies in no pool',
      'local-workload unicast 10.1.0.7/32 @calia 1024: the address of default/node1-cni-a-eth0 on this node',
      'local-workload unicast 10.1.0.9/32 @calib 1024: the address of default/node1-cni-b-eth0 on this node',
      'local-workload unicast 10.99.0.9/32 @calic 1024: the address of default/node1-cni-c-eth0 on this node',
      'local-workload unicast fd00:1::7/128 @calia 1024: the address of default/node1-cni-a-eth0 on this node',
    ],
  },
  {
    name: 'two workloads that claim one address: the first by name has it',
    input: inputOf({
      nodes: [node1],
      pools,
      blockAffinities: blocks.slice(0, 1),
      endpoints: [endpoint('node1', 'b', '10.1.0.1/32'), endpoint('node1', 'a', '10.1.0.1/32')],
    }),
    expected: [
      speaker,
      announced[0] ?? '',
      blackholes[0] ?? '',
      'local-workload unicast 10.1.0.1/32 @calia 1024: the address of default/node1-cni-a-eth0 on this node; ' +
        'default/node1-cni-b-eth0 claims it too and does not get it',
    ],
  },
  {
    name: 'settings of the cluster and of this node',
    input: inputOf({
      nodes: [node1],
      blockAffinities: blocks,
      bgpConfigurations: [
        resource('BGPConfiguration', 'default', {
          asNumber: 65001,
          listenPort: 1179,
          bindMode: 'NodeIP',
          ipv4NormalRoutePriority: 2000,
        }),
        resource('BGPConfiguration', 'node.node1', { listenPort: 2179 }),
        resource('BGPConfiguration', 'node.node2', { listenPort: 3179 }),
      ],
    }),
    expected: [
      'speaker 65001 10.0.0.1 [10.0.0.1]:2179 [fd00::1]:2179',
      'announce 10.1.0.0/26 2147481647: a confirmed block of this node',
      announced[1] ?? '',
      (blackholes[0] ?? '').replace('1024', '2000'),
      blackholes[1] ?? '',
    ],
  },
  {
    name: 'a peer behind a gateway of its own, and one whose gateway is not reachable',
    input: inputOf({
      nodes: [node1],
      bgpPeers: [
        resource('BGPPeer', 'tor', { peerIP: '192.0.2.1', asNumber: 65000, reachableBy: '10.0.0.250' }),
        resource('BGPPeer', 'tor6', { peerIP: '2001:db8::1', asNumber: 65000, reachableBy: '2001:db8:1::9' }),
      ],
    }),
    expected: [
      speaker,
      'peer-gateway unicast 192.0.2.1/32 10.0.0.250@eth0 1024: BGPPeer tor reaches 192.0.2.1 by 10.0.0.250',
      'session Global_192_0_2_1 active ipv4-unicast+ipv6-unicast: BGPPeer tor names it; both ends open',
      'session Global_2001_db8__1 active ipv4-unicast+ipv6-unicast: BGPPeer tor6 names it; both ends open',
    ],
  },
  {
    name: 'peers behind gateways that nobody asks for any more, while the speaker has them; and one that is asked for without',
    input: inputOf({
      nodes: [node1],
      bgpPeers: [resource('BGPPeer', 'spine', { peerIP: '192.0.2.7', asNumber: 65000 })],
      waysInUse: [
        { peer: address('192.0.2.7'), gateway: address('10.0.0.251'), askedBy: 'BGPPeer spine' },
        { peer: address('192.0.2.2'), gateway: address('10.0.0.251'), askedBy: 'BGPPeer tor2' },
        { peer: address('192.0.2.1'), gateway: address('10.0.0.250'), askedBy: 'BGPPeer tor' },
      ],
    }),
    expected: [
      speaker,
      'peer-gateway unicast 192.0.2.1/32 10.0.0.250@eth0 1024: the session that BGPPeer tor asked for reaches 192.0.2.1 by 10.0.0.250',
      'peer-gateway unicast 192.0.2.2/32 10.0.0.251@eth0 1024: the session that BGPPeer tor2 asked for reaches 192.0.2.2 by 10.0.0.251',
      'session Global_192_0_2_7 active ipv4-unicast+ipv6-unicast: BGPPeer spine names it; both ends open',
    ],
  },
];

const arrays = [
  'nodes',
  'pools',
  'bgpConfigurations',
  'bgpPeers',
  'bgpFilters',
  'blockAffinities',
  'endpoints',
  'waysInUse',
] as const;

function rearranged(input: CalcInput, arrange: <T>(items: readonly T[]) => readonly T[]): CalcInput {
  return {
    ...input,
    ...Object.fromEntries(arrays.map((name) => [name, arrange<unknown>(input[name] ?? [])])),
  };
}

describe.each(states)('$name', ({ input, expected }) => {
  it('gives the desired state with its reasons', () => {
    expect(lines(calculate(input))).toEqual(expected);
  });

  it('gives the same whatever the order of the input', () => {
    const state = JSON.stringify(calculate(input));
    expect(JSON.stringify(calculate(rearranged(input, (items) => items.toReversed())))).toBe(state);
    expect(
      JSON.stringify(calculate(rearranged(input, (items) => [...items.slice(1), ...items.slice(0, 1)]))),
    ).toBe(state);
  });

  it('gives the same when everything is told twice, and leaves its input alone', () => {
    const before = JSON.stringify(input);
    const doubled = rearranged(input, (items) => [...items, ...items]);
    expect(JSON.stringify(calculate(doubled))).toBe(JSON.stringify(calculate(input)));
    expect(JSON.stringify(input)).toBe(before);
  });
});

describe('the router id', () => {
  const ipv6Only = [node('node1', { ipv6: 'fd00::1/64' })];
  const digest = Uint8Array.from([230, 1, 2, 3, 4]);
  const cases = [
    { name: 'is the IPv4 address', nodes: [node1], routerId: 'auto', expected: '10.0.0.1' },
    {
      name: 'is a hash where there is no IPv4 address',
      nodes: ipv6Only,
      routerId: 'auto',
      expected: '198.1.2.3',
    },
    { name: 'is a hash when asked for', nodes: [node1], routerId: 'hash', expected: '198.1.2.3' },
    { name: 'is what the operator says', nodes: [node1], routerId: address('1.2.3.4'), expected: '1.2.3.4' },
  ] as const;
  it.each(cases)('$name', ({ nodes, routerId, expected }) => {
    const { speaker: found } = calculate(
      inputOf({ nodes, nodeNameDigest: digest, settings: { ...DEFAULT_SETTINGS, routerId } }),
    );
    expect(found.kind === 'bgp' && found.config.identifier).toBe(expected);
  });
});

describe('a node without IPv4', () => {
  it('listens on IPv6 only', () => {
    const { speaker: found } = calculate(inputOf({ nodes: [node('node1', { ipv6: 'fd00::1/64' })], facts }));
    expect(found).toMatchObject({ kind: 'bgp', config: { listen: [{ address: '::', port: 179 }] } });
  });
});

describe('the speaker', () => {
  it('proposes 90 s of hold time and asks for 120 s of graceful restart', () => {
    const { speaker: found } = calculate(inputOf({ nodes: [node1] }));
    expect(found).toMatchObject({
      config: { holdTimeSeconds: 90, gracefulRestart: { restartTimeSeconds: 120 }, peers: [] },
    });
  });
});

describe('a calculator', () => {
  it('answers as calculate does along all states, in any order', () => {
    const calculator = createCalculator();
    for (const { input } of [...states, ...states.toReversed(), ...states.flatMap((state) => [state, state])])
      expect(JSON.stringify(calculator(input))).toBe(JSON.stringify(calculate(input)));
  });

  it('takes what it decided from nodes and pools again while only workloads change', () => {
    const tunnelled = [pool('pods', '10.1.0.0/16', { vxlanMode: 'Always', natOutgoing: true })];
    const input = inputOf({ nodes: [node1, node2], pools: tunnelled, facts });
    const calculator = createCalculator();
    const decided = ({ mtu, nat, tunnels }: DesiredState) => [mtu, tunnels, ...nat.masquerades];
    const first = decided(calculator(input));
    const second = decided(calculator({ ...input, endpoints: [endpoint('node1', 'a', '10.1.0.1/32')] }));
    const third = decided(calculator({ ...input, nodes: [...input.nodes] }));
    expect(first).toHaveLength(3);
    expect(first.every((value, index) => value === second[index])).toBe(true);
    expect(first.some((value, index) => value === third[index])).toBe(false);
    expect(third).toEqual(first);
  });

  it('takes its decision about BGP again while only workloads and facts change', () => {
    const calculator = createCalculator();
    const input = inputOf({ nodes: [node1, node2], pools, blockAffinities: blocks });
    const first = calculator(input);
    const second = calculator({
      ...input,
      endpoints: [endpoint('node1', 'a', '10.1.0.1/32')],
      facts: { ...facts },
    });
    expect(second.speaker).toBe(first.speaker);
    expect(second.routes).toHaveLength(first.routes.length + 1);
    expect(calculator({ ...input, nodes: [...input.nodes] }).speaker).not.toBe(first.speaker);
  });
});

describe('a node without BGP by choice', () => {
  it('has no speaker and no sessions, and the tunnels and routes it has otherwise', () => {
    const tunnelled = [pool('pods', '10.1.0.0/16', { vxlanMode: 'Always' })];
    const input = inputOf({ nodes: [node1, node2], pools: tunnelled, blockAffinities: blocks, facts });
    const silent = calculate({ ...input, settings: { ...DEFAULT_SETTINGS, withoutBgp: true } });
    expect(silent).toMatchObject({
      speaker: {
        kind: 'no-bgp',
        isChosen: true,
        reason: expect.stringContaining('CALICO_NETWORKING_BACKEND'),
      },
      sessions: [],
    });
    const { routes, tunnels } = calculate(input);
    expect([silent.routes, silent.tunnels]).toEqual([routes, tunnels]);
    expect(tunnels).toHaveLength(1);
  });
});

describe('FelixConfiguration', () => {
  const input = inputOf({
    nodes: [node1],
    pools,
    blockAffinities: blocks,
    endpoints: [endpoint('node1', 'a', '10.1.0.1/32', 'fd00:1::1/128')],
  });
  const workloads = (felix: Partial<CalcInput['felix']>) =>
    calculate({ ...input, felix: { ...input.felix, ...felix } }).routes.filter(
      ({ class: name }) => name === 'local-workload',
    );

  it('sets metric and source of routes to workloads, by family', () => {
    const felix = {
      ipv4NormalRoutePriority: 2000,
      deviceRouteSourceAddress: address('10.0.0.1'),
      deviceRouteSourceAddressIPv6: address('fd00::1'),
    };
    expect(workloads(felix)).toMatchObject([
      { destination: '10.1.0.1/32', metric: 2000, preferredSource: '10.0.0.1' },
      { destination: 'fd00:1::1/128', metric: 1024, preferredSource: 'fd00::1' },
    ]);
    expect(workloads({}).map(({ metric, preferredSource }) => [metric, preferredSource])).toEqual([
      [1024, undefined],
      [1024, undefined],
    ]);
  });

  it('leaves IPv6 alone when it says so, and says why', () => {
    const state = calculate({ ...input, felix: { ...input.felix, ipv6Support: false } });
    expect(state.routes.map(({ destination }) => destination)).toEqual(['10.1.0.0/26', '10.1.0.1/32']);
    expect(state.announcements.map(({ prefix }) => prefix)).toEqual(['10.1.0.0/26']);
    expect(state.notAnnounced).toEqual([
      { prefix: 'fd00:1::/122', reason: 'FelixConfiguration says ipv6Support: false' },
    ]);
  });
});
