import { address, prefix } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import type { PeerConfig } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { affinity, endpoint, inputOf, node, pool, resource } from '../../test/fixtures.ts';
import { calculate, createCalculator } from '../calculate.ts';
import type { DesiredState } from '../desired-state.ts';
import { DEFAULT_FELIX_SETTINGS, NO_IPV6 } from '../felix-settings.ts';
import type { CalcInput } from '../input.ts';
import { isOfWorkload, nextHopStates, remoteRoute, routingContext } from '../remote-route.ts';
import { type HandOverInput, handOver } from './hand-over.ts';
import { needsWorkloadLabels } from './workload-peers.ts';

const HOST4 = address('169.254.0.179');
const HOST6 = address('fd00:169::179');
const configuration = { localWorkloadPeeringIPV4: HOST4, localWorkloadPeeringIPV6: HOST6 };
const vms = { localWorkloadSelector: "app == 'bird'", asNumber: 65401 };

/** A workload of node1, with labels. */
function workload(id: string, addresses: readonly string[], labels = { app: 'bird' }): WorkloadEndpoint {
  const plain = endpoint('node1', id, ...addresses);
  return { ...plain, metadata: { ...plain.metadata, labels } };
}

const one = workload('one', ['10.1.0.5/32', '10.1.0.6/32', 'fd00:1::5/128']);

