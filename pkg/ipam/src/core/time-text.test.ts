import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatGoTime, formatTimestamp, parseTimestamp } from './time-text.ts';

const instants = fc.integer({ min: 0, max: Date.UTC(2400, 0, 1) });

describe('times in blocks (RFC 3339, metav1.Time)', () => {
  test('are the calendar of Date, rounded up to whole seconds', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        const rounded = new Date(Math.ceil(ms / 1000) * 1000).toISOString();
        expect(formatTimestamp(ms)).toBe(rounded.replace('.000Z', 'Z'));
      }),
    );
  });

  test('are read as Date reads them', () => {
    fc.assert(
      fc.property(instants, (ms) => {
        expect(parseTimestamp(new Date(ms).toISOString())).toBe(ms);
      }),
    );
  });

  test.each([
    ['2026-08-22T06:33:20Z', '2026-08-22T06:33:20Z'],
    ['2026-08-22T08:33:20+02:00', '2026-08-22T06:33:20Z'],
    ['2024-02-29T23:59:59.5-01:30', '2024-03-01T01:29:59.500Z'],
  ])('%s is %s', (text, utc) => {
    expect(parseTimestamp(text)).toBe(Date.parse(utc));
  });

  test.each(['', '2026-08-22', '2026-08-22 06:33:20', '2026-08-22T06:33:20', 'yesterday'])(
    '%j is none',
    (text) => {
      expect(parseTimestamp(text)).toBeUndefined();
    },
  );
});

describe("the attribute timestamp (Go's time.Time.String)", () => {
  test.each([
    ['2026-08-22T06:33:20.100Z', '2026-08-22 06:33:20.1 +0000 UTC'],
    ['2026-08-22T06:33:20.123Z', '2026-08-22 06:33:20.123 +0000 UTC'],
    ['2026-12-31T23:59:59.000Z', '2026-12-31 23:59:59 +0000 UTC'],
  ])('%s is written %s', (utc, text) => {
    expect(formatGoTime(Date.parse(utc))).toBe(text);
  });
});
