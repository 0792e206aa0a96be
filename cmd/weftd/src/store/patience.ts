/**
 * Attempts something on a datastore until it is there: a daemon that starts before its datastore comes up with it.
 */
import { DatastoreError } from '@weft/datastore';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** What waiting needs from the outside. */
export interface Patience {
  /** Hears of every attempt that failed, before the pause. */
  readonly failed: (error: DatastoreError) => Promise<void>;
  /** Resolves after the time. */
  readonly sleep: (ms: number) => Promise<unknown>;
}

/**
 * Does it until the store lets it: after `unavailable` (away, or it does not let us in) it waits, longer each time, 5 s at
 * most. What else goes wrong is thrown.
 */
export async function patiently<T>(attempt: () => Promise<T>, { failed, sleep }: Patience): Promise<T> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof DatastoreError && error.code === 'unavailable')) throw error;
      await failed(error);
    }
    await sleep(pauseMs);
  }
}
