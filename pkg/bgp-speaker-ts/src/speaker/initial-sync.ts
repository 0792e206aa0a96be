/**
 * The time between the start of a speaker and the moment it has heard all peers: RFC 4724 §4.1 (Restarting Speaker).
 *
 * A speaker that has restarted holds the selection of routes back, so that it does not tell its peers half of what it
 * will know; they go on with the routes they keep as stale. It waits for End-of-RIB of every peer that will send one: not
 * of peers without graceful restart, nor of those that are restarting themselves, and for none longer than the deadline.
 * Dynamic neighbours cannot be counted before they connect: a speaker that may have some waits until the deadline.
 * A speaker that has not restarted selects at once, and waits only to report that it is complete.
 *
 * Departs from RFC 4724 §4.1: prefixes with a local route are selected and told at once. Local routes win whatever the
 * peers will send, and a dead peer must not keep a new local route from the others until the deadline.
 */

import type { Neighbour } from './neighbour.ts';

/** Longest wait when graceful restart is not configured, in seconds. */
export const INITIAL_SYNC_SECONDS = 120;

/** How the wait ended. */
export type SyncEnd = 'all-received' | 'deadline';

/** Whether the speaker still waits for its peers. */
export class InitialSync {
  /** When the wait is over at the latest, in ms; Infinity when it is over. */
  deadline: number;

  constructor(now: number, waitSeconds: number) {
    this.deadline = now + waitSeconds * 1000;
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
    const cause =
      !isOpen && haveAllReported(neighbours) ? 'all-received' : now >= this.deadline ? 'deadline' : undefined;
    if (cause !== undefined) this.deadline = Number.POSITIVE_INFINITY;
    return cause;
  }
}

function haveAllReported(neighbours: Iterable<Neighbour>): boolean {
  for (const { session, stopped } of neighbours) {
    if (stopped) continue;
    if (session === undefined) return false;
    const { gracefulRestart, families } = session.negotiated;
    if (gracefulRestart === undefined || gracefulRestart.restarting) continue;
    if (families.some(({ family }) => !session.endOfRibReceived.has(family))) return false;
  }
  return true;
}
