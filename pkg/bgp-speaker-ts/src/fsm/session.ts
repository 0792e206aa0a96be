/**
 * The finite state machine of one connection: RFC 4271 §8.
 *
 *                ManualStart, AutomaticStart              (passive: to Active)
 *     ┌──────┐ ─────────────────────────────▶ ┌─────────┐ ConnectRetryTimer ┌────────┐
 *     │ Idle │                                │ Connect │ ◀──────────────── │ Active │
 *     └──────┘ ◀──────────────┐               └─────────┘ ────────────────▶ └────────┘
 *        ▲                    │                    │       TCP fails            │
 *        │ any error, stop    │                    │ TCP up: send OPEN          │ TCP up: send OPEN
 *        │                    │                    ▼                            ▼
 *     ┌─────────────┐  KEEPALIVE  ┌─────────────┐  OPEN: send KEEPALIVE  ┌──────────┐ TCP fails
 *     │ Established │ ◀────────── │ OpenConfirm │ ◀───────────────────── │ OpenSent │ ─────────▶ Active
 *     └─────────────┘             └─────────────┘                        └──────────┘
 *
 * This class holds the state, the timers and the connection, and has the verbs of §8.2.2 ("drops the TCP connection",
 * "sends an OPEN message" …). What each event does in each state is in the `state-….ts` files, one function per state.
 * A session cannot fail: every event is defined in every state. `Peer` owns up to two of them and resolves collisions.
 */

import type { Notification, SessionError } from '../wire/error.ts';
import { MessageFramer } from '../wire/framing.ts';
import { encodeOpen, type OpenMessage } from '../wire/message/01-open.ts';
import { encodeNotification } from '../wire/message/03-notification.ts';
import { encodeKeepalive } from '../wire/message/04-keepalive.ts';
import type { Initiator } from './collision.ts';
import { type EventName, type MachineEvent, WITHOUT_EFFECT } from './machine-event.ts';
import { buildOpen } from './open.ts';
import { jitter, type Random } from './random.ts';
import { receiveMessage } from './receive-message.ts';
import { handleInActive } from './state-active.ts';
import { handleInConnect } from './state-connect.ts';
import { handleInEstablished } from './state-established.ts';
import { handleInIdle } from './state-idle.ts';
import { handleInOpenConfirm } from './state-open-confirm.ts';
import { handleInOpenSent } from './state-open-sent.ts';
import {
  createTimers,
  earliestDeadline,
  FIRST_KEEPALIVE_MS,
  stopTimers,
  TIMER_EVENTS,
  type Timers,
} from './timers.ts';
import type {
  ConnectionId,
  DownReason,
  ExchangedOpens,
  Negotiated,
  RestartState,
  SessionAction,
  SessionConfig,
  SessionState,
} from './types.ts';

/** What a session needs of the peer it belongs to. */
export interface SessionHost {
  readonly config: SessionConfig;
  readonly restartState: RestartState;
  readonly random: Random;
  /** Time of the event that is being handled, in ms. */
  readonly now: number;
  emit(action: SessionAction): void;
  /** Gives a number for a connection we open. */
  nextConnection(): ConnectionId;
  /** The session has changed its state. */
  stateChanged(event: EventName): void;
  /** A valid OPEN arrived; false when the session was dumped because of a collision. */
  survivesCollision(session: Session, open: OpenMessage, negotiated: Negotiated): boolean;
}

/** A TCP connection of a session, asked for (`up` false) or there. */
export interface Connection {
  readonly id: ConnectionId;
  readonly initiator: Initiator;
  readonly up: boolean;
}

/** A state with what is known in it: what was negotiated exists from OpenConfirm on. */
export type Phase =
  | { readonly state: 'Idle' | 'Connect' | 'Active' | 'OpenSent' }
  | { readonly state: 'OpenConfirm' | 'Established'; readonly negotiated: Negotiated };

/** What an end does to ConnectRetryCounter: RFC 4271 §8.2.2 counts errors, and a manual stop clears the count. */
export type Counting = 'failure' | 'unchanged' | 'clear';

/** Hold time while waiting for an OPEN, unless configured: the "large value" of RFC 4271 §8.2.2. */
const OPEN_WAIT_SECONDS = 240;

/** RFC 4724 §4: a peer keeps the routes of a session that ends without a NOTIFICATION. */
const GRACEFUL_STOP: DownReason = { kind: 'closed-locally', detail: 'graceful stop' };

/** One finite state machine with at most one connection. */
export class Session {
  readonly host: SessionHost;
  readonly timers: Timers = createTimers();
  phase: Phase = { state: 'Idle' };
  connection: Connection | undefined;
  /** Errors in a row: ConnectRetryCounter of RFC 4271 §8.1. */
  connectRetryCounter = 0;
  /** PassiveTcpEstablishment of the last start. */
  passive = false;
  /** When the connection was accepted or came up, in ms. */
  connectedAt = 0;
  /** When Established was reached, in ms. */
  establishedAt = 0;
  /** Both OPENs of the connection, once they are there. */
  opens: ExchangedOpens = { sent: new Uint8Array(0), received: new Uint8Array(0) };

