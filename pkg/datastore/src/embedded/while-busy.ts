/**
 * Waits for the write lock of the file without stopping the event loop: SQLite itself waits a few milliseconds, which is
 * enough for the commit of another daemon, and beyond that this process goes on with its other work between tries.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './sqlite-error.ts';

/** How long SQLite may block the event loop on a lock: `busy_timeout`. */
export const BUSY_TIMEOUT_MS = 10;

/** When a lock that nobody lets go becomes an error. */
const PATIENCE_MS = 10_000;

/** Pauses are random up to this, so that waiting processes do not come back together. */
const MAX_PAUSE_MS = 25;

/** Runs `work`, again and again while the file is locked; throws the last error when patience is over. */
export async function retryWhileBusy<T>(work: () => T, patienceMs: number = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
    }
    await sleep(1 + Math.random() * MAX_PAUSE_MS);
  }
}
