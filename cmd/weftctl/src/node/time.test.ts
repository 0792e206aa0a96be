import { beforeAll, describe, expect, test } from 'vitest';
import { clockTime, since } from './time.ts';

beforeAll(() => {
  process.env.TZ = 'UTC';
});

describe("BIRD's SINCE column", () => {
  const now = new Date('2026-11-21T20:00:00Z');

  test.each([
    ['2026-11-21T09:05:07.250Z', '09:05:07'],
    ['2026-11-21T00:00:01Z', '00:00:01'],
    ['2026-11-21T00:00:00Z', '2026-11-21'],
    ['2025-01-02T03:04:05Z', '2025-01-02'],
    ['never', 'never'],
  ])('%s is shown as %s at 20:00', (when, shown) => {
    expect(since(when, now)).toBe(shown);
  });

  test('a process start has date and time', () => {
    expect(clockTime('2026-11-21T09:05:07.250Z')).toBe('2026-11-21 09:05:07');
  });
});
