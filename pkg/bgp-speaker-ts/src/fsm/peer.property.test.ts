/** What holds for every peer, whatever the network and the other side do. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeNotification } from '../wire/message/03-notification.ts';
import { Peer } from './peer.ts';
import { createRandom } from './random.ts';
import { CONFIG, PEER_CONFIG, peerOpenBytes } from './test/fixtures.ts';
import { TwoPeers } from './test/two-peers.ts';
import type { SessionAction, SessionConfig, SessionEvent } from './types.ts';

const network = {
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  maxDelayMs: fc.constantFrom(0, 1, 50, 400),
  passive: fc.constantFrom<readonly [boolean, boolean]>([false, false], [true, false], [false, true]),
  delayOpenTimeSeconds: fc.constantFrom(undefined, 1),
  rightStartsAt: fc.constantFrom(0, 1, 300, 2000, 20_000),
  gracefulRestart: fc.constantFrom(CONFIG.gracefulRestart, undefined),
};

describe('two peers', () => {
  const settled = (peers: TwoPeers): void => {
    expect([peers.left.peer.state, peers.right.peer.state]).toEqual(['Established', 'Established']);
    const open = peers.openConnections();
    expect(open).toHaveLength(1);
    expect(open[0]).toEqual({ left: peers.left.peer.connection, right: peers.right.peer.connection });
  };

  test('reach Established on one connection, however slow the network and whoever begins', () => {
    fc.assert(
      fc.property(fc.record(network), (options) => {
        const { seed, maxDelayMs, passive, rightStartsAt, ...config } = options;
        const left = { ...CONFIG, ...config, passive: passive[0] };
        const right = { ...PEER_CONFIG, ...config, passive: passive[1] };
        const peers = new TwoPeers(left, right, seed, maxDelayMs);
        peers.give('left', { kind: 'start' });
        peers.run(rightStartsAt);
        peers.give('right', { kind: 'start' });
        peers.run(120_000);
        settled(peers);
      }),
      { numRuns: 300 },
    );
  });

  test('come back after every cut, and report each end once', () => {
    fc.assert(
      fc.property(
        fc.record(network),
        fc.array(fc.integer({ min: 1, max: 100_000 }), { maxLength: 4 }),
        (options, cuts) => {
          const { seed, maxDelayMs, passive, rightStartsAt: _at, ...config } = options;
          const peers = new TwoPeers(
            { ...CONFIG, ...config, passive: passive[0] },
            { ...PEER_CONFIG, ...config, passive: passive[1] },
            seed,
            maxDelayMs,
          );
          peers.give('left', { kind: 'start' });
          peers.give('right', { kind: 'start' });
          for (const after of cuts) {
            peers.run(peers.now + after);
            peers.cut();
          }
          peers.run(peers.now + 200_000);
          settled(peers);
          for (const side of [peers.left, peers.right]) expectAlternating(side.actions);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a day without routes: keepalives keep the session, and nothing else is sent', () => {
    const peers = new TwoPeers(CONFIG, PEER_CONFIG, 1, 50);
    peers.give('left', { kind: 'start' });
    peers.give('right', { kind: 'start' });
    peers.run(86_400_000);
    settled(peers);
    expect(peers.left.actions.filter(({ kind }) => kind === 'down')).toEqual([]);
    const sent = peers.left.actions.filter(({ kind }) => kind === 'send').length;
    expect(sent).toBeGreaterThan(86_400 / 30);
    expect(sent).toBeLessThan(86_400 / 22 + 10);
  });
});

/** Established and down take turns: no end without a beginning. */
function expectAlternating(actions: readonly SessionAction[]): void {
  const kinds = actions.map(({ kind }) => kind).filter((kind) => kind === 'established' || kind === 'down');
  const expected = kinds.map((_kind, index) => (index % 2 === 0 ? 'established' : 'down'));
  expect(kinds).toEqual(expected);
}

