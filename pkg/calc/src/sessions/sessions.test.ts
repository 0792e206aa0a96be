import { describe, expect, it } from 'vitest';
import { resource } from '../../test/fixtures.ts';
import { decisions, inputWith, node2, noMesh, peersOf, type SessionsRow } from '../../test/sessions.ts';

describe('BGPPeers', () => {
  const tor = { peerIP: '10.0.0.254', asNumber: 65000 };
  const rows: readonly {
    readonly name: string;
    readonly row: SessionsRow;
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
