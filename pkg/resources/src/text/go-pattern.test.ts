import { describe, expect, test } from 'vitest';
import { parseGoPattern } from './go-pattern.ts';

describe('regular expressions of Go', () => {
  test.each([
    ['^eth.*$', 'eth0'],
    ['(?i)^ETH', 'eth0'],
    ['^(?P<kind>eth|wlan)\\d+$', 'wlan3'],
  ])('%s is one and matches %s', (text, sample) => {
    const result = parseGoPattern(text);
    expect(result.ok && result.value.test(sample)).toBe(true);
  });

  test.each([
    ['eth(', '"eth(" is not a regular expression'],
    ['(?=a)', '"(?=a)" is not a regular expression of Go: it looks around or back'],
    ['(?<!a)b', '"(?<!a)b" is not a regular expression of Go: it looks around or back'],
    ['(a)\\1', '"(a)\\\\1" is not a regular expression of Go: it looks around or back'],
  ])('%s is none', (text, reason) => {
    expect(parseGoPattern(text)).toEqual({ ok: false, reason });
  });
});
