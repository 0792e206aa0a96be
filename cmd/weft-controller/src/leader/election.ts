/**
 * Who of several controllers acts, decided over one Lease: pure, with the time as an argument.
 *
 *     ┌─ nobody holds it, or its holder was not seen to renew it for its whole duration ──▶ take it
 *     │                                                                                       │ written
 *   waits ◀── somebody else holds it ── not renewed for 10 s: stops acting ◀── leads ◀────────┘
 *                                                                               └─ renews every 2 s
 *
 * Nobody's clock is compared with anybody else's: a candidate counts from the moment it saw the Lease change, a leader from
 * the moment before it sent its renewal. So the leader stops acting 5 s before the first candidate may begin, as long as no
 * clock runs half as fast again as another.
 *
 * Source: k8s.io/client-go tools/leaderelection (algorithm, and its usual times of 15, 10 and 2 s). There an expired leader
 * ends its process; here it stops acting and is a candidate again.
 */

/** What a Lease says. */
export interface LeaseRecord {
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** RFC 3339 with microseconds; for readers, nothing is decided by them. */
  readonly acquireTime?: string | undefined;
  readonly renewTime?: string | undefined;
  /** How often the holder changed. */
  readonly transitions: number;
}

/** The times of an election, in milliseconds. */
export interface ElectionTiming {
  /** For how long a Lease holds after its last renewal. */
  readonly leaseMs: number;
  /** For how long a leader acts after its last renewal; shorter than the lease. */
  readonly renewDeadlineMs: number;
  /** Between two attempts. */
  readonly retryMs: number;
}

/** Those of client-go. */
export const DEFAULT_TIMING: ElectionTiming = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };

/** What a candidate knows; times are milliseconds on its own clock, which never jumps. */
export interface ElectionState {
  /** The Lease as last seen, and since when it looks so. */
  readonly seen: { readonly record: LeaseRecord; readonly at: number } | undefined;
  /** When the renewal was sent that was written last; undefined for one that does not lead. */
  readonly renewedAt: number | undefined;
}

/** A candidate that has not looked yet. */
export const NOTHING_SEEN: ElectionState = { seen: undefined, renewedAt: undefined };

/** What to do with the Lease now. */
export type Attempt =
  | {
      readonly kind: 'write';
      readonly record: LeaseRecord;
      readonly why: 'missing' | 'free' | 'expired' | 'mine';
    }
  | { readonly kind: 'wait'; readonly holder: string };

/** Takes note of the Lease as it was just read; undefined when there is none. */
export function observe(state: ElectionState, record: LeaseRecord | undefined, now: number): ElectionState {
  if (record === undefined) return { ...state, seen: undefined };
  const isNews = state.seen === undefined || !isSameRecord(state.seen.record, record);
  return isNews ? { ...state, seen: { record, at: now } } : state;
}

/**
 * Decides whether to write the Lease.
 *
 * @param me unique among all processes there ever were
 * @param wallTime RFC 3339 with microseconds, for the record
 */
export function decide(
  { seen }: ElectionState,
  me: string,
  now: number,
  wallTime: string,
  { leaseMs }: ElectionTiming,
): Attempt {
  const taken = { holder: me, durationSeconds: leaseMs / 1000, acquireTime: wallTime, renewTime: wallTime };
  if (seen === undefined) return { kind: 'write', record: { ...taken, transitions: 0 }, why: 'missing' };
  const { holder, durationSeconds, acquireTime, transitions } = seen.record;
  if (holder === me) return { kind: 'write', record: { ...taken, acquireTime, transitions }, why: 'mine' };
  const isExpired = now - seen.at >= durationSeconds * 1000;
  if (holder !== '' && !isExpired) return { kind: 'wait', holder };
  const record = { ...taken, transitions: transitions + 1 };
  return { kind: 'write', record, why: holder === '' ? 'free' : 'expired' };
}

/** After a write that was done. `sentAt` is from before it was sent: others saw the change later than that. */
export function won(record: LeaseRecord, sentAt: number): ElectionState {
  return { seen: { record, at: sentAt }, renewedAt: sentAt };
}

/** Whether this candidate may act; somebody else may not for longer than that. */
export function mayAct(
  { renewedAt }: ElectionState,
  now: number,
  { renewDeadlineMs }: ElectionTiming,
): boolean {
  return renewedAt !== undefined && now - renewedAt < renewDeadlineMs;
}

/** After it became clear that somebody else leads, or that nobody knows. */
export function lost(state: ElectionState): ElectionState {
  return { ...state, renewedAt: undefined };
}

/** What a leader leaves that ends in an orderly way: the next one need not wait. */
export function released({ transitions }: LeaseRecord): LeaseRecord {
  return { holder: '', durationSeconds: 1, transitions };
}

function isSameRecord(left: LeaseRecord, right: LeaseRecord): boolean {
  return (
    left.holder === right.holder &&
    left.renewTime === right.renewTime &&
    left.acquireTime === right.acquireTime &&
    left.transitions === right.transitions &&
    left.durationSeconds === right.durationSeconds
  );
}
