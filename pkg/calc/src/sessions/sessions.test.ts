import { address } from '@weft/ip';
import type { PeerConfig } from 'bgp-speaker-ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputOf, type NodeOptions, node, resource } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';
import type { CalcInput } from '../input.ts';

type Peer = Record<string, unknown>;

/** node1 (10.0.0.1, fd00::1), node2 and node3 with labels, and what a row adds. */
function inputWith(row: {
  readonly own?: NodeOptions;
  readonly others?: Record<string, NodeOptions>;
  readonly peers?: Record<string, Peer>;
  readonly configuration?: Record<string, unknown>;
  readonly secrets?: ReadonlyMap<string, string>;
}): CalcInput {
  const own = { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64', ...row.own };
  const others = row.others ?? { node2: { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64', labels: { rack: 'a' } } };
  return inputOf({
    nodes: [node('node1', own), ...Object.entries(others).map(([name, options]) => node(name, options))],
    bgpPeers: Object.entries(row.peers ?? {}).map(([name, spec]) => resource('BGPPeer', name, spec)),
    bgpConfigurations: row.configuration ? [resource('BGPConfiguration', 'default', row.configuration)] : [],
    secrets: row.secrets ?? new Map(),
  });
}

function peersOf(input: CalcInput): readonly PeerConfig[] {
  const { speaker } = calculate(input);
  if (speaker.kind === 'no-bgp') throw new Error(speaker.reason);
  return speaker.config.peers;
}

/** One decision in words: a session by name and direction, or who is left out; then the reason. */
function decisions(input: CalcInput): string[] {
  return calculate(input).sessions.map((session) =>
    session.kind === 'session'
      ? `${session.name} ${session.passive ? 'passive' : 'active'}: ${session.reason}`
      : `not ${session.peer}: ${session.reason}`,
  );
}

const noMesh = { nodeToNodeMeshEnabled: false };
const node2 = { ipv4: '10.0.0.2/24', labels: { rack: 'a' } };

describe('the mesh', () => {
  const rows: readonly {
    readonly name: string;
    readonly row: Parameters<typeof inputWith>[0];
    readonly expected: readonly string[];
  }[] = [
    {
      name: 'compares addresses as text: 10.0.0.9 opens towards 10.0.0.10',
      row: { own: { ipv4: '10.0.0.10/24' }, others: { node2: { ipv4: '10.0.0.9/24' } } },
      expected: [
        'Mesh_10_0_0_9 passive: the mesh has it with node2; it opens the connection, since 10.0.0.9 > 10.0.0.10 as text',
      ],
    },
    {
      name: 'has the node with the greater text open',
      row: { own: { ipv4: '10.0.0.9/24' }, others: { node2: { ipv4: '10.0.0.10/24' } } },
      expected: [
        'Mesh_10_0_0_10 active: the mesh has it with node2; we open the connection, since 10.0.0.9 > 10.0.0.10 as text',
      ],
    },
    {
      name: 'can be off',
      row: { others: { node2 }, configuration: noMesh },
      expected: ['not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)'],
    },
    {
      name: 'has no session on a route reflector',
      row: { own: { clusterId: '1.0.0.1' }, others: { node2 } },
      expected: ['not node2: the mesh asks for it; this node is a route reflector, so it is not in the mesh'],
    },
    {
      name: 'has no session with a route reflector',
      row: { others: { node2: { ...node2, clusterId: '1.0.0.1' } } },
      expected: ['not node2: the mesh asks for it; node2 is a route reflector, so it is not in the mesh'],
    },
    {
      name: 'needs a common family',
      row: { own: { ipv6: '' }, others: { node2: { ipv6: 'fd00::2/64' } } },
      expected: ['not node2: the mesh asks for it; node1 and node2 have no address of one family'],
    },
    {
      name: 'says which restart time cannot be',
      row: { others: { node2 }, configuration: { nodeMeshMaxRestartTime: '2h' } },
      expected: [
        'Mesh_10_0_0_2 passive: the mesh has it with node2; it opens the connection, since 10.0.0.2 > 10.0.0.1 as text; ' +
          'its restart time is 4095s, as 2h cannot be',
      ],
    },
    {
      name: 'waits for its password',
      row: {
        others: { node2 },
        configuration: { nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } },
      },
      expected: [
        'not 10.0.0.2: the mesh asks for it; its password is not known; create the secret bgp with the key mesh',
      ],
    },
  ];
  it.each(rows)('$name', ({ row, expected }) => {
    expect(decisions(inputWith(row))).toEqual(expected);
  });

  it('takes AS number, port, password and restart time from the other node and the cluster', () => {
    const input = inputWith({
      own: { asNumber: 65001 },
      others: { node2, node3: { ipv4: '10.0.0.3/24', asNumber: 65003 } },
      configuration: {
        listenPort: 1179,
        nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } },
        nodeMeshMaxRestartTime: '1m',
      },
      secrets: new Map([['bgp/mesh', 'woven']]),
    });
    const extra = [resource('BGPConfiguration', 'node.node3', { listenPort: 2179 })];
    const common = {
      password: 'woven',
      localAddress: '10.0.0.1',
      multihop: 64,
      nextHop: 'auto',
      restartTimeSeconds: 60,
    };
    expect(peersOf({ ...input, bgpConfigurations: [...input.bgpConfigurations, ...extra] })).toMatchObject([
      { address: '10.0.0.2', asn: 64512, port: 1179, ...common },
      { address: '10.0.0.3', asn: 65003, port: 2179, ...common },
    ]);
  });

  const families: readonly {
    readonly name: string;
    readonly own: NodeOptions;
    readonly other: NodeOptions;
    readonly expected: readonly string[];
  }[] = [
    {
      name: 'one session for both, over IPv4',
      own: {},
      other: { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64' },
      expected: ['10.0.0.2 ipv4-unicast ipv6-unicast'],
    },
    {
      name: 'IPv4 alone when the other has no IPv6',
      own: {},
      other: { ipv4: '10.0.0.2/24' },
      expected: ['10.0.0.2 ipv4-unicast'],
    },
    {
      name: 'IPv6 alone when the other has no IPv4',
      own: {},
      other: { ipv6: 'fd00::2/64' },
      expected: ['fd00::2 ipv6-unicast'],
    },
    {
      name: 'two sessions with a node of Calico',
      own: {},
      other: { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64', calico: true },
      expected: ['10.0.0.2 ipv4-unicast', 'fd00::2 ipv6-unicast'],
    },
    {
      name: 'two sessions while our own Node does not say that weftd runs it, as the other sees no more',
      own: { calico: true },
      other: { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64' },
      expected: ['10.0.0.2 ipv4-unicast', 'fd00::2 ipv6-unicast'],
    },
  ];
  it.each(families)('carries the families: $name', ({ own, other, expected }) => {
    const peers = peersOf(inputWith({ own, others: { node2: other } }));
    expect(peers.map((peer) => [peer.address, ...peer.families].join(' '))).toEqual(expected);
    for (const { nextHopAddresses } of peers)
      expect(nextHopAddresses).toEqual({ ipv4: '10.0.0.1', ipv6: 'fd00::1' });
  });
});

describe('BGPPeers', () => {
  const tor = { peerIP: '10.0.0.254', asNumber: 65000 };
  const rows: readonly {
    readonly name: string;
    readonly row: Parameters<typeof inputWith>[0];
    readonly expected: readonly string[];
  }[] = [
    {
      name: 'for all nodes',
      row: { others: {}, peers: { tor } },
      expected: ['Global_10_0_0_254 active: BGPPeer tor names it; both ends open'],
    },
    {
      name: 'for this node by name',
      row: { others: {}, peers: { tor: { ...tor, node: 'node1' } } },
      expected: ['Node_10_0_0_254 active: BGPPeer tor names it; both ends open'],
    },
    {
      name: 'for another node',
      row: { others: {}, peers: { tor: { ...tor, node: 'node2' } } },
      expected: ['not 10.0.0.254: BGPPeer tor asks for it; it is for node2'],
    },
    {
      name: 'for nodes with labels',
      row: {
        own: { labels: { rack: 'b' } },
        others: {},
        peers: { tor: { ...tor, nodeSelector: "rack == 'a'" } },
      },
      expected: ["not 10.0.0.254: BGPPeer tor asks for it; it is for nodes with rack == 'a'"],
    },
    {
      name: 'that name this node',
      row: { others: {}, peers: { self: { peerIP: '10.0.0.1', asNumber: 64512 } } },
      expected: ['not 10.0.0.1: BGPPeer self asks for it; 10.0.0.1 is this node'],
    },
    {
      name: 'that name another speaker on a node of the mesh, by its port: node2 itself is not meant',
      row: {
        configuration: noMesh,
        others: { node2 },
        peers: { rr: { peerIP: '10.0.0.2:1790', asNumber: 64512 } },
      },
      expected: [
        'Global_10_0_0_2_port_1790 active: BGPPeer rr names it; both ends open',
        'not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)',
      ],
    },
    {
      name: 'that name another speaker on this node',
      row: { others: {}, peers: { rr: { peerIP: '10.0.0.1:1790', asNumber: 64512 } } },
      expected: ['Global_10_0_0_1_port_1790 active: BGPPeer rr names it; both ends open'],
    },
    {
      name: 'over a family this node has not',
      row: { own: { ipv6: '' }, others: {}, peers: { tor: { peerIP: 'fd00::fe', asNumber: 65000 } } },
      expected: ['not fd00::fe: BGPPeer tor asks for it; this node has no IPv6 address to peer from'],
    },
    {
      name: 'twice for one address: for all nodes before for some, then by name',
      row: { others: {}, peers: { a: { ...tor, node: 'node1' }, b: tor, c: { ...tor, asNumber: 65001 } } },
      expected: [
        'Global_10_0_0_254 active: BGPPeer b names it; both ends open',
        'not 10.0.0.254: BGPPeer c asks for it; BGPPeer b comes first and asks for 10.0.0.254 too',
        'not 10.0.0.254: BGPPeer a asks for it; BGPPeer b comes first and asks for 10.0.0.254 too',
      ],
    },
    {
      name: 'with a node that the mesh has as well: the BGPPeer counts',
      row: { others: { node2 }, peers: { two: { peerIP: '10.0.0.2', asNumber: 64512, filters: ['none'] } } },
      expected: [
        'Global_10_0_0_2 passive: BGPPeer two has it with node2; it opens the connection, ' +
          'since 10.0.0.2 > 10.0.0.1 as text; there is no BGPFilter none',
        'not 10.0.0.2: the mesh asks for it; BGPPeer two comes first and asks for 10.0.0.2 too',
      ],
    },
    {
      name: 'with nodes by label, and the way back',
      row: {
        own: { labels: { role: 'reflector' } },
        others: { node2 },
        configuration: noMesh,
        peers: { reflectors: { nodeSelector: "rack == 'a'", peerSelector: "role == 'reflector'" } },
      },
      expected: [
        'Node_10_0_0_2 passive: BGPPeer reflectors, the way back has it with node2; it opens the connection, ' +
          'since 10.0.0.2 > 10.0.0.1 as text',
        'not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)',
        "not role == 'reflector': BGPPeer reflectors asks for it; it is for nodes with rack == 'a'",
      ],
    },
    {
      name: 'without a way back where it is Manual',
      row: {
        own: { labels: { role: 'reflector' } },
        others: { node2 },
        configuration: noMesh,
        peers: {
          reflectors: { node: 'node2', peerSelector: "role == 'reflector'", reversePeering: 'Manual' },
        },
      },
      expected: [
        'not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)',
        "not role == 'reflector': BGPPeer reflectors asks for it; it is for node2",
      ],
    },
    {
      name: 'with the address of this node, and the way back to all others',
      row: {
        others: { node2 },
        configuration: noMesh,
        peers: { one: { peerIP: '10.0.0.1', asNumber: 64512 } },
      },
      expected: [
        'not 10.0.0.1: BGPPeer one asks for it; 10.0.0.1 is this node',
        'Node_10_0_0_2 passive: BGPPeer one, the way back has it with node2; it opens the connection, ' +
          'since 10.0.0.2 > 10.0.0.1 as text',
        'not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)',
      ],
    },
    {
      name: 'with the address of this node and another AS number: it is not meant',
      row: {
        others: { node2 },
        configuration: noMesh,
        peers: { one: { peerIP: '10.0.0.1', asNumber: 65001 } },
      },
      expected: [
        'not 10.0.0.1: BGPPeer one asks for it; 10.0.0.1 is this node',
        'not node2: the mesh asks for it; the mesh is off (nodeToNodeMeshEnabled is false)',
      ],
    },
    {
      name: 'with nodes nobody is',
      row: { others: {}, peers: { reflectors: { peerSelector: "role == 'reflector'" } } },
      expected: [
        "not role == 'reflector': BGPPeer reflectors asks for it; no other node has role == 'reflector'",
      ],
    },
    {
      name: 'with workloads',
      row: { others: {}, peers: { vms: { localWorkloadSelector: "app == 'bird'", asNumber: 65000 } } },
      expected: ['not vms: BGPPeer vms asks for it; weft does not peer with workloads'],
    },
    {
      name: 'that set times that cannot be',
      row: { others: {}, peers: { tor: { ...tor, keepaliveTime: '100ms', maxRestartTime: '2h' } } },
      expected: [
        'Global_10_0_0_254 active: BGPPeer tor names it; both ends open; ' +
          'its keepalive time is 1s, as 100ms cannot be; its restart time is 4095s, as 2h cannot be',
      ],
    },
  ];
  it.each(rows)('$name', ({ row, expected }) => {
    expect(decisions(inputWith(row))).toEqual(expected);
  });

  const fields: readonly {
    readonly name: string;
    readonly own?: NodeOptions;
    readonly spec: Peer;
    readonly expected: Record<string, unknown>;
  }[] = [
    { name: 'no AS number: our own', spec: { peerIP: '10.0.0.254' }, expected: { asn: 64512 } },
    { name: 'a port', spec: { ...tor, peerIP: '10.0.0.254:1179' }, expected: { port: 1179 } },
    {
      name: 'an IPv6 address and port',
      spec: { ...tor, peerIP: '[fd00::fe]:1179' },
      expected: { address: 'fd00::fe', port: 1179 },
    },
    {
      name: 'no source address',
      spec: { ...tor, sourceAddress: 'None' },
      expected: { localAddress: undefined },
    },
    {
      name: 'local AS',
      spec: { ...tor, localASNumber: 65009 },
      expected: { localAsn: 65009, localAsnNoPrepend: true, localAsnReplaceAs: true },
    },
    {
      name: 'own AS allowed in the path',
      spec: { ...tor, numAllowedLocalASNumbers: 2 },
      expected: { allowLocalAsn: 2 },
    },
    {
      name: 'its own times, in whole seconds',
      spec: { ...tor, keepaliveTime: '9600ms', maxRestartTime: '1m30s' },
      expected: { keepaliveTimeSeconds: 10, restartTimeSeconds: 90 },
    },
    {
      name: 'a restart time of none, and no keepalive time',
      spec: { ...tor, maxRestartTime: '0' },
      expected: { keepaliveTimeSeconds: undefined, restartTimeSeconds: 0 },
    },
    {
      name: 'times that cannot be: the nearest that can',
      spec: { ...tor, keepaliveTime: '0', maxRestartTime: '2h' },
      expected: { keepaliveTimeSeconds: 1, restartTimeSeconds: 4095 },
    },
    {
      name: 'TTL security instead of multihop',
      spec: { ...tor, ttlSecurity: 1 },
      expected: { ttlSecurityHops: 1, multihop: undefined },
    },
    { name: 'next hop Self', spec: { ...tor, nextHopMode: 'Self' }, expected: { nextHop: 'self' } },
    { name: 'next hop Keep', spec: { ...tor, nextHopMode: 'Keep' }, expected: { nextHop: 'keep' } },
    {
      name: 'the old way to keep the next hop, external',
      spec: { ...tor, keepOriginalNextHop: true },
      expected: { nextHop: 'keep' },
    },
    {
      name: 'the old way to keep the next hop means nothing internally',
      spec: { peerIP: '10.0.0.254', asNumber: 64512, keepOriginalNextHop: true },
      expected: { nextHop: 'auto' },
    },
    {
      name: 'with a local AS the peer of that AS is internal',
      spec: { ...tor, localASNumber: 65000, keepOriginalNextHop: true },
      expected: { nextHop: 'auto' },
    },
    {
      name: 'an internal peer of a reflector is its client',
      own: { clusterId: '1.0.0.1' },
      spec: { peerIP: '10.0.0.254', asNumber: 64512 },
      expected: { routeReflectorClient: true, clusterId: '1.0.0.1' },
    },
    {
      name: 'an external one is not',
      own: { clusterId: '1.0.0.1' },
      spec: tor,
      expected: { routeReflectorClient: undefined, clusterId: undefined },
    },
  ];
  it.each(fields)('$name', ({ own, spec, expected }) => {
    const [peer] = peersOf(inputWith({ ...(own && { own }), others: {}, peers: { tor: spec } }));
    expect(peer).toMatchObject(
      Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
    );
    for (const [key, value] of Object.entries(expected))
      if (value === undefined) expect(peer).not.toHaveProperty(key);
  });

  it('reflectors of one cluster are ordinary peers of each other, those of another are clients', () => {
    const labels = { role: 'reflector' };
    const peers = peersOf(
      inputWith({
        own: { clusterId: '1.0.0.1', labels },
        others: {
          node2: { ipv4: '10.0.0.2/24', clusterId: '1.0.0.1', labels },
          node3: { ipv4: '10.0.0.3/24', clusterId: '1.0.0.2', labels },
        },
        peers: { reflectors: { peerSelector: "role == 'reflector'" } },
      }),
    );
    expect(peers.map(({ address: at, routeReflectorClient = false }) => [at, routeReflectorClient])).toEqual([
      ['10.0.0.2', false],
      ['10.0.0.3', true],
    ]);
  });

  it('have the same times on the way back', () => {
    const peers = { tor: { node: 'node2', peerIP: '10.0.0.1', keepaliveTime: '7s', maxRestartTime: '60s' } };
    expect(peersOf(inputWith({ others: { node2 }, peers }))).toMatchObject([
      { address: '10.0.0.2', keepaliveTimeSeconds: 7, restartTimeSeconds: 60 },
    ]);
  });

  it('have no filters and next hops of the BGPPeer on the way back: those hold at the end it is for', () => {
    const two = { node: 'node2', peerIP: '10.0.0.1', filters: ['none'], nextHopMode: 'Self', ttlSecurity: 1 };
    const [back] = peersOf(inputWith({ others: { node2 }, peers: { two } }));
    expect(back).toMatchObject({ nextHop: 'auto', ttlSecurityHops: 1 });
    const filters = [resource('BGPFilter', 'none', { importV4: [{ action: 'Reject' }] })];
    const input = { ...inputWith({ others: { node2 }, peers: { two } }), bgpFilters: filters };
    expect(peersOf(input)[0]?.importPolicy).toEqual([]);
  });

  it('tell all ways to a prefix and take them, so that a reflector does not hide one of two', () => {
    expect(peersOf(inputWith({ others: { node2 } }))).toMatchObject([{ addPath: 'both' }]);
    const reflector = { clusterId: '1.0.0.1' };
    expect(
      peersOf(inputWith({ own: reflector, peers: { all: { peerSelector: 'all()' } }, others: { node2 } })),
    ).toMatchObject([{ addPath: 'both' }]);
  });

  it('tell another reflector the best way alone, on a session as with any node; one of Calico has no ADD-PATH', () => {
    const between = (other: NodeOptions) =>
      peersOf(
        inputWith({
          own: { clusterId: '1.0.0.1' },
          peers: { all: { peerSelector: 'all()' } },
          others: { other: { ...node2, clusterId: '1.0.0.2', ...other } },
        }),
      )[0];
    expect(between({})).toMatchObject({ addPath: 'both', addPathBestOnly: true });
    expect(between({ clusterId: '' })).not.toHaveProperty('addPathBestOnly');
    expect(between({ calico: true })).toBeDefined();
    expect(between({ calico: true })).not.toHaveProperty('addPath');
  });

  it('an address of a node with its AS number means the port that node listens on', () => {
    const input = inputWith({ others: { node2 }, peers: { two: { peerIP: '10.0.0.2', asNumber: 64512 } } });
    const ports = [resource('BGPConfiguration', 'node.node2', { listenPort: 1179 })];
    expect(peersOf({ ...input, bgpConfigurations: ports })).toMatchObject([
      { address: '10.0.0.2', port: 1179 },
    ]);
  });

  it('never come up without their password, not even by way of the mesh', () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'two' } };
    const row = { others: { node2 }, peers: { two: { peerIP: '10.0.0.2', asNumber: 64512, password } } };
    expect(peersOf(inputWith(row))).toEqual([]);
    expect(peersOf(inputWith({ ...row, secrets: new Map([['bgp/two', 'woven']]) }))).toMatchObject([
      { address: '10.0.0.2', password: 'woven' },
    ]);
  });
});

