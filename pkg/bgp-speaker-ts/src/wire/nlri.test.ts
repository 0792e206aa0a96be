import { describe, expect, test } from 'vitest';
import { countNlri, createNlriCursor, nextIpv4, seekNlri } from './nlri.ts';
import { fromHex } from './test/captures.ts';

const count = (hex: string, maxLength: number, addPath = false): number => {
  const bytes = fromHex(hex);
  return countNlri(bytes, 0, bytes.length, maxLength, addPath);
};

describe('RFC 4271 §4.3 NLRI', () => {
  test.each([
    ['nothing', '', 32, false, 0],
    ['the default route', '00', 32, false, 1],
    ['/8, /9 and /32', '080a' + '090a80' + '200a000001', 32, false, 3],
    ['/33', '210a00000100', 32, false, -1],
    ['/24 of two octets', '18c000', 32, false, -1],
    ['/128', `80${'20'.repeat(16)}`, 128, false, 1],
    ['RFC 7911 §3: a path identifier in front', '00000001080a', 32, true, 1],
    ['half a path identifier', '0000', 32, true, -1],
    ['a path identifier without a prefix', '00000001', 32, true, -1],
  ])('counts %s', (_name, hex, maxLength, addPath, expected) => {
    expect(count(hex, maxLength, addPath)).toBe(expected);
  });

  test('clears the bits behind the prefix, which have no meaning', () => {
    const cursor = createNlriCursor();
    seekNlri(cursor, fromHex('0cacff'), 0, 3, false);
    expect(nextIpv4(cursor)).toBe(true);
    expect([cursor.word0, cursor.length]).toEqual([0xacf00000, 12]);
    expect(nextIpv4(cursor)).toBe(false);
  });
});