describe('a peer under random events', () => {
  const messages = [
    peerOpenBytes(),
    peerOpenBytes({ localAsn: 64999 }),
    peerOpenBytes({ restart: { restarting: true, forwarding: [] } }),
    new Uint8Array([...new Array(16).fill(0xff), 0, 19, 4]),
    new Uint8Array([...new Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]),
    new Uint8Array([...new Array(16).fill(0xff), 0, 23, 5, 0, 1, 0, 1]),
    encodeNotification({ code: 6, subcode: 2, data: new Uint8Array(0) }),
    new Uint8Array(30),
    new Uint8Array(5).fill(0xff),
  ];
  /** Connections are named by how many numbers back they are, so that most events meet a live one. */
  type Step =
    | { readonly kind: 'event'; readonly event: SessionEvent }
    | { readonly kind: 'accept' }
    | { readonly kind: 'wait'; readonly ms: number }
    | {
        readonly kind: 'on-connection';
        readonly back: number;
        readonly incoming: boolean;
        readonly what: 'connected' | 'connect-failed' | 'closed' | Uint8Array;
      };
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 1,
      arbitrary: fc.constantFrom<Step>(
        { kind: 'event', event: { kind: 'start' } },
        { kind: 'event', event: { kind: 'stop', reason: { subcode: 2 } } },
        { kind: 'event', event: { kind: 'stop-gracefully' } },
        { kind: 'event', event: { kind: 'reset', reason: { subcode: 4 } } },
        { kind: 'event', event: { kind: 'outstanding', bytes: 5000 } },
      ),
    },
    { weight: 2, arbitrary: fc.constant<Step>({ kind: 'accept' }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('wait' as const),
        ms: fc.constantFrom(0, 1000, 6000, 100_000),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('on-connection' as const),
        back: fc.nat({ max: 2 }),
        incoming: fc.boolean(),
        what: fc.oneof(
          fc.constantFrom('connected' as const, 'connect-failed' as const, 'closed' as const),
          fc.constantFrom(...messages),
        ),
      }),
    },
  );

  test('keeps its invariants', () => {
    const configs: readonly Partial<SessionConfig>[] = [
      {},
      { passive: true },
      { delayOpenTimeSeconds: 3 },
      { collisionDetectEstablished: true, gracefulRestart: undefined },
    ];
    fc.assert(
      fc.property(fc.constantFrom(...configs), fc.array(step, { maxLength: 60 }), (config, steps) => {
        const world = new World({ ...CONFIG, ...config });
        world.give({ kind: 'start' });
        for (const item of steps) world.take(item);
      }),
      { numRuns: 1500 },
    );
  });

  /** A peer and what the outside knows of its connections; every action is checked as it comes. */
  class World {
    readonly peer: Peer;
    now = 0;
    readonly open = new Map<number, 'pending' | 'up'>();
    lastOutgoing = -1;
    lastAccepted = 0;
    established = false;
    started = false;

    constructor(config: SessionConfig) {
      this.peer = new Peer(config, createRandom(5));
    }

    take(item: Step): void {
      if (item.kind === 'event') this.give(item.event);
      else if (item.kind === 'accept') this.accept();
      else if (item.kind === 'wait') this.wait(item.ms);
      else this.onConnection(item);
    }

    accept(): void {
      this.lastAccepted += 2;
      this.open.set(this.lastAccepted, 'up');
      this.give({ kind: 'accepted', connection: this.lastAccepted });
    }

    wait(ms: number): void {
      const until = this.now + ms;
      for (let count = 0; this.peer.nextDeadline <= until; count += 1) {
        expect(count).toBeLessThan(1000);
        this.now = Math.max(this.now, this.peer.nextDeadline);
        this.give({ kind: 'timer' });
      }
      this.now = until;
    }

    onConnection({ back, incoming, what }: Extract<Step, { kind: 'on-connection' }>): void {
      const connection = (incoming ? this.lastAccepted : this.lastOutgoing) - 2 * back;
      const state = this.open.get(connection);
      if (state === undefined) return;
      if (what === 'connected' && state === 'pending') {
        this.open.set(connection, 'up');
        this.give({ kind: 'connected', connection });
      } else if (what === 'connect-failed' && state === 'pending') {
        this.open.delete(connection);
        this.give({ kind: 'connect-failed', connection, error: 'ETIMEDOUT' });
      } else if (what === 'closed' && state === 'up') {
        this.open.delete(connection);
        this.give({ kind: 'closed', connection });
      } else if (typeof what === 'object' && state === 'up') {
        this.give({ kind: 'received', connection, bytes: what });
      }
    }

    give(event: SessionEvent): void {
      const actions = this.peer.handle(event, this.now);
      for (const action of actions) this.check(action);
      if (event.kind === 'start') this.started = true;
      if (event.kind === 'stop' || event.kind === 'stop-gracefully') this.checkStopped();
      expect(this.open.size).toBeLessThanOrEqual(2);
      expect(this.peer.state === 'Established').toBe(this.established);
      if (this.peer.state === 'Established') expect(this.open.get(this.peer.connection ?? 0)).toBe('up');
      if (this.started && this.peer.state === 'Idle') {
        expect(this.peer.nextDeadline).toBeLessThan(Number.POSITIVE_INFINITY);
      }
    }

    checkStopped(): void {
      this.started = false;
      expect([this.peer.state, this.open.size]).toEqual(['Idle', 0]);
      expect(this.peer.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    }

    check(action: SessionAction): void {
      switch (action.kind) {
        case 'connect':
          expect(action.connection).toBe(this.lastOutgoing + 2);
          this.lastOutgoing = action.connection;
          this.open.set(action.connection, 'pending');
          return;
        case 'send':
          expect(this.open.get(action.connection)).toBe('up');
          return;
        case 'close':
          expect(this.open.delete(action.connection)).toBe(true);
          return;
        case 'established':
          expect(this.established).toBe(false);
          this.established = true;
          return;
        case 'down':
          expect(this.established).toBe(true);
          this.established = false;
          return;
        case 'update':
        case 'route-refresh':
          expect(this.established).toBe(true);
          return;
        case 'state-changed':
          expect(action.from).not.toBe(action.to);
          return;
        default:
          return;
      }
    }
  }
});