function inputWith(
  peers: Record<string, Record<string, unknown>>,
  more: Partial<CalcInput> & { readonly settings4?: Record<string, unknown> } = {},
): CalcInput {
  const { settings4 = configuration, ...given } = more;
  return inputOf({
    nodes: [node('node1', { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64', labels: { rack: 'a' } })],
    bgpPeers: Object.entries(peers).map(([name, spec]) => resource('BGPPeer', name, spec)),
    bgpConfigurations: [resource('BGPConfiguration', 'default', settings4)],
    pools: [pool('pods', '10.1.0.0/16')],
    blockAffinities: [affinity('node1', '10.1.0.0/26')],
    endpoints: [one],
    ...given,
  });
}

function decisions(input: CalcInput): string[] {
  return calculate(input).sessions.map((session) =>
    session.kind === 'session'
      ? `${session.name} ${session.passive ? 'passive' : 'active'}: ${session.reason}`
      : `not ${session.peer}: ${session.reason}`,
  );
}

function peersOf({ speaker }: DesiredState): readonly PeerConfig[] {
  return speaker.kind === 'bgp' ? speaker.config.peers : [];
}

const asked = 'BGPPeer vms, which selects default/node1-cni-one-eth0,';
const both = [
  `Local_Workload_10_1_0_5 passive: ${asked} names it; it opens the connection, to ${HOST4} on calione`,
  `Local_Workload_fd00_1__5 passive: ${asked} names it; it opens the connection, to ${HOST6} on calione`,
];

describe('a BGPPeer that selects workloads', () => {
  it('has a session with the first address of each family, opened by the workload', () => {
    expect(decisions(inputWith({ vms }))).toEqual(both);
  });

  it('makes each a passive peer that carries its family, is bound to no address and has the host as next hop', () => {
    const [v4, v6] = peersOf(calculate(inputWith({ vms: { ...vms, nextHopMode: 'Keep', ttlSecurity: 1 } })));
    expect(v4).toMatchObject({
      address: '10.1.0.5',
      asn: 65401,
      passive: true,
      behindUs: true,
      maxPrefix: { prefixes: 1_000, action: 'restart' },
      families: ['ipv4-unicast'],
      nextHop: 'keep',
      nextHopAddresses: { ipv4: HOST4 },
      ttlSecurityHops: 1,
      description: 'Local_Workload_10_1_0_5',
    });
    expect(v6).toMatchObject({ families: ['ipv6-unicast'], nextHopAddresses: { ipv6: HOST6 } });
    for (const peer of [v4, v6]) {
      expect(peer).not.toHaveProperty('localAddress');
      expect(peer).not.toHaveProperty('interface');
    }
  });

  it('has its filters, its local AS number and its password hold', () => {
    const spec = {
      ...vms,
      localASNumber: 65002,
      filters: ['child'],
      password: { secretKeyRef: { name: 'bgp', key: 'vms' } },
    };
    const child = resource('BGPFilter', 'child', { importV4: [{ action: 'Reject' }] });
    const secrets = new Map([['bgp/vms', 'hush']]);
    const [peer] = peersOf(calculate(inputWith({ vms: spec }, { bgpFilters: [child], secrets })));
    expect(peer).toMatchObject({ localAsn: 65002, password: 'hush' });
    expect(peer?.importPolicy).toMatchObject([{ name: 'BGPFilter child importV4[0]', action: 'reject' }]);
    expect(peersOf(calculate(inputWith({ vms: spec }, { bgpFilters: [child] })))).toEqual([]);
  });

  it('watches them not by BFD, and says so', () => {
    const bgpPeers = [resource('BGPPeer', 'vms', vms, { annotations: { 'weft.dev/bfd': '300ms x 3' } })];
    const state = calculate(inputWith({}, { bgpPeers }));
    expect(peersOf(state)[0]).not.toHaveProperty('bfd');
    expect(state.sessions[0]?.reason).toMatch(/; without BFD, which is not for workloads$/);
  });

  it.each([
    ['its own labels', "app == 'bird'", true],
    ['its namespace', "projectcalico.org/namespace == 'default'", true],
    ['its orchestrator', "projectcalico.org/orchestrator == 'cni'", true],
    ['labels of the node', "rack == 'a'", false],
    ['labels it lacks', "app == 'frr'", false],
  ])('looks at %s', (_, localWorkloadSelector, isSelected) => {
    const state = calculate(inputWith({ vms: { ...vms, localWorkloadSelector } }));
    expect(peersOf(state)).toHaveLength(isSelected ? 2 : 0);
  });

  const rows: readonly {
    readonly name: string;
    readonly input: CalcInput;
    readonly expected: readonly string[];
  }[] = [
    {
      name: 'for other nodes',
      input: inputWith({ vms: { ...vms, nodeSelector: "rack == 'b'" } }),
      expected: ["not app == 'bird': BGPPeer vms asks for it; it is for nodes with rack == 'b'"],
    },
    {
      name: 'with nobody who has the labels here',
      input: inputWith({ vms }, { endpoints: [workload('two', ['10.1.0.7/32'], { app: 'frr' })] }),
      expected: ["not app == 'bird': BGPPeer vms asks for it; no workload of this node has app == 'bird'"],
    },
    {
      name: 'with a workload of another node',
      input: inputWith({ vms }, { endpoints: [{ ...one, spec: { ...one.spec, node: 'node2' } }] }),
      expected: ["not app == 'bird': BGPPeer vms asks for it; no workload of this node has app == 'bird'"],
    },
    {
      name: 'without an address of this node for a family',
      input: inputWith({ vms }, { settings4: { localWorkloadPeeringIPV4: HOST4 } }),
      expected: [
        both[0] as string,
        `not fd00:1::5: ${asked} asks for it; the BGPConfiguration says no localWorkloadPeeringIPV6, the address that workloads peer with; set it`,
      ],
    },
    {
      name: 'on a node without IPv6',
      input: inputWith({ vms }, { felix: { ...DEFAULT_FELIX_SETTINGS, ipv6Support: false } }),
      expected: [both[0] as string, `not fd00:1::5: ${asked} asks for it; ${NO_IPV6}`],
    },
    {
      name: 'on a node that listens on its own address alone',
      input: inputWith(
        { vms },
        {
          settings4: { localWorkloadPeeringIPV4: HOST4, bindMode: 'NodeIP' },
          endpoints: [workload('one', ['10.1.0.5/32'])],
        },
      ),
      expected: [
        `not 10.1.0.5: ${asked} asks for it; with bindMode NodeIP nobody listens on ${HOST4}; set bindMode to None`,
      ],
    },
    {
      name: 'that another selects too: the first by name counts, whether for all nodes or for one',
      input: inputWith(
        { vms, first: { ...vms, asNumber: 65402, node: 'node1' } },
        { endpoints: [workload('one', ['10.1.0.5/32'])] },
      ),
      expected: [
        `Local_Workload_10_1_0_5 passive: ${asked.replace('vms', 'first')} names it; it opens the connection, to ${HOST4} on calione`,
        `not 10.1.0.5: ${asked} asks for it; ${asked.replace('vms', 'first')} comes first and asks for 10.1.0.5 too`,
      ],
    },
  ];
  it.each(rows)('$name', ({ input, expected }) => {
    expect(decisions(input)).toEqual(expected);
  });

  it('is another decision once an endpoint came, went or has other labels, and the same one otherwise', () => {
    const calculator = createCalculator();
    const input = inputWith({ vms });
    const before = calculator(input);
    const stranger = workload('two', ['10.1.0.7/32'], { app: 'frr' });
    expect(calculator({ ...input, endpoints: [one, stranger] }).sessions).toBe(before.sessions);
    const known = { ...stranger, metadata: { ...stranger.metadata, labels: { app: 'bird' } } };
    expect(peersOf(calculator({ ...input, endpoints: [one, known] }))).toHaveLength(3);
    expect(peersOf(calculator({ ...input, endpoints: [known] }))).toHaveLength(1);
    expect(peersOf(calculator({ ...input, endpoints: [] }))).toEqual([]);
  });
});

describe('labels of workloads', () => {
  it.each([
    ['for all nodes', {}, true],
    ['for this node by its name', { node: 'node1' }, true],
    ['for this node by its labels', { nodeSelector: "rack == 'a'" }, true],
    ['for another node', { node: 'node2' }, false],
    ['for nodes with other labels', { nodeSelector: "rack == 'b'" }, false],
  ])('count with a BGPPeer %s: %o', (_, scope, needed) => {
    expect(needsWorkloadLabels(inputWith({ vms: { ...vms, ...scope } }))).toBe(needed);
  });

  it('do not count without one that selects by them, nor without the Node', () => {
    expect(needsWorkloadLabels(inputWith({ tor: { peerIP: '10.0.0.254', asNumber: 65000 } }))).toBe(false);
    expect(needsWorkloadLabels(inputWith({ vms }, { nodes: [] }))).toBe(false);
  });

  it('that other nodes go by cost no decision of this one', () => {
    const calculator = createCalculator();
    const input = inputWith({ vms: { ...vms, node: 'node2' } });
    const before = calculator(input);
    expect(calculator({ ...input, endpoints: [] }).sessions).toBe(before.sessions);
  });
});

describe('what a workload announces', () => {
  const path = {
    source: 'external',
    peer: address('10.1.0.5'),
    nextHops: [{ address: address('10.1.0.5') }],
    localPref: 100,
    stale: false,
  } as const;

  it('leads to it by its interface, on which the host has an address', () => {
    const input = inputWith({ vms });
    const state = calculate(input);
    expect(state.peeringWorkloads).toEqual([
      { interface: 'calione', workload: '10.1.0.5', host: HOST4 },
      { interface: 'calione', workload: 'fd00:1::5', host: HOST6 },
    ]);
    const context = routingContext(input, state);
    expect(remoteRoute(prefix('10.9.0.0/24'), path, context)).toEqual({
      kind: 'route',
      route: {
        destination: '10.9.0.0/24',
        type: 'unicast',
        via: [{ gateway: '10.1.0.5', interface: 'calione' }],
        metric: 2_147_483_547,
        class: 'no-encap',
        reason: 'learned from 10.1.0.5 (eBGP, LOCAL_PREF 100); 10.1.0.5 is the workload on calione',
      },
    });
    expect(nextHopStates([address('10.1.0.5')], context)).toEqual([
      { address: '10.1.0.5', reachable: true, metric: 0, interface: 'calione' },
    ]);
  });

  it('is known to be of a workload: by its peer on this node, by its AS number from others', () => {
    const mesh = { ...path, source: 'internal', peer: address('10.0.0.2') } as const;
    const contextOf = (peers: Parameters<typeof inputWith>[0]) => {
      const input = inputWith(peers);
      return routingContext(input, calculate(input));
    };
    const elsewhere = contextOf({ vms: { ...vms, node: 'node2' } });
    const outcomes = [
      isOfWorkload(path, contextOf({ vms: { ...vms, asNumber: 64512 } })),
      isOfWorkload({ ...mesh, neighbourAsn: 65401 }, elsewhere),
      isOfWorkload({ ...mesh, neighbourAsn: 65402 }, elsewhere),
      isOfWorkload(mesh, elsewhere),
      isOfWorkload({ ...mesh, neighbourAsn: 65401 }, contextOf({})),
    ];
    expect(outcomes).toEqual([true, true, false, false, false]);
  });

  it('leads nowhere once it is no peer any more', () => {
    const input = inputWith({});
    const outcome = remoteRoute(prefix('10.9.0.0/24'), path, routingContext(input, calculate(input)));
    expect(outcome).not.toMatchObject({ route: { via: [{ interface: 'calione' }] } });
  });
});

describe('a session with a workload that is not asked for any more', () => {
  const [wanted] = peersOf(calculate(inputWith({ vms })));
  const internal = { ...(wanted as PeerConfig), asn: 64512 };
  const former = calculate(inputWith({ vms })).sessions;
  const input: HandOverInput = {
    wanted: [],
    decisions: [],
    running: [{ config: internal, settled: true, since: 0 }],
    former,
    awaitedSince: [],
    soleRoutes: () => new Map([[address('10.1.0.5'), { prefixes: 1, example: prefix('10.9.0.0/24') }]]),
    soleRoutesOfCluster: () => undefined,
    asn: 64512,
    nodeAddresses: [],
    now: 0,
  };

  it('ends at once, even if it is internal and nobody else has its routes', () => {
    expect(handOver(input)).toMatchObject({ peers: [], withoutCease: [], pending: false });
  });

  it('and one that does not come up holds nobody else', () => {
    const tor = { ...internal, address: '10.0.0.254', asn: 65000, behindUs: undefined } as PeerConfig;
    const running = [{ config: tor, settled: true, since: 0 }];
    const soleRoutes: HandOverInput['soleRoutes'] = () =>
      new Map([[address('10.0.0.254'), { prefixes: 1, example: prefix('0.0.0.0/0') }]]);
    const next = handOver({ ...input, wanted: [internal], running, soleRoutes, former: [] });
    expect(next).toMatchObject({ peers: [internal], withoutCease: [] });
  });
});
