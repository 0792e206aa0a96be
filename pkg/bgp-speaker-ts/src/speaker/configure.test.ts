import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { CeaseSubcode } from '../wire/iana.ts';
import type { PeerConfig, PolicyRule, SpeakerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker, toldBy } from './test/network.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const C = '10.0.0.3';
const ROUTES = ['10.1.0.0/26', '10.1.0.64/26', '10.2.0.0/26'];

/** A in the middle of two external peers; B has the routes. */
function create(): Network {
  const network = new Network();
  network.add(middle());
  network.add(speaker(B, 2, [peer(A, 1)]));
  network.add(speaker(C, 3, [peer(A, 1)]));
  originate(network, A);
  originate(network, B, ...ROUTES);
  originate(network, C);
  network.advance(10_000);
  return network;
}

function middle(toB: Partial<PeerConfig> = {}, toC: Partial<PeerConfig> = {}): SpeakerConfig {
  return speaker(A, 1, [peer(B, 2, { passive: true, ...toB }), peer(C, 3, { passive: true, ...toC })]);
}

function change(network: Network, config: SpeakerConfig): void {
  network.send(A, { kind: 'configure', config });
  network.advance(10_000);
}

const sessions = (network: Network) =>
  network
    .node(A)
    .speaker.status()
    .map((status) => status.establishedCount);

const rejectFirst: PolicyRule = {
  name: 'no 10.1/16',
  match: { prefix: { operator: 'in', prefix: prefix('10.1.0.0/16') } },
  action: 'reject',
};

