import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { encodeNotification } from '../wire/message/03-notification.ts';
import type { GracefulRestartConfig, PeerConfig } from './config.ts';
import {
  ASN,
  converged,
  fateOf,
  OTHER_ROUTE,
  OURS,
  PATH,
  PEER,
  type Restart,
  ROUTE,
  restarts,
} from './test/long-lived-peer.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker } from './test/network.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

describe('the two periods after a session is lost (RFC 9494 §4.2)', () => {
  const longLived = (more: object) => ({
    ...OURS,
    longLived: [{ family: 'ipv4-unicast' as const, staleTimeSeconds: 1, ...more }],
  });
  test.each<[string, Restart, GracefulRestartConfig, [number, string][]]>([
    [
      'restart time, then Long-Lived Stale Time',
      {},
      OURS,
      [
        [0, 'stale'],
        [99, 'stale'],
        [101, 'long-lived'],
        [1099, 'long-lived'],
        [1101, 'gone'],
      ],
    ],
    [
      'LLGR alone: a restart time of 0',
      { restartSeconds: 0 },
      OURS,
      [
        [0, 'long-lived'],
        [999, 'long-lived'],
        [1001, 'gone'],
      ],
    ],
    [
      'LLGR alone: the family is in no other capability',
      { families: [] },
      OURS,
      [
        [0, 'long-lived'],
        [999, 'long-lived'],
        [1001, 'gone'],
      ],
    ],
    [
      'graceful restart alone: a Long-Lived Stale Time of 0',
      { staleSeconds: 0 },
      OURS,
      [
        [99, 'stale'],
        [101, 'gone'],
      ],
    ],
    ['neither: both are 0', { restartSeconds: 0, staleSeconds: 0 }, OURS, [[0, 'gone']]],
    [
      'graceful restart alone: another family is offered by the peer',
      { longLivedFamilies: [2] },
      OURS,
      [
        [99, 'stale'],
        [101, 'gone'],
      ],
    ],
    [
      'graceful restart alone: we offer none',
      {},
      { restartTimeSeconds: 120, longLived: [] },
      [
        [99, 'stale'],
        [101, 'gone'],
      ],
    ],
    [
      'our own bound is the shorter one',
      {},
      longLived({ maxStaleTimeSeconds: 10 }),
      [
        [109, 'long-lived'],
        [111, 'gone'],
      ],
    ],
    [
      'our own bound is the longer one',
      {},
      longLived({ maxStaleTimeSeconds: 5000 }),
      [
        [1099, 'long-lived'],
        [1101, 'gone'],
      ],
    ],
  ])('%s', (_name, restart, ours, fates) => {
    const peers = converged(restart, ours);
    peers.disconnect(PEER);
    for (const [second, fate] of fates) {
      peers.advance(second - peers.now / 1000);
      expect([second, fateOf(peers)]).toEqual([second, fate]);
    }
  });

  test('each step is told: paths, until when, and why they went', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(101);
    expect(peers.told('stale-paths-long-lived')).toEqual([
      { kind: 'stale-paths-long-lived', peer: PEER, family: 'ipv4-unicast', paths: 2, until: 1_100_000 },
    ]);
    expect(peers.speaker.status()[0]?.families[0]).toMatchObject({ stale: 2, longLivedUntil: 1_100_000 });
    peers.advance(1000);
    expect(peers.told('stale-paths-removed')).toMatchObject([
      { paths: 2, cause: 'long-lived-stale-time-passed' },
    ]);
    expect(peers.speaker.status()[0]?.families[0]?.longLivedUntil).toBeUndefined();
    expect(peers.speaker.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  test.each<[string, string, Partial<PeerConfig>]>([
    ['the peer', '65535:7', {}],
    [
      'import policy',
      '',
      {
        importPolicy: [
          {
            name: 'no-llgr',
            action: 'accept',
            operations: [{ kind: 'add-community', community: '65535:7' }],
          },
        ],
      },
    ],
  ])('NO_LLGR of %s: kept for the restart time, and no longer', (_name, community, more) => {
    const peers = new ScriptedPeers([scripted(PEER, ASN, more)], { gracefulRestart: OURS });
    peers.connect(PEER, ASN, restarts());
    const communities = community === '' ? undefined : [0xffff0007];
    peers.announce(PEER, [ROUTE], { ...PATH, communities });
    peers.disconnect(PEER);
    peers.advance(99);
    expect(fateOf(peers)).toBe('stale');
    peers.advance(2);
    expect(fateOf(peers)).toBe('gone');
    expect(peers.told('stale-paths-removed')).toMatchObject([{ paths: 1, cause: 'no-llgr' }]);
  });

  test.each<[string, boolean, number, string]>([
    ['a NOTIFICATION, without the N bit', false, 2, 'gone'],
    ['a NOTIFICATION, with the N bit of both (RFC 8538)', true, 2, 'long-lived'],
    ['a hard reset, with the N bit of both (RFC 8538)', true, 9, 'gone'],
  ])('after %s', (_name, notification, subcode, fate) => {
    const peers = converged({ notification }, { ...OURS, notification: true });
    peers.receive(PEER, encodeNotification({ code: 6, subcode, data: new Uint8Array(0) }));
    peers.advance(101);
    expect(fateOf(peers)).toBe(fate);
  });

  test('other policy judges long-lived stale paths again when the session is back, and the mark stays', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(101);
    peers.connect(PEER, ASN, restarts());
    const { config } = peers.speaker;
    const importPolicy: PeerConfig['importPolicy'] = [
      { name: 'prefer', action: 'accept', operations: [{ kind: 'set-local-pref', localPref: 700 }] },
    ];
    const [before] = config.peers;
    peers.handle({
      kind: 'configure',
      config: { ...config, peers: [{ ...(before as PeerConfig), importPolicy }] },
    });
    expect(fateOf(peers)).toBe('long-lived');
    expect(peers.explain(ROUTE).paths[0]?.attributes.localPref).toBe(700);
  });
});

describe('the session is back (RFC 9494 §4.2)', () => {
  test.each<[string, number, Restart, string]>([
    ['in the restart time, both F bits set', 50, {}, 'stale'],
    ['in the restart time, the F bit of graceful restart clear', 50, { forwarding: false }, 'gone'],
    ['in the restart time, the F bit of LLGR clear', 50, { longLivedForwarding: false }, 'stale'],
    ['in the restart time, without the family in graceful restart', 50, { families: [] }, 'gone'],
    ['later, both F bits set', 200, {}, 'long-lived'],
    ['later, the F bit of LLGR clear', 200, { longLivedForwarding: false }, 'gone'],
    ['later, the F bit of graceful restart clear', 200, { forwarding: false }, 'gone'],
    ['later, without the family in LLGR', 200, { longLivedFamilies: [] }, 'gone'],
    ['later, without the family in graceful restart', 200, { families: [] }, 'long-lived'],
  ])('%s', (_name, second, restart, fate) => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(second);
    peers.connect(PEER, ASN, restarts(restart));
    expect(fateOf(peers)).toBe(fate);
  });

  test('without any of both capabilities nothing is kept', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(200);
    peers.connect(PEER, ASN);
    expect(fateOf(peers)).toBe('gone');
  });

  test('what is sent again is as good as before, what is not goes at End-of-RIB', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(200);
    peers.connect(PEER, ASN, restarts());
    peers.announce(PEER, [ROUTE], PATH);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['fresh', 'long-lived']);
    expect(peers.explain(ROUTE).paths[0]?.attributes.communities).toBeUndefined();
    peers.endOfRib(PEER, 'ipv4-unicast');
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['fresh', 'gone']);
    expect(peers.speaker.status()[0]?.families[0]?.longLivedUntil).toBeUndefined();
  });

  test('in the restart time: the restart time ends nothing any more, and End-of-RIB sweeps', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(50);
    peers.connect(PEER, ASN, restarts());
    peers.advance(60);
    expect(fateOf(peers)).toBe('stale');
    peers.endOfRib(PEER, 'ipv4-unicast');
    expect(fateOf(peers)).toBe('gone');
  });

  test('the Long-Lived Stale Time runs on until End-of-RIB, and what was not sent again by then goes', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(900);
    peers.connect(PEER, ASN, restarts());
    peers.announce(PEER, [ROUTE], PATH);
    peers.advance(199);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['fresh', 'long-lived']);
    peers.advance(2);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['fresh', 'gone']);
  });

  test('once it is over, a session that is lost before End-of-RIB leaves nothing', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(900);
    peers.connect(PEER, ASN, restarts());
    peers.announce(PEER, [ROUTE], PATH);
    peers.advance(201);
    peers.disconnect(PEER);
    expect(fateOf(peers)).toBe('gone');
  });

  test('after End-of-RIB the next loss has all its time again', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(900);
    peers.connect(PEER, ASN, restarts());
    peers.announce(PEER, [ROUTE], PATH);
    peers.endOfRib(PEER, 'ipv4-unicast');
    peers.disconnect(PEER);
    peers.advance(1099);
    expect(fateOf(peers)).toBe('long-lived');
    peers.advance(2);
    expect(fateOf(peers)).toBe('gone');
  });

  test('consecutive restarts: stale paths stay, and no loss starts the Long-Lived Stale Time anew', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(500);
    peers.connect(PEER, ASN, restarts());
    peers.announce(PEER, [ROUTE], PATH);
    peers.disconnect(PEER);
    // What was sent again is an ordinary stale path for the restart time.
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['stale', 'long-lived']);
    peers.advance(101);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['long-lived', 'long-lived']);
    peers.advance(498);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['long-lived', 'long-lived']);
    peers.advance(2);
    expect([fateOf(peers), fateOf(peers, OTHER_ROUTE)]).toEqual(['gone', 'gone']);
  });

  test('consecutive restarts: in the second one, too, the F bit of LLGR decides', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(200);
    peers.connect(PEER, ASN, restarts());
    peers.disconnect(PEER);
    // After the second failure in a row a peer is left alone for a moment.
    peers.advance(5);
    peers.connect(PEER, ASN, restarts({ longLivedForwarding: false }));
    expect(fateOf(peers)).toBe('gone');
  });

  test('an End-of-RIB that never comes is waited for as long as after any restart', () => {
    const peers = converged({}, { ...OURS, staleTimeSeconds: 30 });
    peers.disconnect(PEER);
    peers.advance(200);
    peers.connect(PEER, ASN, restarts());
    peers.advance(29);
    expect(fateOf(peers)).toBe('long-lived');
    peers.advance(2);
    expect(fateOf(peers)).toBe('gone');
    expect(peers.told('stale-paths-removed')).toMatchObject([{ cause: 'stale-time-passed' }]);
  });

  test('a session that is configured anew, so that its routes are others, leaves no time running', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(200);
    const { config } = peers.speaker;
    const [before] = config.peers;
    const changed: PeerConfig = { ...(before as PeerConfig), role: 'peer' };
    peers.handle({ kind: 'configure', config: { ...config, peers: [changed] } });
    expect(fateOf(peers)).toBe('gone');
    expect(peers.speaker.status()[0]?.families[0]?.longLivedUntil).toBeUndefined();
  });

  test('a stop by configuration leaves nothing behind', () => {
    const peers = converged();
    peers.disconnect(PEER);
    peers.advance(200);
    peers.handle({ kind: 'configure', config: { ...peers.speaker.config, peers: [] } });
    expect([...peers.speaker.locRib('ipv4-unicast')]).toEqual([]);
    expect(peers.told('next-hops-wanted').at(-1)?.nextHops).toEqual([]);
  });
});

