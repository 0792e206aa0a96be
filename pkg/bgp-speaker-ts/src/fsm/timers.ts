/**
 * The timers of a session as deadlines: RFC 4271 §8.1.3, §10, RFC 9687.
 *
 * A deadline is a time in ms on the caller's clock; Infinity means that the timer does not run.
 */

import type { PlainEventName } from './machine-event.ts';

/** All timers of one session. */
export interface Timers {
  connectRetry: number;
  hold: number;
  keepalive: number;
  delayOpen: number;
  idleHold: number;
  sendHold: number;
}

/** Timers and what they say when they expire, in the order in which timers due together are handled. */
export const TIMER_EVENTS: readonly (readonly [keyof Timers, PlainEventName])[] = [
  ['hold', 'HoldTimer_Expires'],
  ['sendHold', 'SendHoldTimer_Expires'],
  ['keepalive', 'KeepaliveTimer_Expires'],
  ['delayOpen', 'DelayOpenTimer_Expires'],
  ['connectRetry', 'ConnectRetryTimer_Expires'],
  ['idleHold', 'IdleHoldTimer_Expires'],
];

/** When the first KEEPALIVE of an Established session is sent, in ms: see `state-open-confirm.ts`. */
export const FIRST_KEEPALIVE_MS = 200;

/** Makes timers of which none runs. */
export function createTimers(): Timers {
  return {
    connectRetry: Number.POSITIVE_INFINITY,
    hold: Number.POSITIVE_INFINITY,
    keepalive: Number.POSITIVE_INFINITY,
    delayOpen: Number.POSITIVE_INFINITY,
    idleHold: Number.POSITIVE_INFINITY,
    sendHold: Number.POSITIVE_INFINITY,
  };
}

/** Gives the next deadline, Infinity when no timer runs. */
export function earliestDeadline(timers: Timers): number {
  return Math.min(
    timers.connectRetry,
    timers.hold,
    timers.keepalive,
    timers.delayOpen,
    timers.idleHold,
    timers.sendHold,
  );
}

/** Stops all timers. */
export function stopTimers(timers: Timers): void {
  for (const [timer] of TIMER_EVENTS) timers[timer] = Number.POSITIVE_INFINITY;
}
