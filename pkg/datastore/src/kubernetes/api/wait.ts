/**
 * Waiting that can be told to stop.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Ends after the time, or at once when the signal aborts; never rejects. */
export async function waitOrEnd(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
