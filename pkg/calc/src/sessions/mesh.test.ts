import { address } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { type NodeOptions, resource } from '../../test/fixtures.ts';
import { decisions, inputWith, node2, noMesh, peersOf, type SessionsRow } from '../../test/sessions.ts';

describe('the mesh', () => {
  const rows: readonly {
    readonly name: string;
    readonly row: SessionsRow;
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