  #framer = new MessageFramer();
  /** When something else than a KEEPALIVE was sent last, in ms. */
  #sentAt: number = Number.NEGATIVE_INFINITY;
  /** Bytes the peer has left unread, as told last: RFC 9687. */
  #outstandingBytes = 0;

  constructor(host: SessionHost) {
    this.host = host;
  }

  get state(): SessionState {
    return this.phase.state;
  }

  /** What was agreed, from OpenConfirm on. */
  get negotiated(): Negotiated | undefined {
    return this.phase.state === 'OpenConfirm' || this.phase.state === 'Established'
      ? this.phase.negotiated
      : undefined;
  }

  get nextDeadline(): number {
    return earliestDeadline(this.timers);
  }

  /** Handles one event of RFC 4271 §8.1; every event is defined in every state. */
  handle(event: MachineEvent): void {
    const { phase } = this;
    if (phase.state === 'Idle') handleInIdle(this, event);
    else if (event.name === 'GracefulStop') this.fail(event.name, GRACEFUL_STOP, 'clear');
    else if (!WITHOUT_EFFECT.has(event.name)) this.#handleRunning(phase, event);
  }

  #handleRunning(phase: Phase, event: MachineEvent): void {
    switch (phase.state) {
      case 'Connect':
        handleInConnect(this, event);
        return;
      case 'Active':
        handleInActive(this, event);
        return;
      case 'OpenSent':
        handleInOpenSent(this, event);
        return;
      case 'OpenConfirm':
        handleInOpenConfirm(this, event, phase.negotiated);
        return;
      case 'Established':
        handleInEstablished(this, event, phase.negotiated);
        return;
    }
  }

  /** Handles every timer that is due. */
  handleTimers(): void {
    for (const [timer, name] of TIMER_EVENTS) {
      if (this.timers[timer] > this.host.now) continue;
      this.timers[timer] = Number.POSITIVE_INFINITY;
      this.handle({ name });
    }
  }

  /** Reads messages out of received bytes and handles them, until the bytes or the connection end. */
  receive(bytes: Uint8Array): void {
    const { connection } = this;
    const framer = this.#framer;
    framer.push(bytes);
    while (this.connection === connection && framer.next()) receiveMessage(this, framer);
    if (this.connection === connection && framer.error !== undefined) {
      this.handle({ name: 'BGPHeaderErr', error: framer.error });
    }
  }

  /** Changes the state and reports it under the name of the event that caused it. */
  enter(phase: Phase, event: EventName): void {
    this.phase = phase;
    this.host.stateChanged(event);
  }

  /** "Initiates a TCP connection to the other BGP peer", giving up one that was under way. */
  connect(): void {
    this.dropConnection();
    const id = this.host.nextConnection();
    this.connection = { id, initiator: 'local', up: false };
    this.host.emit({ kind: 'connect', connection: id });
  }

  /** Notes that a connection is there: the one asked for, or one the peer has opened. */
  adopt(id: ConnectionId, initiator: Initiator): void {
    this.connection = { id, initiator, up: true };
    this.connectedAt = this.host.now;
    this.#framer = new MessageFramer();
  }

  /** "Drops the TCP connection." */
  dropConnection(): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.connection = undefined;
    this.timers.sendHold = Number.POSITIVE_INFINITY;
    this.host.emit({ kind: 'close', connection: connection.id });
  }

  /** The connection is up: send an OPEN now, or after DelayOpenTime while the state stays (RFC 4271 §8.1.1). */
  openOrDelay(event: EventName): void {
    this.stopTimer('connectRetry');
    const { delayOpenTimeSeconds } = this.host.config;
    if (delayOpenTimeSeconds === undefined) this.openNow(event);
    else this.startTimer('delayOpen', delayOpenTimeSeconds * 1000);
  }

  /** Sends an OPEN, sets the hold timer to a large value and waits in OpenSent. */
  openNow(event: EventName): void {
    this.stopTimer('connectRetry');
    this.stopTimer('delayOpen');
    this.sendOpen();
    this.startTimer('hold', (this.host.config.openWaitSeconds ?? OPEN_WAIT_SECONDS) * 1000);
    this.enter({ state: 'OpenSent' }, event);
  }

  sendOpen(): void {
    const { config, restartState } = this.host;
    const sent = encodeOpen(buildOpen(config, restartState));
    this.opens = { ...this.opens, sent };
    this.send(sent);
  }

  /** Answers a valid OPEN with a KEEPALIVE, starts the negotiated timers and waits in OpenConfirm. */
  confirm(negotiated: Negotiated, event: EventName): void {
    this.stopTimer('delayOpen');
    this.stopTimer('connectRetry');
    this.#framer.maxBytes = negotiated.maxReceiveBytes;
    this.send(encodeKeepalive());
    this.restartKeepalive(negotiated);
    this.restartHold(negotiated);
    this.enter({ state: 'OpenConfirm', negotiated }, event);
  }

  sendKeepalive(negotiated: Negotiated): void {
    this.send(encodeKeepalive());
    this.restartKeepalive(negotiated);
  }

  /** Starts the hold timer anew, unless the negotiated hold time is zero. */
  restartHold({ holdTimeSeconds }: Negotiated): void {
    if (holdTimeSeconds === 0) this.stopTimer('hold');
    else this.startTimer('hold', holdTimeSeconds * 1000);
  }

  /** Starts the keepalive timer anew, unless the negotiated hold time is zero. */
  restartKeepalive({ holdTimeSeconds, keepaliveTimeSeconds }: Negotiated): void {
    if (holdTimeSeconds === 0) this.stopTimer('keepalive');
    else this.startTimer('keepalive', jitter(keepaliveTimeSeconds * 1000, this.host.random));
  }

  /** Something else than a KEEPALIVE was sent: the next one has time, but for the first. */
  noteSent(now: number): void {
    if (now - this.establishedAt > FIRST_KEEPALIVE_MS) this.#sentAt = now;
  }

  /** Sends a KEEPALIVE when nothing was sent for as long as the timer ran; else lets the timer run on. */
  keepaliveDue(negotiated: Negotiated): void {
    const { now, random } = this.host;
    const due = this.#sentAt + jitter(negotiated.keepaliveTimeSeconds * 1000, random);
    // What was sent before this session was established says nothing about it.
    if (this.#sentAt < this.establishedAt || due <= now) this.sendKeepalive(negotiated);
    else this.startTimer('keepalive', due - now);
  }

  /** Starts ConnectRetryTimer; one that only waits for its peer has no use for it. */
  startConnectRetry(): void {
    if (this.passive) return;
    const { connectRetryTimeSeconds } = this.host.config;
    this.startTimer('connectRetry', jitter(connectRetryTimeSeconds * 1000, this.host.random));
  }

  /** Runs the send hold timer while bytes wait and none leave: RFC 9687 §3. */
  noteOutstanding(bytes: number): void {
    if (this.state !== 'Established') return;
    const progress = bytes < this.#outstandingBytes;
    const { sendHoldTimeSeconds } = this.host.config;
    this.#outstandingBytes = bytes;
    if (bytes === 0) this.stopTimer('sendHold');
    else if (sendHoldTimeSeconds > 0 && (progress || !this.isRunning('sendHold'))) {
      this.startTimer('sendHold', sendHoldTimeSeconds * 1000);
    }
  }

  /** Sends a NOTIFICATION if a connection is there, and leaves for Idle. */
  failWith(event: EventName, error: SessionError, counting: Counting): void {
    const { notification, detail } = error;
    if (this.connection?.up !== true) {
      this.fail(event, { kind: 'closed-locally', detail }, counting);
      return;
    }
    this.#sendNotification(notification);
    this.fail(event, { kind: 'notification-sent', notification, detail }, counting);
  }

  /** Drops the connection, stops all timers and leaves for Idle. */
  fail(event: EventName, reason: DownReason, counting: Counting): void {
    const { phase } = this;
    this.dropConnection();
    stopTimers(this.timers);
    this.#count(counting);
    this.#outstandingBytes = 0;
    if (phase.state === 'Established') {
      this.host.emit({ kind: 'down', reason, negotiated: phase.negotiated });
    } else if (counting !== 'clear' && event !== 'OpenCollisionDump') {
      this.host.emit({ kind: 'attempt-failed', reason });
    }
    this.enter({ state: 'Idle' }, event);
  }

  send(bytes: Uint8Array): void {
    if (this.connection?.up) this.host.emit({ kind: 'send', connection: this.connection.id, bytes });
  }

  startTimer(timer: keyof Timers, delayMs: number): void {
    this.timers[timer] = this.host.now + delayMs;
  }

  stopTimer(timer: keyof Timers): void {
    this.timers[timer] = Number.POSITIVE_INFINITY;
  }

  isRunning(timer: keyof Timers): boolean {
    return this.timers[timer] !== Number.POSITIVE_INFINITY;
  }

  #sendNotification(notification: Notification): void {
    this.send(encodeNotification(notification));
  }

  /** A session that has worked for longer than the longest wait has proved itself: the count begins anew. */
  #count(counting: Counting): void {
    const stableMs = this.host.config.idleHold.maxSeconds * 1000;
    const wasStable = this.state === 'Established' && this.host.now - this.establishedAt >= stableMs;
    if (counting === 'clear' || wasStable) this.connectRetryCounter = 0;
    if (counting === 'failure') this.connectRetryCounter += 1;
  }
}
