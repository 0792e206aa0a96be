import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idleHoldMs } from './damping.ts';
import { createRandom, jitter } from './random.ts';

describe('RFC 4271 §8.1.1 DampPeerOscillations', () => {
  const idleHold = { initialSeconds: 1, maxSeconds: 60 };

  test('the first failure costs nothing, each further one doubles the wait up to the limit', () => {
    const waits = [0, 1, 2, 3, 4, 7, 8, 9, 50].map((failures) => idleHoldMs(failures, idleHold, () => 1));
    expect(waits).toEqual([0, 0, 1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000]);
  });
});

describe('RFC 4271 §10 jitter', () => {
  test('takes off up to a quarter, never adds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1e6 }), (seed, interval) => {
        const result = jitter(interval, createRandom(seed));
        expect(result).toBeGreaterThanOrEqual(interval * 0.75);
        expect(result).toBeLessThanOrEqual(interval);
      }),
    );
  });

  test('the same seed gives the same numbers, another gives others', () => {
    const take = (seed: number): number[] => Array.from({ length: 5 }, createRandom(seed));
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
  });
});
