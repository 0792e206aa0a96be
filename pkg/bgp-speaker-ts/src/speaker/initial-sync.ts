/**
 * The time between the start of a speaker and the moment it has heard all peers: RFC 4724 §4.1 (Restarting Speaker).
 *
 * A speaker that has restarted holds the selection of routes back, so that it does not tell its peers half of what it
 * will know; they go on with the routes they keep as stale. It waits for End-of-RIB of every peer that will send one, and
 * not of peers without graceful restart, nor of those that are restarting themselves: those are listened to for a moment.
 * It waits for none longer than the deadline.
 * Dynamic neighbours cannot be counted before they connect: a speaker that may have some waits until the deadline.
 * A speaker that has not restarted selects at once, and waits only to report that it is complete.
 *
 * Departs from RFC 4724 §4.1: prefixes with a local route are selected and told at once. Local routes win whatever the
 * peers will send, and a dead peer must not keep a new local route from the others until the deadline.
 */

import type { Neighbour } from './neighbour.ts';

/** Longest wait when graceful restart is not configured, in seconds. */
export const INITIAL_SYNC_SECONDS = 120;

/**
 * How long a speaker that has restarted listens to a peer that need not send End-of-RIB, in ms; what it tells comes within
 * that time. Without it, the first End-of-RIB to the others would sweep the routes of such a peer there.
 */
const LISTENING_MS = 10_000;

/** How the wait ended. */
export type SyncEnd = 'all-received' | 'deadline';

/** Whether the speaker still waits for its peers. */
export class InitialSync {
  /** When the wait is over at the latest, in ms; Infinity when it is over. */
  deadline: number;
  /** When a peer has been listened to for long enough, in ms; Infinity when nobody is. */
  #listenedAt: number = Number.POSITIVE_INFINITY;
  readonly #restarted: boolean;

  constructor(now: number, waitSeconds: number, restarted: boolean) {
    this.deadline = now + waitSeconds * 1000;
    this.#restarted = restarted;
  }

  /** When `check` is due at the latest, in ms. */
  get nextCheck(): number {
    return Math.min(this.deadline, this.#listenedAt);
  }

  /** Still waiting. */
  get isWaiting(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY;
  }

  /**
   * Ends the wait if everybody was heard or the time is over; says how, when it ends now.
   *
   * @param isOpen there may be neighbours that are not known yet
   */
  check(neighbours: Iterable<Neighbour>, isOpen: boolean, now: number): SyncEnd | undefined {
    if (!this.isWaiting) return undefined;
    this.#listenedAt = Number.POSITIVE_INFINITY;
    const cause =
      !isOpen && this.#haveAllReported([...neighbours], now)
        ? 'all-received'
        : now >= this.deadline
          ? 'deadline'
          : undefined;
    if (cause !== undefined) this.deadline = Number.POSITIVE_INFINITY;
    return cause;
  }

  #haveAllReported(neighbours: readonly Neighbour[], now: number): boolean {
    // Where nobody has graceful restart, nobody keeps routes that an early End-of-RIB could sweep.
    const listens =
      this.#restarted && neighbours.some(({ session }) => session?.negotiated.gracefulRestart !== undefined);
    for (const { session, stopped, stateSince } of neighbours) {
      if (stopped) continue;
      if (session === undefined) return false;
      const { gracefulRestart, families } = session.negotiated;
      if (families.every(({ family }) => session.endOfRibReceived.has(family))) continue;
      const mustReport = gracefulRestart !== undefined && !gracefulRestart.restarting;
      if (mustReport) return false;
      if (listens && now < stateSince + LISTENING_MS) {
        this.#listenedAt = stateSince + LISTENING_MS;
        return false;
      }
    }
    return true;
  }
}
