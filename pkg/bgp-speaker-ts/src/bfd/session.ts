/**
 * The state machine of one BFD session, asynchronous mode: RFC 5880 §6.
 *
 *                              +--+
 *                              |  | UP, ADMIN DOWN, TIMER
 *                              |  V
 *                      DOWN  +------+  INIT
 *               +------------|      |------------+
 *               |            | DOWN |            |
 *               |  +-------->|      |<--------+  |
 *               |  |         +------+         |  |
 *               |  |                          |  |
 *               |  |               ADMIN DOWN,|  |
 *               |  |ADMIN DOWN,          DOWN,|  |
 *               |  |TIMER                TIMER|  |
 *               V  |                          |  V
 *             +------+                      +------+
 *        +----|      |                      |      |----+
 *    DOWN|    | INIT |--------------------->|  UP  |    |INIT, UP
 *        +--->|      | INIT, UP             |      |<---+
 *             +------+                      +------+
 *
 * The machine reads no clock: each event brings its time, and `nextDeadline` says when `handleTimers` is due. What is to
 * be sent goes to the host, and so does the news that `status` is another.
 *
 * Two pairs of intervals exist beside each other. What is announced follows configuration and state at once; what is in
 * use follows when the peer has confirmed it (a Poll Sequence), where following earlier would make the peer or us miss
 * packets that were never due (§6.8.3).
 */

import type { ControlPacket } from './control-packet.ts';
import { type BfdState, Diagnostic } from './iana.ts';
import { type Intervals, jittered, NOBODY, type Remote, toMicroseconds, toRemote } from './timing.ts';
import type { BfdStatus, BfdTimers } from './types.ts';

/** What a session needs of whoever runs it. */
export interface BfdSessionHost {
  /** Numbers from 0 up to, but without, 1. */
  readonly random: () => number;
  send(packet: ControlPacket): void;
  /** `status` is another. */
  changed(): void;
}

/** Least interval between our packets while the session is not Up: §6.8.3. */
export const SLOW_INTERVAL_MS = 1000;

/** A session as a pure machine. It cannot fail. */
export class BfdSession {
  /** bfd.LocalDiscr, not 0. */
  readonly discriminator: number;
  readonly #host: BfdSessionHost;
  #timers: BfdTimers;
  #now: number;
  #state: BfdState = 'Down';
  #diagnostic: number = Diagnostic.none;
  #remote: Remote = NOBODY;
  #announced: Intervals;
  #inUse: Intervals;
  /** A Poll Sequence: asked for, or on its way to the peer. */
  #poll: 'none' | 'due' | 'sent' = 'none';
  /** Intervals changed during a Poll Sequence: its answer says nothing about them. */
  #pollAgain = false;
  /** The next packet says something new and leaves at once. */
  #urgent = false;
  #lastSent: number;
  /** What `#nextSend` was computed from. */
  #pace: number = Number.NaN;
  #nextSend: number;
  #lastReceived = 0;
  #detectAt: number = Number.POSITIVE_INFINITY;
  #reported: BfdStatus;

  constructor(discriminator: number, timers: BfdTimers, host: BfdSessionHost, now: number) {
    this.discriminator = discriminator;
    this.#timers = timers;
    this.#host = host;
    this.#now = now;
    this.#announced = this.#wanted();
    this.#inUse = this.#announced;
    this.#lastSent = now;
    this.#nextSend = now;
    this.#reported = this.status;
  }

  get state(): BfdState {
    return this.#state;
  }

  /** Session and peer as they are. */
  get status(): BfdStatus {
    const heard = this.#detectAt !== Number.POSITIVE_INFINITY;
    return {
      state: this.#state,
      diagnostic: this.#diagnostic,
      remoteState: this.#remote.state,
      remoteDiagnostic: this.#remote.diagnostic,
      remoteControlPlaneIndependent: this.#remote.controlPlaneIndependent,
      transmitIntervalMs: this.#transmitIntervalMs,
      receiveIntervalMs: heard ? this.#receiveIntervalMs : undefined,
      detectionTimeMs: heard ? this.#detectionTimeMs : undefined,
    };
  }

