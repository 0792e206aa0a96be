/**
 * One configured peer: its finite state machine, and a second one while the peer's own connection is undecided.
 *
 * RFC 4271 §8.2.1 has one machine per configured peer and one per incoming connection that is not yet resolved. The
 * main session is the former: it connects, waits, and starts again after a failure. A connection that the peer opens
 * is taken by the main session when that only waits (Active); otherwise it gets the second session, until one of the
 * two wins:
 *
 * - both have an OPEN: the collision rule decides (`collision.ts`);
 * - the main session is Established: the newcomer loses, unless the peer has restarted (RFC 4724 §4.2, below);
 * - the main session ends or waits, or the second is Established: the second becomes the main session.
 *
 * Departs from RFC 4724 §4.2: a new connection from a peer with graceful restart replaces an Established one only after
 * its OPEN, and only when that has the R bit as the session's own had not, or the session is older than a collision can
 * be. The RFC would drop the
 * session for any TCP connection, also for the last attempt of a peer that has just accepted ours.
 */

import type { OpenMessage } from '../wire/message/01-open.ts';
import { resolveCollision } from './collision.ts';
import { idleHoldMs } from './damping.ts';
import type { EventName, MachineEvent } from './machine-event.ts';
import type { Random } from './random.ts';
import { Session, type SessionHost } from './session.ts';
import {
  type ConnectionId,
  type Negotiated,
  type RestartState,
  SESSION_STATES,
  type SessionAction,
  type SessionConfig,
  type SessionEvent,
  type SessionState,
  type StopReason,
} from './types.ts';

/** A second connection that comes this long after Established is no collision any more, in ms. */
const COLLISION_WINDOW_MS = 5_000;

/** A peer as a pure machine: events with their time in, actions out. It cannot fail. */
export class Peer {
  #main: Session;
  #second: Session | undefined;
  /** Lost a collision; dumped when the event that decided it is done, so that the peer's state never goes back. */
  #loser: Session | undefined;
  #host: PeerHost;
  /** Whether the peer is to be up: between ManualStart and ManualStop. */
  #started = false;
  /** State as reported last. */
  #reported: SessionState = 'Idle';

  /**
   * @param random jitter of timers; `createRandom(seed)` makes one that can be replayed
   */
  constructor(config: SessionConfig, random: Random) {
    this.#host = new PeerHost(config, random, this);
    this.#main = new Session(this.#host);
  }

  /** The state of the more advanced of the peer's connections. */
  get state(): SessionState {
    return this.#reported;
  }

  /** What was agreed; only while Established. */
  get negotiated(): Negotiated | undefined {
    return this.#main.state === 'Established' ? this.#main.negotiated : undefined;
  }

  /** The connection of the Established session. */
  get connection(): ConnectionId | undefined {
    return this.#main.state === 'Established' ? this.#main.connection?.id : undefined;
  }

