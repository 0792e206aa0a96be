/**
 * The time between the start of a speaker and the moment it has heard all peers: RFC 4724 §4.1 (Restarting Speaker).
 *
 * A speaker that has restarted is complete when it has End-of-RIB of every peer that will send one, and
 * not of peers without graceful restart, nor of those that are restarting themselves: those are listened to for a moment.
 * It waits for none longer than the deadline, and for a peer behind it, which may be a container that speaks no BGP, for that
 * moment after its start only. Until then it sends no End-of-RIB, and peers go on with what they keep as stale.
 * Dynamic neighbours cannot be counted before they connect: a speaker that may have some waits until the deadline.
 * A speaker that has not restarted selects at once, and waits only to report that it is complete.
 *
 *     start ── selection held ──▶ those with a session ─── no End-of-RIB yet ──▶ all were heard, ── complete
 *                                 were heard, after 10 s                         or the deadline
 *
 * Departs from RFC 4724 §4.1: prefixes with a local route are selected and told at once. Local routes win whatever the
 * peers will send, and a dead peer must not keep a new local route from the others until the deadline. For the same reason
 * selection waits only a moment for a peer without a session: what the others have to tell is better than nothing, and what the
 * missing one had told stays where it is, for no End-of-RIB sweeps it.
 */

import type { Neighbour } from './neighbour.ts';

/** Longest wait when graceful restart is not configured, in seconds. */
export const INITIAL_SYNC_SECONDS = 120;

/**
 * How long a speaker that has restarted listens to a peer that need not send End-of-RIB, in ms; what it tells comes within
 * that time. Without it, the first End-of-RIB to the others would sweep the routes of such a peer there.
 */
const LISTENING_MS = 10_000;

/** For so long after its start a speaker selects nothing because of peers without a session, in ms. */
const ABSENT_MS = 10_000;

/** How the wait ended. */
export type SyncEnd = 'all-received' | 'deadline';

/** Whether the speaker still waits for its peers. */
export class InitialSync {
  /** When the wait is over at the latest, in ms; Infinity when it is over. */
  deadline: number;
  /** When a peer has been listened to for long enough, in ms; Infinity when nobody is. */
  #listenedAt: number = Number.POSITIVE_INFINITY;
  /** When peers without a session do not hold selection back any more, in ms; Infinity since then. */
  #absentUntil: number;
  #isHolding: boolean;
  readonly #restarted: boolean;
  readonly #startedAt: number;
  /** Whom the last check missed: while that lasts nobody else need be looked at, and there may be thousands. */
  #missed: Neighbour | undefined;
  /** Who held selection back at the last check. */
  #unheard: Neighbour | undefined;

  constructor(now: number, waitSeconds: number, restarted: boolean) {
    this.#startedAt = now;
    this.deadline = now + waitSeconds * 1000;
    this.#absentUntil = restarted ? now + ABSENT_MS : Number.POSITIVE_INFINITY;
    this.#isHolding = restarted;
    this.#restarted = restarted;
  }

  /** When a check is due at the latest, in ms. */
  get nextCheck(): number {
    return Math.min(this.deadline, this.#listenedAt, this.#absentUntil);
  }

  /** Still waiting. */
  get isWaiting(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY;
  }

  /** True once, when selection need not wait any longer: the time for absent peers is over, and those present were heard. */
  endsHold(neighbours: ReadonlyMap<unknown, Neighbour>, now: number): boolean {
    if (now >= this.#absentUntil) this.#absentUntil = Number.POSITIVE_INFINITY;
    if (!this.#isHolding || this.#absentUntil !== Number.POSITIVE_INFINITY) return false;
    if (this.#unheard === undefined || !holdsBack(this.#unheard))
      this.#unheard = neighbours.values().find(holdsBack);
    this.#isHolding = this.#unheard !== undefined;
    return !this.#isHolding;
  }

  /**
   * Ends the wait if everybody was heard or the time is over; says how, when it ends now.
   *
   * @param isOpen there may be neighbours that are not known yet
   */
  check(neighbours: ReadonlyMap<unknown, Neighbour>, isOpen: boolean, now: number): SyncEnd | undefined {
    if (!this.isWaiting) return undefined;
    this.#listenedAt = Number.POSITIVE_INFINITY;
    const cause =
      !isOpen && this.#haveAllReported(neighbours, now)
        ? 'all-received'
        : now >= this.deadline
          ? 'deadline'
          : undefined;
    if (cause === undefined) return undefined;
    this.deadline = Number.POSITIVE_INFINITY;
    this.#listenedAt = Number.POSITIVE_INFINITY;
    this.#absentUntil = Number.POSITIVE_INFINITY;
    this.#isHolding = false;
    return cause;
  }

  #haveAllReported(neighbours: ReadonlyMap<unknown, Neighbour>, now: number): boolean {
    if (this.#missed !== undefined && this.#isMissing(this.#missed, now)) return false;
    this.#missed = undefined;
    // Where nobody has graceful restart, nobody keeps routes that an early End-of-RIB could sweep.
    const listens = this.#restarted && hasGracefulRestart(neighbours);
    for (const neighbour of neighbours.values()) {
      if (this.#isMissing(neighbour, now)) {
        this.#missed = neighbour;
        return false;
      }
      const listenedAt = this.#listenedAtTo(neighbour);
      if (listens && !hasReported(neighbour) && now < listenedAt) {
        this.#listenedAt = listenedAt;
        return false;
      }
    }
    return true;
  }

  #isMissing(neighbour: Neighbour, now: number): boolean {
    if (!isMissing(neighbour)) return false;
    if (!isBehindUs(neighbour)) return true;
    const until = this.#listenedAtTo(neighbour);
    if (now < until) this.#listenedAt = until;
    return now < until;
  }

  /** When this peer has been listened to for long enough, in ms; one behind us gets no more time by coming again and again. */
  #listenedAtTo(neighbour: Neighbour): number {
    return (isBehindUs(neighbour) ? this.#startedAt : neighbour.stateSince) + LISTENING_MS;
  }
}

/** A peer that nobody's routes are to wait for. */
function isBehindUs({ config }: Neighbour): boolean {
  return config.behindUs === true;
}

/** About to send End-of-RIB, and to be waited for. */
function holdsBack(neighbour: Neighbour): boolean {
  return isSpeaking(neighbour) && !isBehindUs(neighbour);
}

/** Without a session, or about to send End-of-RIB. */
function isMissing(neighbour: Neighbour): boolean {
  if (neighbour.session === undefined) return !neighbour.stopped;
  return isSpeaking(neighbour);
}

/** About to send End-of-RIB. */
function isSpeaking(neighbour: Neighbour): boolean {
  const { gracefulRestart } = neighbour.session?.negotiated ?? {};
  return gracefulRestart !== undefined && !gracefulRestart.restarting && !hasReported(neighbour);
}

/** Has sent all it will send, or is not asked. */
function hasReported({ session, stopped }: Neighbour): boolean {
  if (stopped || session === undefined) return true;
  return session.negotiated.families.every(({ family }) => session.endOfRibReceived.has(family));
}

function hasGracefulRestart(neighbours: ReadonlyMap<unknown, Neighbour>): boolean {
  for (const { session } of neighbours.values())
    if (session?.negotiated.gracefulRestart !== undefined) return true;
  return false;
}