describe('a new configuration', () => {
  test('import policy takes routes away and gives them back without asking the peer (soft reconfiguration)', () => {
    const network = create();
    change(network, middle({ importPolicy: [rejectFirst] }));
    expect(Object.keys(routesOf(network, A))).toEqual(['10.2.0.0/26']);
    expect(Object.keys(routesOf(network, C))).toEqual(['10.2.0.0/26']);
    expect(network.node(A).speaker.status()[0]?.families[0]).toMatchObject({ received: 3, rejected: 2 });
    change(network, middle());
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
    expect(sessions(network)).toEqual([1, 1]);
  });

  test('import policy changes attributes, and changes them back', () => {
    const network = create();
    const prefer: PolicyRule = {
      name: 'prefer',
      action: 'accept',
      operations: [{ kind: 'set-local-pref', localPref: 500 }],
    };
    change(network, middle({ importPolicy: [prefer] }));
    expect(network.node(A).routes.get('10.2.0.0/26')?.best?.localPref).toBe(500);
    change(network, middle());
    expect(network.node(A).routes.get('10.2.0.0/26')?.best?.localPref).toBe(100);
  });

  test('export policy moves the peer to another group, which withdraws what it may no longer have', () => {
    const network = create();
    change(network, middle({}, { exportPolicy: [rejectFirst] }));
    expect(Object.keys(routesOf(network, C))).toEqual(['10.2.0.0/26']);
    change(network, middle());
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
    expect(sessions(network)).toEqual([1, 1]);
  });

  test('export policy may treat prefixes of one attribute set differently', () => {
    const network = create();
    const exportPolicy: PolicyRule[] = [
      {
        ...rejectFirst,
        name: 'tag 10.1/16',
        action: 'accept',
        operations: [{ kind: 'add-community', community: '1:1' }],
      },
    ];
    change(network, middle({}, { exportPolicy }));
    const communities = ROUTES.map((text) => receivedBy(network, C, A).get(text)?.attributes.communities);
    expect(communities).toEqual([['1:1'], ['1:1'], undefined]);
  });

  test('import policy keeps the next hop of an IPv6 route whose attributes it changes', () => {
    const network = new Network();
    const importPolicy: PolicyRule[] = [
      { name: 'tag', action: 'accept', operations: [{ kind: 'add-community', community: '1:1' }] },
    ];
    const own = { ipv6: address('fd00::2') };
    network.add(speaker(A, 1, [peer(B, 2, { passive: true, importPolicy })]));
    network.add(speaker(B, 2, [peer(A, 1, { nextHopAddresses: own })]));
    originate(network, A);
    originate(network, B, 'fd00:2::/64');
    network.advance(10_000);
    expect(routesOf(network, A)).toEqual({ 'fd00:2::/64': 'fd00::2' });
  });

  test('a peer that is removed while it restarts leaves none of its stale routes behind', () => {
    const network = create();
    network.kill(B);
    network.advance(5_000);
    expect(Object.keys(routesOf(network, A))).toEqual(ROUTES);
    change(network, { ...middle(), peers: middle().peers.slice(1) });
    expect(routesOf(network, A)).toEqual({});
    expect(routesOf(network, C)).toEqual({});
  });

  test('a peer that moves to a group with members of its own has what they have', () => {
    const network = create();
    const strict = { exportPolicy: [rejectFirst] };
    network.add(speaker('10.0.0.4', 4, [peer(A, 1)]));
    originate(network, '10.0.0.4');
    const withFour = (toC: Partial<PeerConfig>): SpeakerConfig => ({
      ...middle({}, toC),
      peers: [...middle({}, toC).peers, peer('10.0.0.4', 4, { passive: true, ...strict })],
    });
    change(network, withFour({}));
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
    change(network, withFour(strict));
    expect(routesOf(network, C)).toEqual(routesOf(network, '10.0.0.4'));
    originate(network, B, '10.3.0.0/26');
    network.advance(1_000);
    expect(Object.keys(routesOf(network, C))).toEqual(['10.3.0.0/26']);
  });

  test('another next hop setting is told to the peer', () => {
    const network = create();
    change(network, middle({}, { nextHop: 'keep' }));
    expect(routesOf(network, C)['10.2.0.0/26']).toBe(B);
    expect(sessions(network)).toEqual([1, 1]);
  });

  test('a peer that becomes a client makes the routes of non-clients pass', () => {
    const network = new Network();
    const inside = (client: boolean) =>
      speaker(A, 1, [
        peer(B, 1, { passive: true, routeReflectorClient: client }),
        peer(C, 1, { passive: true }),
      ]);
    network.add(inside(false));
    network.add(speaker(B, 1, [peer(A, 1)]));
    network.add(speaker(C, 1, [peer(A, 1)]));
    for (const name of [A, B, C]) originate(network, name);
    originate(network, B, '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, C)).toEqual({});
    change(network, inside(true));
    expect(routesOf(network, C)).toEqual({ '10.1.0.0/26': B });
    change(network, inside(false));
    expect(routesOf(network, C)).toEqual({});
    expect(sessions(network)).toEqual([1, 1]);
  });

  test('another connection for the same routes takes none away, not for a moment, at neither end', () => {
    const network = create();
    originate(network, A, '10.3.0.0/26');
    network.advance(1000);
    for (const name of [A, B, C]) network.node(name).told.length = 0;
    change(network, middle({ password: 'secret' }));
    expect(sessions(network)).toEqual([2, 1]);
    expect(toldBy(network, B, 'peer-down')).toMatchObject([{ keptPaths: 1, reason: { kind: 'tcp-closed' } }]);
    const changes = [A, B, C].flatMap((name) => toldBy(network, name, 'loc-rib-changed'));
    expect(changes.flatMap((told) => told.changes).filter(({ best }) => best === undefined)).toEqual([]);
    expect(Object.keys(routesOf(network, C)).toSorted()).toEqual([...ROUTES, '10.3.0.0/26'].toSorted());
  });

  test('a peer that is removed without a Cease keeps our routes for the restart time, and we none of its', () => {
    const network = create();
    originate(network, A, '10.3.0.0/26');
    network.advance(1000);
    const [, toC] = middle().peers;
    const config = { ...middle(), peers: [toC as PeerConfig] };
    network.send(A, { kind: 'configure', config, withoutCease: [address(B)] });
    network.advance(10_000);
    expect(Object.keys(routesOf(network, A))).toEqual(['10.3.0.0/26']);
    expect(Object.keys(routesOf(network, B))).toContain('10.3.0.0/26');
    network.advance(120_000);
    expect(Object.keys(routesOf(network, B))).not.toContain('10.3.0.0/26');
  });

  test('a peer that comes back before that time finds its routes there, and loses none for a moment', () => {
    const network = create();
    originate(network, A, '10.3.0.0/26');
    network.advance(1000);
    const [, toC] = middle().peers;
    const config = { ...middle(), peers: [toC as PeerConfig] };
    network.send(A, { kind: 'configure', config, withoutCease: [address(B)] });
    network.advance(10_000);
    network.node(B).told.length = 0;
    change(network, middle());
    expect(toldBy(network, B, 'peer-established')).toHaveLength(1);
    const changes = toldBy(network, B, 'loc-rib-changed').flatMap((told) => told.changes);
    expect(changes.filter(({ best }) => best === undefined)).toEqual([]);
    expect(Object.keys(routesOf(network, B))).toContain('10.3.0.0/26');
  });

  test('a change of the OPEN resets that session alone, and it comes back', () => {
    const network = create();
    change(network, middle({ role: 'peer' }));
    expect(sessions(network)).toEqual([2, 1]);
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
    expect(toldBy(network, B, 'peer-down')[0]?.reason).toMatchObject({
      kind: 'notification-received',
      notification: { code: 6, subcode: CeaseSubcode.otherConfigurationChange },
    });
  });

  test('a removed peer gets Cease/3, its routes go, and its place can be taken by another', () => {
    const network = create();
    const [, toC] = middle().peers;
    change(network, { ...middle(), peers: [toC as PeerConfig] });
    expect(routesOf(network, A)).toEqual({});
    expect(routesOf(network, C)).toEqual({});
    expect(toldBy(network, B, 'peer-down')[0]?.reason).toMatchObject({
      notification: { code: 6, subcode: CeaseSubcode.peerDeconfigured },
    });
    network.add(speaker('10.0.0.9', 9, [peer(A, 1)]));
    originate(network, '10.0.0.9', '10.9.0.0/26');
    change(network, { ...middle(), peers: [toC as PeerConfig, peer('10.0.0.9', 9, { passive: true })] });
    expect(routesOf(network, C)).toEqual({ '10.9.0.0/26': A });
    expect(receivedBy(network, C, A).get('10.9.0.0/26')?.attributes.asPath).toBe('1 9');
  });

  test('the same configuration again changes nothing', () => {
    const network = create();
    const sent = network.node(A).sentBytes;
    change(network, middle());
    // Keepalives alone.
    expect((network.node(A).sentBytes - sent) % 19).toBe(0);
    expect(sessions(network)).toEqual([1, 1]);
  });

  test('news about a next hop selects again: unreachable paths go, nearer ones win', () => {
    const network = new Network();
    network.add(speaker(A, 1, [peer(B, 1, { passive: true }), peer(C, 1, { passive: true })]));
    network.add(speaker(B, 1, [peer(A, 1)]));
    network.add(speaker(C, 1, [peer(A, 1)]));
    originate(network, A);
    for (const name of [B, C]) originate(network, name, '10.1.0.0/26');
    network.advance(10_000);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': `${B} ${C}` });
    expect(toldBy(network, A, 'next-hops-wanted').at(-1)?.nextHops.toSorted()).toEqual([B, C]);
    const learn = (reachable: boolean, metric: number) => {
      const state = { address: address(B), reachable, metric };
      network.send(A, { kind: 'set-next-hops', nextHops: [state] });
      network.run();
    };
    learn(true, 5);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': C });
    network.send(A, {
      kind: 'set-next-hops',
      nextHops: [{ address: address(C), reachable: false, metric: 0 }],
    });
    network.run();
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': B });
    learn(false, 5);
    expect(routesOf(network, A)).toEqual({});
    learn(true, 0);
    expect(routesOf(network, A)).toEqual({ '10.1.0.0/26': B });
  });
});

describe('an administrator', () => {
  test('stops a peer, which stays down, and starts it again', () => {
    const network = create();
    network.send(A, {
      kind: 'stop-peer',
      peer: address(B),
      reason: { subcode: CeaseSubcode.administrativeShutdown, communication: 'lunch' },
    });
    network.advance(200_000);
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Idle' });
    expect(routesOf(network, C)).toEqual({});
    network.send(A, { kind: 'start-peer', peer: address(B) });
    network.advance(100_000);
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
  });

  test('resets a peer, which comes back at once', () => {
    const network = create();
    network.send(A, {
      kind: 'reset-peer',
      peer: address(B),
      reason: { subcode: CeaseSubcode.administrativeReset },
    });
    network.advance(60_000);
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Established', establishedCount: 2 });
    expect(Object.keys(routesOf(network, C))).toEqual(ROUTES);
  });
});

describe('local routes', () => {
  test('are told by what changed alone, with their communities and preference', () => {
    const network = create();
    const routes = [
      {
        prefix: prefix('10.5.0.0/26'),
        communities: ['64512:1'],
        largeCommunities: ['1:2:3'],
        med: 7,
        origin: 2 as const,
      },
    ];
    network.send(A, { kind: 'set-local-routes', routes });
    network.run();
    expect(receivedBy(network, C, A).get('10.5.0.0/26')?.attributes).toEqual({
      origin: 'incomplete',
      asPath: '1',
      nextHop: A,
      linkLocalNextHop: undefined,
      med: 7,
      localPref: undefined,
      communities: ['64512:1'],
      largeCommunities: ['1:2:3'],
      originatorId: undefined,
      clusterList: undefined,
    });
    const before = network.node(C).speaker.status()[0]?.updatesReceived ?? 0;
    network.send(A, { kind: 'set-local-routes', routes: [...routes, { prefix: prefix('10.6.0.0/26') }] });
    network.run();
    expect(network.node(C).speaker.status()[0]?.updatesReceived).toBe(before + 1);
  });

  test('win against any route of a peer, and leave it the place when they go', () => {
    const network = create();
    originate(network, A, '10.1.0.0/26');
    network.run();
    expect(routesOf(network, A)['10.1.0.0/26']).toBe('local');
    expect(receivedBy(network, C, A).get('10.1.0.0/26')?.attributes.asPath).toBe('1');
    originate(network, A);
    network.run();
    expect(routesOf(network, A)['10.1.0.0/26']).toBe(B);
    expect(receivedBy(network, C, A).get('10.1.0.0/26')?.attributes.asPath).toBe('1 2');
  });

  test('export policy can look at their interface, and sees it change', () => {
    const network = create();
    const byInterface: PolicyRule[] = [
      { name: 'calico interfaces', match: { interface: '*.cali' }, action: 'reject' },
      { name: 'rest', action: 'accept' },
    ];
    change(network, middle({}, { exportPolicy: byInterface }));
    const route = { prefix: prefix('10.5.0.0/26') };
    for (const [name, expected] of [
      ['vxlan.cali', false],
      ['eth0', true],
      ['vxlan.cali', false],
    ] as const) {
      network.send(A, { kind: 'set-local-routes', routes: [{ ...route, interface: name }] });
      network.run();
      expect(receivedBy(network, C, A).has('10.5.0.0/26')).toBe(expected);
    }
  });
});