  /** When a `timer` event is due, in ms; Infinity when no timer runs. */
  get nextDeadline(): number {
    return Math.min(this.#main.nextDeadline, this.#second?.nextDeadline ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Notes that UPDATEs leave now on the established connection: as good a sign of life as a KEEPALIVE (RFC 4271 §4.4).
   * A note and no event, because it comes with every change for every peer and asks for nothing.
   */
  noteSent(now: number): void {
    this.#main.noteSent(now);
  }

  /** Takes a new configuration; what was sent in an OPEN changes with the next OPEN. */
  configure(config: SessionConfig): void {
    this.#host.config = config;
  }

  /**
   * Handles one event.
   *
   * @param now ms on a clock that never goes back
   * @returns what to do, in order; a new array for each call
   */
  handle(event: SessionEvent, now: number): readonly SessionAction[] {
    const actions: SessionAction[] = [];
    this.#host.begin(now, actions);
    this.#dispatch(event);
    this.#settle();
    return actions;
  }

  #dispatch(event: SessionEvent): void {
    switch (event.kind) {
      case 'received':
        this.#find(event.connection)?.receive(event.bytes);
        return;
      case 'outstanding':
        this.#main.noteOutstanding(event.bytes);
        return;
      case 'timer':
        this.#handleTimers();
        return;
      case 'start':
        this.#start();
        return;
      case 'stop':
        this.#stop({ name: 'ManualStop', reason: event.reason });
        return;
      case 'stop-gracefully':
        this.#stop({ name: 'GracefulStop' });
        return;
      case 'reset':
        this.#reset(event.reason, event.holdSeconds);
        return;
      case 'connected':
        this.#connected(event.connection);
        return;
      case 'connect-failed':
      case 'closed':
        this.#lost(event.connection, event.error);
        return;
      case 'accepted':
        this.#accepted(event.connection);
        return;
      case 'update-error':
        if (this.#main.state === 'Established')
          this.#main.handle({ name: 'UpdateMsgErr', error: event.error });
        return;
      case 'restart-state':
        this.#host.restartState = event.state;
        return;
    }
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#main.stopTimer('idleHold');
    const { passive } = this.#host.config;
    this.#main.handle({ name: passive ? 'ManualStart_with_PassiveTcpEstablishment' : 'ManualStart' });
  }

  #stop(event: MachineEvent): void {
    this.#started = false;
    this.#both(event);
  }

  /** AutomaticStop; the wait that follows is the caller's, or the one of damping. */
  #reset(reason: StopReason, holdSeconds: number | undefined): void {
    this.#both({ name: 'AutomaticStop', reason });
    if (holdSeconds === Number.POSITIVE_INFINITY) this.#started = false;
    else if (holdSeconds !== undefined && this.#started) this.#restartAfter(holdSeconds * 1000);
  }

  #handleTimers(): void {
    this.#main.handleTimers();
    this.#second?.handleTimers();
  }

  #connected(id: ConnectionId): void {
    const session = this.#find(id);
    if (session === undefined) {
      this.#host.emit({ kind: 'close', connection: id });
      return;
    }
    session.adopt(id, 'local');
    session.handle({ name: 'Tcp_CR_Acked' });
  }

  /** A connection is gone; there is nothing left to close. */
  #lost(id: ConnectionId, error: string | undefined): void {
    const session = this.#find(id);
    if (session === undefined) return;
    session.connection = undefined;
    session.handle({ name: 'TcpConnectionFails', error });
  }

  /**
   * In Idle all connections are refused (RFC 4271 §8.2.2). A third connection replaces a second one on which no OPEN has
   * come, because the peer must have given that up; otherwise it is refused.
   */
  #accepted(id: ConnectionId): void {
    const second = this.#second;
    const undecided = second?.state === 'OpenConfirm';
    if (this.#main.state === 'Idle' || undecided) {
      this.#host.emit({ kind: 'close', connection: id });
      return;
    }
    second?.dropConnection();
    const waiting = this.#main.state === 'Active' && this.#main.connection === undefined;
    this.#second = waiting ? undefined : this.#createSecond();
    (this.#second ?? this.#main).handle({ name: 'TcpConnectionConfirmed', connection: id });
  }

  /** A machine for a connection that is there already: it begins where it would wait for one. */
  #createSecond(): Session {
    const session = new Session(this.#host);
    session.passive = true;
    session.phase = { state: 'Active' };
    return session;
  }

  /** Decides between this session, whose OPEN has just come, and the other one; false when this one was dumped. */
  survivesCollision(session: Session, open: OpenMessage, negotiated: Negotiated): boolean {
    const other = session === this.#main ? this.#second : this.#main;
    const ours = session.connection;
    const theirs = other?.connection;
    if (other === undefined || ours === undefined || theirs === undefined) return true;
    if (other.state === 'Established') return this.#meetEstablished(session, other, open, negotiated);
    if (other.state !== 'OpenConfirm') return true;
    if (resolveCollision(theirs.initiator, ours.initiator, negotiated) === 'keep-newcomer') {
      this.#loser = other;
      return true;
    }
    session.handle({ name: 'OpenCollisionDump' });
    return false;
  }

  #meetEstablished(
    session: Session,
    established: Session,
    open: OpenMessage,
    negotiated: Negotiated,
  ): boolean {
    if (hasRestarted(session, established, open)) {
      established.handle({ name: 'ConnectionReplaced' });
      return true;
    }
    const initiators = [established.connection?.initiator, session.connection?.initiator] as const;
    const detect = this.#host.config.collisionDetectEstablished;
    const [old = 'local', fresh = 'local'] = initiators;
    if (detect && resolveCollision(old, fresh, negotiated) === 'keep-newcomer') {
      established.handle({ name: 'OpenCollisionDump' });
      return true;
    }
    session.handle({ name: 'OpenCollisionDump' });
    return false;
  }

  /** Brings the two sessions into order after an event, and starts the main session again when it failed. */
  #settle(): void {
    this.#loser?.handle({ name: 'OpenCollisionDump' });
    this.#loser = undefined;
    const second = this.#second;
    if (second?.state === 'Idle') this.#second = undefined;
    else if (second !== undefined && this.#mustYieldTo(second)) this.#promote(second);
    const main = this.#main;
    if (this.#started && main.state === 'Idle' && !main.isRunning('idleHold')) {
      this.#restartAfter(idleHoldMs(main.connectRetryCounter, this.#host.config.idleHold, this.#host.random));
    }
  }

  #mustYieldTo(second: Session): boolean {
    const { state } = this.#main;
    return state === 'Idle' || state === 'Active' || second.state === 'Established';
  }

  /** Makes the second session the main one; what is left of the old one is a connection attempt. */
  #promote(second: Session): void {
    const old = this.#main;
    second.passive = this.#host.config.passive;
    second.connectRetryCounter = old.connectRetryCounter;
    this.#main = second;
    this.#second = undefined;
    if (old.state !== 'Idle') old.handle({ name: 'OpenCollisionDump' });
  }

  #restartAfter(idleHoldMilliseconds: number): void {
    const name = this.#host.config.passive
      ? 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment'
      : 'AutomaticStart_with_DampPeerOscillations';
    this.#main.handle({ name, idleHoldMs: idleHoldMilliseconds });
  }

  #both(event: MachineEvent): void {
    this.#second?.handle(event);
    this.#main.handle(event);
  }

  #find(id: ConnectionId): Session | undefined {
    if (this.#main.connection?.id === id) return this.#main;
    return this.#second?.connection?.id === id ? this.#second : undefined;
  }

  /** Reports a change of the peer's state, if the change of one session was one. */
  stateChanged(event: EventName): void {
    const states = [this.#main.state, this.#second?.state ?? 'Idle'] as const;
    const to = rank(states[0]) >= rank(states[1]) ? states[0] : states[1];
    const from = this.#reported;
    if (from === to) return;
    this.#reported = to;
    this.#host.emit({ kind: 'state-changed', from, to, event });
  }
}

