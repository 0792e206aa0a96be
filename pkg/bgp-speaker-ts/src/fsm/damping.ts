/**
 * How long a peer that failed stays in Idle: DampPeerOscillations of RFC 4271 §8.1.1, whose amount the RFC leaves open.
 *
 * The first failure in a row costs nothing, so that a peer which restarts is back at once; each further one doubles the
 * wait up to a limit.
 */

import { jitter, type Random } from './random.ts';
import type { IdleHold } from './types.ts';

/** Gives the wait in ms after the given number of failures in a row (1 or more), shortened by jitter. */
export function idleHoldMs(failures: number, idleHold: IdleHold, random: Random): number {
  if (failures <= 1) return 0;
  const seconds = Math.min(idleHold.maxSeconds, idleHold.initialSeconds * 2 ** (failures - 2));
  return jitter(seconds * 1000, random);
}