  /** When `handleTimers` is due, in ms; Infinity when neither a packet nor an expiry is. */
  get nextDeadline(): number {
    return Math.min(this.#nextSend, this.#detectAt);
  }

  /** How long the peer waits for our packets before it gives the session up, as far as is known; 0 when it has no session. */
  get remoteDetectionTimeMs(): number {
    return this.#remote.discriminator === 0 ? 0 : this.#timers.multiplier * this.#transmitIntervalMs;
  }

  /** Takes other timers: §6.8.3, and §6.8.12 for the multiplier. */
  configure(timers: BfdTimers, now: number): void {
    this.#now = now;
    this.#urgent = timers.multiplier !== this.#timers.multiplier;
    this.#timers = timers;
    this.#announce();
    this.#settle();
  }

  /** Leaves for AdminDown, for good: §6.8.16. */
  disable(now: number): void {
    this.#now = now;
    this.#enter('AdminDown', Diagnostic.administrativelyDown);
    this.#detectAt = Number.POSITIVE_INFINITY;
    this.#settle();
  }

  /** Takes a packet that has passed all checks and belongs to this session: the second half of §6.8.6. */
  receive(packet: ControlPacket, now: number): void {
    if (this.#state === 'AdminDown') return;
    this.#now = now;
    this.#remote = toRemote(packet);
    this.#lastReceived = now;
    if (packet.final) this.#endPoll();
    const next = nextState(this.#state, packet.state);
    if (next !== this.#state) this.#enter(next, this.#diagnosticOf(next));
    this.#detectAt = now + this.#detectionTimeMs;
    // §6.5, §6.8.7: at once, whatever the timers say.
    if (packet.poll) this.#send(true);
    this.#settle();
  }

  /** Handles the timers that are due. All packets that have arrived must have been handed in before. */
  handleTimers(now: number): void {
    this.#now = now;
    if (this.#detectAt <= now) this.#expire();
    if (this.#nextSend <= now) this.#sendPeriodic();
    this.#settle();
  }

  /** §6.8.4; and §6.8.1 for what is forgotten of a peer that is silent. */
  #expire(): void {
    this.#detectAt = Number.POSITIVE_INFINITY;
    this.#remote = NOBODY;
    this.#poll = 'none';
    this.#pollAgain = false;
    this.#inUse = this.#announced;
    if (this.#state === 'Init' || this.#state === 'Up') this.#enter('Down', Diagnostic.detectionTimeExpired);
  }

  #enter(state: BfdState, diagnostic: number): void {
    this.#state = state;
    this.#diagnostic = diagnostic;
    this.#urgent = true;
    this.#announce();
  }

  #diagnosticOf(next: BfdState): number {
    if (next === 'Up') return Diagnostic.none;
    return next === 'Down' ? Diagnostic.neighborSignaledDown : this.#diagnostic;
  }

  #wanted(): Intervals {
    const { minTransmitIntervalMs, minReceiveIntervalMs } = this.#timers;
    const transmitMs =
      this.#state === 'Up' ? minTransmitIntervalMs : Math.max(minTransmitIntervalMs, SLOW_INTERVAL_MS);
    return { transmitMs, receiveMs: minReceiveIntervalMs };
  }

  /** Announces intervals if they are new, and uses as much of them as is safe before the peer knows: §6.8.3. */
  #announce(): void {
    const next = this.#wanted();
    const { transmitMs, receiveMs } = this.#announced;
    if (next.transmitMs === transmitMs && next.receiveMs === receiveMs) return;
    this.#announced = next;
    this.#urgent = true;
    const up = this.#state === 'Up';
    this.#inUse = {
      transmitMs: up ? Math.min(this.#inUse.transmitMs, next.transmitMs) : next.transmitMs,
      receiveMs: up ? Math.max(this.#inUse.receiveMs, next.receiveMs) : next.receiveMs,
    };
    if (this.#poll === 'sent') this.#pollAgain = true;
    else if (this.#remote.discriminator !== 0) this.#poll = 'due';
  }

  /** A Final bit ends a Poll Sequence (§6.5); a further one begins with the next periodic packet. */
  #endPoll(): void {
    if (this.#poll !== 'sent') return;
    this.#poll = this.#pollAgain ? 'due' : 'none';
    this.#pollAgain = false;
    if (this.#poll === 'none') this.#inUse = this.#announced;
  }

  get #transmitIntervalMs(): number {
    return Math.max(this.#inUse.transmitMs, this.#remote.minReceiveMs);
  }

  get #receiveIntervalMs(): number {
    return Math.max(this.#inUse.receiveMs, this.#remote.minTransmitMs);
  }

  /** §6.8.4. */
  get #detectionTimeMs(): number {
    return this.#remote.multiplier * this.#receiveIntervalMs;
  }

  /** Whether periodic packets are wanted: §6.8.7, and §6.6 for a peer in demand mode. */
  get #periodic(): boolean {
    const { minReceiveMs, demand, state } = this.#remote;
    if (minReceiveMs === 0) return false;
    const demandActive = demand && this.#state === 'Up' && state === 'Up';
    return !demandActive || this.#poll !== 'none';
  }

  /** Brings timers in line after an event, sends what is urgent, and tells what changed. */
  #settle(): void {
    if (this.#detectAt !== Number.POSITIVE_INFINITY) {
      this.#detectAt = this.#lastReceived + this.#detectionTimeMs;
    }
    if (this.#urgent && this.#remote.minReceiveMs > 0) this.#sendPeriodic();
    this.#urgent = false;
    this.#schedule();
    const { status } = this;
    if (isSameStatus(this.#reported, status)) return;
    this.#reported = status;
    this.#host.changed();
  }

  /** Computes when the next periodic packet leaves, if its interval is another than before (§6.8.3: at once). */
  #schedule(): void {
    const pace = this.#periodic ? this.#transmitIntervalMs : Number.POSITIVE_INFINITY;
    if (pace === this.#pace) return;
    this.#pace = pace;
    this.#nextSend = this.#lastSent + jittered(pace, this.#timers.multiplier, this.#host.random);
  }

  #sendPeriodic(): void {
    if (this.#poll === 'due') this.#poll = 'sent';
    this.#send(false);
    this.#lastSent = this.#now;
    this.#pace = Number.NaN;
  }

  #send(final: boolean): void {
    const { transmitMs, receiveMs } = this.#announced;
    this.#host.send({
      diagnostic: this.#diagnostic,
      state: this.#state,
      poll: !final && this.#poll === 'sent',
      final,
      controlPlaneIndependent: false,
      demand: false,
      detectMultiplier: this.#timers.multiplier,
      myDiscriminator: this.discriminator,
      yourDiscriminator: this.#remote.discriminator,
      desiredMinTxMicroseconds: toMicroseconds(transmitMs),
      requiredMinRxMicroseconds: toMicroseconds(receiveMs),
      requiredMinEchoRxMicroseconds: 0,
    });
  }
}

/** The state that follows from the peer's: the diagram above, §6.8.6. */
export function nextState(own: BfdState, received: BfdState): BfdState {
  switch (own) {
    case 'AdminDown':
      return 'AdminDown';
    case 'Down':
      return received === 'Down' ? 'Init' : received === 'Init' ? 'Up' : 'Down';
    case 'Init':
      return received === 'AdminDown' ? 'Down' : received === 'Down' ? 'Init' : 'Up';
    case 'Up':
      return received === 'AdminDown' || received === 'Down' ? 'Down' : 'Up';
  }
}

function isSameStatus(left: BfdStatus, right: BfdStatus): boolean {
  return (Object.keys(left) as (keyof BfdStatus)[]).every((key) => left[key] === right[key]);
}
