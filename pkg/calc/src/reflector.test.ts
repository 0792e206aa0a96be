import { address, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { node, resource } from '../test/fixtures.ts';
import { calculateReflector, type ReflectorInput } from './reflector.ts';

function inputOf(given: Partial<ReflectorInput> = {}): ReflectorInput {
  return {
    name: 'reflector',
    nameDigest: new Uint8Array(32).fill(7),
    listenPort: 1790,
    nodes: [],
    bgpConfigurations: [],
    bgpPeers: [],
    secrets: new Map(),
    addresses: [address('10.0.0.11'), address('fd00::11')],
    subnets: [],
    settings: { holdTimeSeconds: 90, gracefulRestartTimeSeconds: 120, routerId: 'auto' },
    ...given,
  };
}

describe('a route reflector', () => {
  it('waits for every node by the address by which nodes have their sessions', () => {
    const nodes = [
      node('node3', { ipv6: 'fd00::3/64' }),
      node('node1', { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64' }),
      node('node2', { ipv4: '10.0.0.2/24', ipv6: 'fd00::2/64', calico: true }),
    ];
    const { config, sessions } = calculateReflector(inputOf({ nodes }));
    const both = ['ipv4-unicast', 'ipv6-unicast'];
    expect(config.peers.map(({ description, address: at, families }) => [description, at, families])).toEqual(
      [
        ['node1', '10.0.0.1', both],
        ['node2', '10.0.0.2', ['ipv4-unicast']],
        ['node2', 'fd00::2', ['ipv6-unicast']],
        ['node3', 'fd00::3', ['ipv6-unicast']],
      ],
    );
    for (const peer of config.peers)
      expect(peer).toMatchObject({ asn: 64512, passive: true, routeReflectorClient: true, nextHop: 'keep' });
    expect(sessions[0]).toMatchObject({
      node: 'node1',
      reason: 'every node is a client; node1 opens the connection',
    });
  });

  it('listens on its own port, and is known by its name instead of an address', () => {
    expect(calculateReflector(inputOf()).config).toMatchObject({
      asn: 64512,
      identifier: '7.7.7.7',
      offPath: true,
      listen: [
        { address: '0.0.0.0', port: 1790 },
        { address: '::', port: 1790 },
      ],
    });
  });

  it('is known by what the operator says', () => {
    const settings = { ...inputOf().settings, routerId: address('1.2.3.4') };
    expect(calculateReflector(inputOf({ settings })).config.identifier).toBe('1.2.3.4');
  });

  it('has the AS number of the cluster, and nodes of another one as external peers', () => {
    const configuration = resource('BGPConfiguration', 'default', { asNumber: 64999 });
    const nodes = [
      node('node1', { ipv4: '10.0.0.1/24' }),
      node('node2', { ipv4: '10.0.0.2/24', asNumber: 65001 }),
    ];
    const { config } = calculateReflector(inputOf({ nodes, bgpConfigurations: [configuration] }));
    expect(config.peers.map(({ asn, routeReflectorClient }) => [asn, routeReflectorClient])).toEqual([
      [64999, true],
      [65001, false],
    ]);
  });

  it('says which nodes it cannot serve, and has one session where two share an address', () => {
    const nodes = [
      node('node1', { ipv4: '10.0.0.1/24' }),
      node('node2', { ipv4: '10.0.0.1/24' }),
      node('node3', {}),
    ];
    const { config, sessions } = calculateReflector(inputOf({ nodes }));
    expect(config.peers.map(({ address: at, description }) => [at, description])).toEqual([
      [address('10.0.0.1'), 'node1'],
    ]);
    expect(sessions.at(-1)).toEqual({
      kind: 'left-out',
      peer: 'node3',
      type: 'global',
      reason: 'node3 has no BGP address',
    });
  });

  it('takes the password and the TTL of the BGPPeer by which a node has its session', () => {
    const password = { secretKeyRef: { name: 'bgp', key: 'reflector' } };
    const peerIP = '10.0.0.11:1790';
    const bgpPeers = [
      resource('BGPPeer', 'racks', { peerIP, nodeSelector: "rack == 'a'", password, ttlSecurity: 1 }),
      resource('BGPPeer', 'other', { peerIP: '10.0.0.11', asNumber: 64512, password }),
    ];
    const nodes = [
      node('node1', { ipv4: '10.0.0.1/24', labels: { rack: 'a' } }),
      node('node2', { ipv4: '10.0.0.2/24', labels: { rack: 'b' } }),
    ];
    const known = calculateReflector(
      inputOf({ nodes, bgpPeers, secrets: new Map([['bgp/reflector', 'hunter2']]) }),
    );
    expect(known.config.peers).toMatchObject([
      { description: 'node1', password: 'hunter2', ttlSecurityHops: 1 },
      { description: 'node2', multihop: 64 },
    ]);
    expect(known.config.peers[1]?.password).toBeUndefined();
    const unknown = calculateReflector(inputOf({ nodes, bgpPeers }));
    expect(unknown.config.peers.map(({ description }) => description)).toEqual(['node2']);
    expect(unknown.sessions).toMatchObject([
      {
        kind: 'left-out',
        peer: '10.0.0.1',
        reason: expect.stringContaining('create the secret bgp'),
        lacksPassword: true,
      },
      { kind: 'session', node: 'node2' },
    ]);
  });

  it('watches its clients by BFD where the cluster asks for it, those of its subnets over one hop', () => {
    const annotations = { 'weft.dev/bfd': '300ms x 3' };
    const bgpConfigurations = [resource('BGPConfiguration', 'default', {}, { annotations })];
    const nodes = [node('node1', { ipv4: '10.0.0.1/24' }), node('node2', { ipv4: '10.1.0.1/24' })];
    const { config } = calculateReflector(
      inputOf({ nodes, bgpConfigurations, subnets: [prefix('10.0.0.0/24')] }),
    );
    const timers = { minTransmitIntervalMs: 300, minReceiveIntervalMs: 300, multiplier: 3 };
    expect(config.peers.map(({ bfd }) => bfd)).toEqual([
      { ...timers, multihop: false },
      { ...timers, multihop: true },
    ]);
  });
});
