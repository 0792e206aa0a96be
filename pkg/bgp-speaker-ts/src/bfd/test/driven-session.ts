/**
 * One session on a virtual clock, with a peer that says what the test wants.
 */

import { createRandom } from '../../fsm/random.ts';
import type { ControlPacket } from '../control-packet.ts';
import type { BfdState } from '../iana.ts';
import { BfdSession } from '../session.ts';
import type { BfdStatus, BfdTimers } from '../types.ts';

/** A packet and when it was sent. */
export interface SentPacket extends ControlPacket {
  readonly at: number;
}

export const OURS = 0x0a;
export const THEIRS = 0x0b;

export const TIMERS: BfdTimers = { minTransmitIntervalMs: 100, minReceiveIntervalMs: 200, multiplier: 3 };

/** A packet of the peer: 50 ms, 3 times, unless told otherwise. */
export function fromPeer(state: BfdState, more: Partial<ControlPacket> = {}): ControlPacket {
  return {
    diagnostic: 0,
    state,
    poll: false,
    final: false,
    controlPlaneIndependent: false,
    demand: false,
    detectMultiplier: 3,
    myDiscriminator: THEIRS,
    yourDiscriminator: OURS,
    desiredMinTxMicroseconds: 50_000,
    requiredMinRxMicroseconds: 50_000,
    requiredMinEchoRxMicroseconds: 0,
    ...more,
  };
}

/** The session, what it has sent, and how often its status changed. */
export class DrivenSession {
  now = 0;
  readonly sent: SentPacket[] = [];
  readonly statuses: BfdStatus[] = [];
  readonly session: BfdSession;

  constructor(timers: BfdTimers = TIMERS, random: () => number = createRandom(1)) {
    const host = {
      random,
      send: (packet: ControlPacket) => this.sent.push({ ...packet, at: this.now }),
      changed: () => this.statuses.push(this.session.status),
    };
    this.session = new BfdSession(OURS, timers, host, 0);
  }

  get last(): SentPacket | undefined {
    return this.sent.at(-1);
  }

  receive(state: BfdState, more: Partial<ControlPacket> = {}): void {
    this.session.receive(fromPeer(state, more), this.now);
  }

  configure(timers: Partial<BfdTimers>): void {
    this.session.configure({ ...TIMERS, ...timers }, this.now);
  }

  /** Lets time pass with all timers on the way; gives what was sent meanwhile. */
  advance(milliseconds: number): SentPacket[] {
    const before = this.sent.length;
    const end = this.now + milliseconds;
    while (this.session.nextDeadline <= end) {
      this.now = Math.max(this.now, this.session.nextDeadline);
      this.session.handleTimers(this.now);
    }
    this.now = end;
    return this.sent.slice(before);
  }

  /** Lets time pass while the peer sends the same packet again and again. */
  advanceWithPeer(milliseconds: number, state: BfdState, more: Partial<ControlPacket> = {}): SentPacket[] {
    const before = this.sent.length;
    for (let left = milliseconds; left > 0; left -= 20) {
      this.advance(Math.min(20, left));
      this.receive(state, more);
    }
    return this.sent.slice(before);
  }

  /** Brings a new session into a state. */
  reach(state: BfdState): void {
    this.advance(0);
    if (state === 'AdminDown') this.session.disable(this.now);
    if (state === 'Init') this.receive('Down');
    if (state === 'Up') this.receive('Init');
  }

  /** Up, with the first Poll Sequence answered. */
  reachSteadyUp(): void {
    this.reach('Up');
    this.receive('Up', { final: true });
  }
}

/** Times between packets. */
export function gapsOf(packets: readonly SentPacket[]): number[] {
  return packets.slice(1).map(({ at }, index) => at - (packets[index] as SentPacket).at);
}
