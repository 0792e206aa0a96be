import { address, prefix } from '@weft/ip';
import type { PeerConfig } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { facts, inputOf, node, resource } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';
import type { CalcInput } from '../input.ts';
import { remoteRoute, routingContext } from '../remote-route.ts';

const ROUTER = address('fe80::2');
const HEARD = [{ interface: 'eth1', address: ROUTER }];

function inputWith(
  annotations: Record<string, string>,
  spec: Record<string, unknown> = {},
  more: Partial<CalcInput> = {},
): CalcInput {
  return inputOf({
    nodes: [node('node1', { ipv4: '10.0.0.1/24' })],
    bgpPeers: [
      resource('BGPPeer', 'leaf', spec, { annotations: { 'weft.dev/interface': 'eth1', ...annotations } }),
    ],
    linkRouters: HEARD,
    ...more,
  });
}

function peerOf(input: CalcInput): PeerConfig | undefined {
  const { speaker } = calculate(input);
  return speaker.kind === 'bgp' ? speaker.config.peers[0] : undefined;
}

describe('a BGPPeer that names an interface', () => {
  it('is a session with the router heard there, by its link-local address', () => {
    const input = inputWith({ 'weft.dev/remote-as': 'external', 'weft.dev/bfd': '300ms x 3' });
    expect(peerOf(input)).toMatchObject({
      address: ROUTER,
      interface: 'eth1',
      asn: 'external',
      passive: false,
      families: ['ipv4-unicast'],
      nextHopAddresses: {},
      bfd: { multihop: false },
      description: 'Global_eth1',
    });
    expect(peerOf(input)).not.toHaveProperty('localAddress');
    expect(peerOf(input)).not.toHaveProperty('multihop');
    expect(calculate(input).sessions.map(({ reason }) => reason)).toEqual([
      'BGPPeer leaf names eth1, where it has been heard; both ends open; BFD over one hop',
    ]);
  });

  it('says who else is a router there, and has no session with it', () => {
    const input = inputWith(
      {},
      {},
      { linkRouters: [{ ...HEARD[0], others: [address('fe80::3')] }] as never },
    );
    expect(peerOf(input)?.address).toBe(ROUTER);
    expect(calculate(input).sessions.map(({ reason }) => reason)).toEqual([
      'BGPPeer leaf names eth1, where it has been heard; both ends open; fe80::3 is a router on eth1 too and no peer: one a link',
    ]);
  });

  it('listens by IPv6 for it, also on a node without an address of that family', () => {
    const { speaker } = calculate(inputWith({}));
    expect(speaker).toMatchObject({ config: { listen: [{ address: '0.0.0.0' }, { address: '::' }] } });
  });

  it.each([
    ['our own AS without more', {}, {}, 64512],
    ['a number', {}, { asNumber: 65000 }, 65000],
    ['inside', { 'weft.dev/remote-as': 'internal' }, {}, 'internal'],
  ])('is in an AS: %s', (_, annotations, spec, asn) => {
    expect(peerOf(inputWith(annotations as Record<string, string>, spec))?.asn).toBe(asn);
  });

  it('waits until somebody is heard, and is looked for', () => {
    const state = calculate(inputWith({}, {}, { linkRouters: [] }));
    expect(state.sessions).toEqual([
      {
        kind: 'left-out',
        peer: 'eth1',
        type: 'global',
        reason: 'BGPPeer leaf asks for it; no router has been heard on eth1 yet',
        isAwaited: true,
      },
    ]);
    expect(state.interfaces).toEqual(['eth1']);
  });

  it('is looked for on the nodes it is for alone, and leads back to nobody', () => {
    const state = calculate(inputWith({}, { node: 'node2' }));
    expect(state.interfaces).toEqual([]);
    expect(state.sessions.map(({ kind }) => kind)).toEqual(['left-out']);
  });
});

describe('a link whose BGPPeer is gone while the speaker still has the session', () => {
  const way = { peer: ROUTER, interface: 'eth1' };
  const gone = { bgpPeers: [], waysInUse: [way] };

  it('is looked on, and listened for, until the session is gone', () => {
    const state = calculate(inputWith({}, {}, gone));
    expect(state).toMatchObject({
      interfaces: ['eth1'],
      waysToPeers: [way],
      speaker: { config: { listen: [{ address: '0.0.0.0' }, { address: '::' }], peers: [] } },
    });
    expect(calculate(inputWith({}, {}, { bgpPeers: [] }))).toMatchObject({
      interfaces: [],
      waysToPeers: [],
      speaker: { config: { listen: [{ address: '0.0.0.0' }] } },
    });
  });

  it('gives way to the link on which its peer is wanted', () => {
    const waysInUse = [{ peer: ROUTER, interface: 'eth2' }];
    const state = calculate(inputWith({}, {}, { waysInUse }));
    expect(state).toMatchObject({ interfaces: ['eth1'], waysToPeers: [way] });
  });
});

describe('a route with a link-local next hop', () => {
  const path = {
    source: 'external',
    peer: ROUTER,
    nextHops: [{ address: ROUTER }],
    localPref: 100,
    stale: false,
  } as const;

  function routeWith(running: boolean, more: Partial<CalcInput> = {}) {
    const link = { name: 'eth1', up: true, running, mtuBytes: 1500, addresses: [] };
    const input = inputWith(
      {},
      {},
      { facts: { ...facts, interfaces: [...facts.interfaces, link] }, ...more },
    );
    return remoteRoute(prefix('10.9.0.0/26'), path, routingContext(input, calculate(input)));
  }

  it('leads out of the interface of the peer of that address', () => {
    expect(routeWith(true)).toMatchObject({
      kind: 'route',
      route: { via: [{ gateway: ROUTER, interface: 'eth1' }] },
    });
  });

  it('leads there while the session is kept, and nowhere afterwards', () => {
    const waysInUse = [{ peer: ROUTER, interface: 'eth1' }];
    expect(routeWith(true, { bgpPeers: [], waysInUse })).toEqual(routeWith(true));
    expect(routeWith(true, { bgpPeers: [] })).toMatchObject({ kind: 'rejected' });
  });

  it('leads nowhere without a carrier there', () => {
    expect(routeWith(false)).toEqual({
      kind: 'rejected',
      reason: 'unreachable next hop: fe80::2 is on eth1, and eth1 has no carrier',
    });
  });
});
