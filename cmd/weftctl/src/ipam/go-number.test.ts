import { describe, expect, test } from 'vitest';
import { fiveDigits, percent } from './go-number.ts';

describe("Go's %.5g", () => {
  test.each([
    [0n, '0'],
    [64n, '64'],
    [65_536n, '65536'],
    [99_999n, '99999'],
    [100_000n, '1e+05'],
    [1_048_576n, '1.0486e+06'],
    [16_777_216n, '1.6777e+07'],
    [2n ** 80n, '1.2089e+24'],
    [2n ** 128n, '3.4028e+38'],
  ])('%s is %s', (count, text) => {
    expect(fiveDigits(count)).toBe(text);
  });
});

describe("Go's %.f%%", () => {
  test.each([
    [5n, 65_536n, '0%'],
    [5n, 64n, '8%'],
    [1n, 8n, '12%'],
    [3n, 8n, '38%'],
    [64n, 64n, '100%'],
    [0n, 0n, '0%'],
  ])('%s of %s is %s', (part, whole, text) => {
    expect(percent(part, whole)).toBe(text);
  });
});
