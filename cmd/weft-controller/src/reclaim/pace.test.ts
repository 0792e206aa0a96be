import { expect, it } from 'vitest';
import { nextLookAt, type Pace, periodOf } from './pace.ts';

const calm: Pace = { periodMs: 300_000, endedAt: 1_000_000, tookMs: 10, promptedAt: undefined, failures: 0 };

it.each<[string, Partial<Pace>, number]>([
  ['after the period', {}, 1_300_000],
  ['a second after a loss', { promptedAt: 1_005_000 }, 1_006_000],
  ['not before nineteen times what the last look took', { promptedAt: 1_000_000, tookMs: 2_000 }, 1_038_000],
  ['a second after a failure, whatever is lost', { failures: 1, promptedAt: 1_000_000 }, 1_001_000],
  ['after longer and longer failures', { failures: 4 }, 1_008_000],
  ['after half a minute at most', { failures: 40 }, 1_030_000],
])('looks %s', (_, change, expected) => {
  expect(nextLookAt({ ...calm, ...change })).toBe(expected);
});

it('looks twice in a grace period at least', () => {
  expect([
    periodOf(300_000, 900_000),
    periodOf(300_000, 60_000),
    periodOf(0, 900_000),
    periodOf(0, 0),
  ]).toEqual([300_000, 30_000, 450_000, 300_000]);
});
