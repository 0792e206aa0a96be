/**
 * Randomness from a seed, so that a recorded session replays with the same jitter.
 *
 * The generator is mulberry32: 32 bits of state, good enough to keep timers apart and nothing else.
 */

/** Gives numbers from 0 up to, but without, 1. */
export type Random = () => number;

/** Makes a generator whose numbers follow from the seed alone. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** Shortens an interval by up to a quarter: the jitter of RFC 4271 §10. */
export function jitter(intervalMs: number, random: Random): number {
  return intervalMs * (0.75 + random() / 4);
}