/** What the sessions of one peer share. */
class PeerHost implements SessionHost {
  config: SessionConfig;
  restartState: RestartState = { restarting: false, forwarding: [] };
  readonly random: Random;
  now = 0;
  readonly #peer: Peer;
  #actions: SessionAction[] = [];
  #lastConnection = -1;

  constructor(config: SessionConfig, random: Random, peer: Peer) {
    this.config = config;
    this.random = random;
    this.#peer = peer;
  }

  begin(now: number, actions: SessionAction[]): void {
    this.now = now;
    this.#actions = actions;
  }

  emit(action: SessionAction): void {
    this.#actions.push(action);
  }

  nextConnection(): ConnectionId {
    this.#lastConnection += 2;
    return this.#lastConnection;
  }

  stateChanged(event: EventName): void {
    this.#peer.stateChanged(event);
  }

  survivesCollision(session: Session, open: OpenMessage, negotiated: Negotiated): boolean {
    return this.#peer.survivesCollision(session, open, negotiated);
  }
}

/** Whether a second connection shows that a peer with graceful restart has lost the first: RFC 4724 §4.2. */
function hasRestarted(session: Session, established: Session, open: OpenMessage): boolean {
  const before = established.negotiated?.gracefulRestart;
  if (before === undefined) return false;
  const restarting = open.capabilities.some((item) => item.kind === 'graceful-restart' && item.restarting);
  // Two connections with the R bit are two attempts after one restart.
  return (
    (restarting && !before.restarting) ||
    session.connectedAt - established.establishedAt > COLLISION_WINDOW_MS
  );
}

function rank(state: SessionState): number {
  return SESSION_STATES.indexOf(state);
}
