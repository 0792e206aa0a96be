/** Pauses between attempts. */
import { expect, it } from 'vitest';
import { pauseMs } from './timing.ts';

it('asks every endpoint once without a pause, then waits longer and longer, up to a second, and never in step', () => {
  const longest = Array.from({ length: 9 }, (_, failures) => pauseMs(failures, 3, () => 1));
  expect(longest).toEqual([0, 0, 0, 50, 100, 200, 400, 800, 1000]);
  expect(pauseMs(8, 3, () => 0)).toBe(500);
});
