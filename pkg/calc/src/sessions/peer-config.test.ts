import { describe, expect, it } from 'vitest';
import type { NodeOptions } from '../../test/fixtures.ts';
import { inputWith, node2, peersOf } from '../../test/sessions.ts';

describe('the peer that a BGPPeer asks for', () => {
  const tor = { peerIP: '10.0.0.254', asNumber: 65000 };
  const fields: readonly {
    readonly name: string;
    readonly own?: NodeOptions;
    readonly spec: Record<string, unknown>;
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
});
