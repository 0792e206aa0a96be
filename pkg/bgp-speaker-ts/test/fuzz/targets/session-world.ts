/**
 * The machine of one peer with its connections and timers, and what must hold of it after every event.
 */

import { Peer } from '../../../src/fsm/peer.ts';
import { createRandom } from '../../../src/fsm/random.ts';
import { CONFIG } from '../../../src/fsm/test/fixtures.ts';
import type { SessionAction, SessionConfig, SessionEvent } from '../../../src/fsm/types.ts';
import { check } from '../target.ts';
import { readMessage, type Script } from './script.ts';

const LONG_LIVED = [{ family: 'ipv4-unicast', staleTimeSeconds: 3600 }] as const;
const CONFIGS: readonly Partial<SessionConfig>[] = [
  {},
  { passive: true },
  { delayOpenTimeSeconds: 3 },
  { collisionDetectEstablished: true, gracefulRestart: undefined },
  { peerAsn: 'any', role: 'customer', strictRole: true },
  { holdTimeSeconds: 0, extendedMessages: true, routeRefresh: false },
  { gracefulRestart: { restartTimeSeconds: 60, notification: true, longLived: LONG_LIVED } },
];
const SENDER = { asn: 64_512, identifier: 0x0a000002 };
const WAITS_MS = [0, 1, 200, 1_000, 6_000, 31_000, 100_000];
const MAX_TIMERS = 1_000;

const EVENTS: readonly SessionEvent[] = [
  { kind: 'start' },
  { kind: 'start' },
  { kind: 'stop', reason: { subcode: 2, communication: 'fuzz' } },
  { kind: 'stop-gracefully' },
  { kind: 'reset', reason: { subcode: 4 } },
  { kind: 'reset', reason: { subcode: 1 }, holdSeconds: 30 },
  { kind: 'outstanding', bytes: 5_000 },
  { kind: 'outstanding', bytes: 0 },
  { kind: 'restart-state', state: { restarting: true, forwarding: ['ipv4-unicast'] } },
];

/** The machine and its surroundings. */
export class SessionWorld {
  readonly #peer: Peer;
  #now = 0;
  readonly #open: Map<number, 'pending' | 'up'> = new Map();
  #lastOutgoing = -1;
  #lastAccepted = 0;
  #established = false;

  constructor(variant: number) {
    const config = { ...CONFIG, ...CONFIGS[variant % CONFIGS.length] };
    this.#peer = new Peer(config, createRandom(5));
    this.#give({ kind: 'start' });
  }

  /** Does the next thing of a script. */
  take(script: Script): void {
    const steps = [
      () => this.#give(script.choose(EVENTS)),
      () => this.#accept(),
      () => this.#peer.noteSent(this.#now),
      () => this.#wait(script.choose(WAITS_MS)),
      () => this.#receive(script),
      () => this.#receive(script),
      () => this.#onConnection(script, 'connected'),
      () => this.#onConnection(script, 'connect-failed'),
      () => this.#onConnection(script, 'closed'),
    ];
    script.choose(steps)();
  }

  /** A stop leaves nothing open and no timer. */
  end(): void {
    this.#give({ kind: 'stop', reason: { subcode: 2 } });
    check(this.#peer.state === 'Idle' && this.#open.size === 0, 'a stopped peer has connections');
    check(this.#peer.nextDeadline === Number.POSITIVE_INFINITY, 'a stopped peer has timers');
  }

  #accept(): void {
    this.#lastAccepted += 2;
    this.#open.set(this.#lastAccepted, 'up');
    this.#give({ kind: 'accepted', connection: this.#lastAccepted });
  }

  #wait(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (let count = 0; this.#peer.nextDeadline <= until; count += 1) {
      check(count < MAX_TIMERS, 'timers come due without end');
      this.#now = Math.max(this.#now, this.#peer.nextDeadline);
      this.#give({ kind: 'timer' });
    }
    this.#now = until;
  }

  #receive(script: Script): void {
    const connection = this.#choose(script);
    if (this.#open.get(connection) !== 'up') return;
    const bytes = readMessage(script, SENDER).slice();
    this.#give({ kind: 'received', connection, bytes });
    bytes.fill(0xa5);
  }

  #onConnection(script: Script, kind: 'connected' | 'connect-failed' | 'closed'): void {
    const connection = this.#choose(script);
    if (this.#open.get(connection) !== (kind === 'closed' ? 'up' : 'pending')) return;
    if (kind === 'connected') this.#open.set(connection, 'up');
    else this.#open.delete(connection);
    this.#give({ kind, connection, error: 'ETIMEDOUT' });
  }

  /** The newest connections of both kinds are the ones that matter. */
  #choose(script: Script): number {
    const bits = script.octet();
    return ((bits & 1) === 0 ? this.#lastAccepted : this.#lastOutgoing) - 2 * ((bits >>> 1) & 1);
  }

  #give(event: SessionEvent): void {
    for (const action of this.#peer.handle(event, this.#now)) this.#check(action, event);
    const { state, connection = 0 } = this.#peer;
    check(this.#open.size <= 2, 'a peer has more than two connections');
    check((state === 'Established') === this.#established, `state ${state} does not fit what was reported`);
    check(
      !this.#established || this.#open.get(connection) === 'up',
      'an established session has no connection',
    );
  }

  #check(action: SessionAction, event: SessionEvent): void {
    switch (action.kind) {
      case 'connect':
        check(action.connection === this.#lastOutgoing + 2, 'a connection has a used number');
        this.#lastOutgoing = action.connection;
        this.#open.set(action.connection, 'pending');
        return;
      case 'send':
        check(this.#open.get(action.connection) === 'up', 'bytes for a connection that is not there');
        return;
      case 'close':
        check(this.#open.delete(action.connection), 'a connection is closed twice');
        return;
      case 'established':
      case 'down':
        check(this.#established === (action.kind === 'down'), `${action.kind} twice`);
        this.#established = action.kind === 'established';
        return;
      case 'update':
        checkUpdateRange(action, event);
        return;
      default:
        return;
    }
  }
}

/** The body of an UPDATE lies in the bytes it came with, or in a buffer of the framer. */
function checkUpdateRange(
  { bytes, start, end }: Extract<SessionAction, { kind: 'update' }>,
  event: SessionEvent,
): void {
  check(event.kind === 'received', 'an UPDATE out of nothing');
  check(start >= 19 && start <= end && end <= bytes.length, 'the range of an UPDATE is not in its bytes');
}
