import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson, stringifyJson } from './json.ts';

describe('JSON that loses no digit', () => {
  test('integers beyond 2^53 become bigint and print exactly', () => {
    const text = '{"sequenceNumber":1787380400123456789,"small":9007199254740991,"first":9007199254740992}';
    const value = parseJson(text);
    expect(value).toEqual({
      sequenceNumber: 1_787_380_400_123_456_789n,
      small: 9_007_199_254_740_991,
      first: 9_007_199_254_740_992n,
    });
    expect(stringifyJson(value)).toBe(text);
  });

  test('other numbers, and digits in text, stay what they are', () => {
    const text = '[1.5,-3,1e21,"1787380400123456789",0.1234567890123456]';
    expect(parseJson(text)).toEqual([1.5, -3, 1e21, '1787380400123456789', 0.1234567890123456]);
    expect(parseJson('-9223372036854775808')).toBe(-9_223_372_036_854_775_808n);
  });

  test('any JSON with any 64-bit integers survives', () => {
    const leaf = fc.oneof(
      fc.bigInt({ min: 1n << 53n, max: 1n << 64n }),
      fc.string(),
      fc.boolean(),
      fc.integer(),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('node')),
        fc.dictionary(fc.string(), tie('node'), { noNullPrototype: true }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseJson(stringifyJson(value))).toEqual(value);
      }),
    );
  });

  test.each([
    [
      '{"a\\"12345678901234567890":"\\\\","b":12345678901234567890}',
      { 'a"12345678901234567890': '\\', b: 12345678901234567890n },
    ],
    [
      '{"b":12345678901234567890,"c":"\\u000012345678901234567890"}',
      { b: 12345678901234567890n, c: '\u000012345678901234567890' },
    ],
    [
      '[12345678901234567890.5,1e-1234567890123456,-12345678901234567890 ]',
      [Number('12345678901234567890.5'), 0, -12345678901234567890n],
    ],
    [
      '[1234567890123456, 12345678901234567890E2,1.5e+1234567890123456]',
      [1234567890123456, Number('12345678901234567890E2'), Infinity],
    ],
  ])('reads %s', (text, expected) => {
    expect(parseJson(text)).toEqual(expected);
  });

  test('an integer under the name __proto__ is a field like any other', () => {
    const value = parseJson('{"__proto__":12345678901234567890}') as object;
    expect(Object.entries(value)).toEqual([['__proto__', 12345678901234567890n]]);
  });

  test.each([
    '{12345678901234567890:1}',
    '[00012345678901234567890]',
    '[12345678901234567890"a"]',
    '{"a":12345678901234567890,}',
    '"12345678901234567890',
    '12345678901234567890n',
  ])('refuses %s with the message of JSON.parse', (text) => {
    const message = (parse: (text: string) => unknown) => {
      try {
        return parse(text);
      } catch (error) {
        return String(error);
      }
    };
    expect(message(parseJson)).toBe(message(JSON.parse));
    expect(message(parseJson)).toContain('SyntaxError');
  });

  test('a very long text beside a long integer is no burden', () => {
    const value = { text: '\\"x'.repeat(1_000_000), big: 12345678901234567890n };
    expect(parseJson(stringifyJson(value))).toEqual(value);
  });

  test('prints indented, and refuses what is not JSON', () => {
    expect(stringifyJson({ a: [1n] }, 2)).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(() => parseJson('{')).toThrow(SyntaxError);
  });
});
