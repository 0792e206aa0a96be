/**
 * Follows one kind for as long as a program lives: list, watch, and when the watch ends for a reason that will pass
 * (history compacted, store away), list again. The consumer sees snapshots and the changes after each.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kind, ResourceOf } from '@weft/resources';
import {
  type Datastore,
  DatastoreError,
  type Revision,
  type Selection,
  type WatchEvent,
} from './datastore.ts';

/**
 * What `follow` yields. A `snapshot` replaces all that was known; `put` and `delete` change it. `interrupted` says
 * that what is known may be out of date until the next snapshot.
 */
export type FollowEvent<K extends Kind> =
  | { readonly kind: 'snapshot'; readonly items: readonly ResourceOf<K>[]; readonly revision: Revision }
  | WatchEvent<K>
  | Interrupted;

/** A failure that is being waited out. */
export interface Interrupted {
  readonly kind: 'interrupted';
  readonly error: DatastoreError;
  readonly retryInMs: number;
}

/** The time and chance that `follow` uses between attempts. */
export interface Pacing {
  /** Milliseconds on a clock that only goes forward. */
  readonly now: () => number;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  /** Ends after the time, or at once when the signal aborts; never rejects. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The pause after the first failure; it doubles up to the longest, and each is drawn from its upper half. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** A watch that held this long was healthy: the next failure counts as a first one. */
const HEALTHY_AFTER_MS = 30_000;

/** The clock and the chance of this machine. */
export const systemPacing: Pacing = {
  now: () => performance.now(),
  random: Math.random,
  sleep: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
};

/**
 * Yields the objects of a kind that `selection` keeps, and every change of them, until `signal` aborts.
 *
 * @throws DatastoreError that will not pass by itself (`closed`, `corrupt`, `newer-version` …)
 */
export function follow<K extends Kind>(
  store: Datastore,
  kind: K,
  signal: AbortSignal,
  selection: Selection = {},
  pacing: Pacing = systemPacing,
): AsyncGenerator<FollowEvent<K>, void, undefined> {
  return persist<FollowEvent<K>>(() => listAndWatch(store, kind, signal, selection), signal, pacing);
}

/**
 * Yields what attempts yield, one attempt after the other, and between them why the last one ended, until `signal` aborts.
 *
 * @throws DatastoreError that will not pass by itself
 */
export async function* persist<Event>(
  attempt: () => AsyncIterable<Event>,
  signal: AbortSignal,
  pacing: Pacing,
): AsyncGenerator<Event | Interrupted, void, undefined> {
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = pacing.now();
    try {
      yield* attempt();
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (signal.aborted) return;
      failures = pacing.now() - startedAt < HEALTHY_AFTER_MS ? failures + 1 : 1;
      const retryInMs = pauseAfter(failures, pacing.random());
      yield { kind: 'interrupted', error, retryInMs };
      await pacing.sleep(retryInMs, signal);
    }
  }
}

async function* listAndWatch<K extends Kind>(
  store: Datastore,
  kind: K,
  signal: AbortSignal,
  selection: Selection,
): AsyncGenerator<FollowEvent<K>, void, undefined> {
  const { items, revision } = await store.list(kind, selection);
  if (signal.aborted) return;
  yield { kind: 'snapshot', items, revision };
  yield* store.watch(kind, revision, signal, selection);
}

function isPassing(error: unknown): error is DatastoreError {
  return error instanceof DatastoreError && (error.code === 'unavailable' || error.code === 'compacted');
}

function pauseAfter(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + chance / 2));
}