describe('both ends of a session', () => {
  const someNode = fc.record({
    ipv4: fc.integer({ min: 1, max: 120 }).map((last) => `10.0.0.${last}/24`),
    ipv6: fc.option(
      fc.integer({ min: 1, max: 0xffff }).map((last) => `fd00::${last.toString(16)}/64`),
      { nil: '' },
    ),
    asNumber: fc.constantFrom(0, 64512, 65001),
    calico: fc.boolean(),
    clusterId: fc.constantFrom('', '', '1.0.0.1', '1.0.0.2'),
    labels: fc.record({ rack: fc.constantFrom('a', 'b'), role: fc.constantFrom('reflector', 'worker') }),
  });
  const clusters = fc
    .uniqueArray(someNode, { minLength: 2, maxLength: 6, selector: ({ ipv4 }) => ipv4 })
    .map((nodes) =>
      nodes.map((options, index) => ({
        ...options,
        ipv6: options.ipv6 && `fd00::${index + 1}:${options.ipv4.split(/[./]/)[3]}/64`,
      })),
    );
  const bgpPeers = fc.subarray([
    resource('BGPPeer', 'reflectors', { nodeSelector: "rack == 'a'", peerSelector: "role == 'reflector'" }),
    resource('BGPPeer', 'among-b', { nodeSelector: "rack == 'b'", peerSelector: "rack == 'b'" }),
    resource('BGPPeer', 'everyone', { peerSelector: 'all()' }),
    resource('BGPPeer', 'first', {
      nodeSelector: "rack == 'a'",
      peerSelector: 'has(rack)',
      nextHopMode: 'Self',
    }),
  ]);

  it('agree on AS numbers, families and on which of them opens, whatever the cluster', () => {
    fc.assert(
      fc.property(clusters, bgpPeers, fc.boolean(), (options, peers, nodeToNodeMeshEnabled) => {
        const nodes = options.map((option, index) => node(`node${index}`, option));
        const first = nodes[0]?.spec.bgp;
        const toFirst = { peerIP: first?.ipv4Address?.split('/')[0], asNumber: first?.asNumber ?? 64512 };
        const input = inputOf({
          nodes,
          bgpPeers: [...peers, ...(peers.length > 2 ? [resource('BGPPeer', 'to-the-first', toFirst)] : [])],
          bgpConfigurations: [resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled })],
        });
        const configs = new Map(
          nodes.map((item) => {
            const { speaker } = calculate({ ...input, nodeName: item.metadata.name });
            if (speaker.kind === 'no-bgp') throw new Error(speaker.reason);
            return [item, speaker.config] as const;
          }),
        );
        for (const config of configs.values())
          for (const peer of config.peers) {
            const there = nodes.find(({ spec }) =>
              [spec.bgp?.ipv4Address, spec.bgp?.ipv6Address].some(
                (text) => text?.split('/')[0] === peer.address,
              ),
            );
            const other = there && configs.get(there);
            const back = other?.peers.find(({ address: at }) => at === peer.localAddress);
            expect(back, `the way back from ${peer.address} to ${peer.localAddress}`).toBeDefined();
            expect(back?.families).toEqual(peer.families);
            expect([back?.asn, other?.asn]).toEqual([config.asn, peer.asn]);
            expect([back?.passive, peer.passive].sort()).toEqual([false, true]);
          }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a large cluster', () => {
  it('shares one policy among all peers of the mesh, so that they are one update group', () => {
    const others = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`peer${index}`, { ipv4: `10.0.1.${index + 1}/16` }]),
    );
    const peers = peersOf(inputWith({ others }));
    expect(peers).toHaveLength(20);
    expect(new Set(peers.map(({ exportPolicy }) => exportPolicy)).size).toBe(1);
    expect(peers[0]?.address).toBe(address('10.0.1.1'));
  });
});