describe('between two speakers', () => {
  const A = '10.0.0.1';
  const B = '10.0.0.2';
  const gracefulRestart: GracefulRestartConfig = {
    restartTimeSeconds: 0,
    longLived: [{ family: 'ipv4-unicast', staleTimeSeconds: 3600 }],
  };
  const config = (name: string, other: string) =>
    speaker(name, 64512, [peer(other, 64512, { passive: other > name })], { gracefulRestart });

  function pair(): Network {
    const network = new Network();
    network.add(config(A, B));
    network.add(config(B, A));
    originate(network, A);
    originate(network, B, '10.2.0.0/26', '10.2.0.64/26', 'fd00:2::/64');
    network.advance(10_000);
    return network;
  }

  test('the routes of one that is killed stay for an hour, and come back as they were', () => {
    const network = pair();
    network.kill(B);
    network.advance(3_000_000);
    expect(routesOf(network, A)).toEqual({ '10.2.0.0/26': B, '10.2.0.64/26': B });
    network.restart(B, config(B, A), { restarting: true });
    originate(network, B, '10.2.0.0/26');
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual({ '10.2.0.0/26': B });
    expect(receivedBy(network, A, B).get('10.2.0.0/26')).toMatchObject({ stale: false });
    expect(network.node(A).speaker.explain('10.2.0.0/26' as never).paths[0]?.attributes.communities).toBe(
      undefined,
    );
  });

  test('a restarted speaker without restart time still waits for its peers', () => {
    const network = pair();
    network.cut.add(`${A} ${B}`);
    network.kill(A);
    network.restart(A, config(A, B), { restarting: true });
    originate(network, A);
    network.advance(20_000);
    network.cut.clear();
    network.advance(20_000);
    const ends = network.node(A).told.filter(({ kind }) => kind === 'end-of-rib-complete');
    expect(ends).toEqual([{ kind: 'end-of-rib-complete', cause: 'all-received' }]);
    expect(network.node(B).speaker.status()[0]?.address).toBe(address(A));
  });
});
