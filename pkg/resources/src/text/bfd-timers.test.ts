import { describe, expect, test } from 'vitest';
import { parseBfdTimers } from './bfd-timers.ts';

describe('timers of BFD', () => {
  test.each([
    ['300ms x 3', 300, 3],
    ['10ms x 1', 10, 1],
    ['1m x 255', 60_000, 255],
    ['1.5s x 5', 1500, 5],
  ])('%s', (text, intervalMs, multiplier) => {
    expect(parseBfdTimers(text)).toEqual({ ok: true, value: { intervalMs, multiplier } });
  });

  test.each([
    ['on', '"on" is not an interval and a multiplier like 300ms x 3'],
    ['300ms', '"300ms" is not an interval and a multiplier like 300ms x 3'],
    ['300 x 3', '"300 x 3" is not an interval and a multiplier like 300ms x 3'],
    ['0 x 3', '"0 x 3" is not an interval and a multiplier like 300ms x 3'],
    ['9ms x 3', '"9ms x 3" has no interval between 10ms and 1m'],
    ['61s x 3', '"61s x 3" has no interval between 10ms and 1m'],
    ['300ms x 0', '"300ms x 0" has no multiplier between 1 and 255'],
    ['300ms x 256', '"300ms x 256" has no multiplier between 1 and 255'],
  ])('not %s', (text, reason) => {
    expect(parseBfdTimers(text)).toEqual({ ok: false, reason });
  });
});
