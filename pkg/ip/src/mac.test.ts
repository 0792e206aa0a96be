import { describe, expect, test } from 'vitest';
import { linkLocalFromMac, mac, macBytes, macFromBytes, parseMac } from './mac.ts';

describe('a MAC address', () => {
  test('is read in either case and written in lower case', () => {
    expect(parseMac('EE:EE:EE:ee:EE:0a')).toEqual({ ok: true, value: 'ee:ee:ee:ee:ee:0a' });
  });

  test.each([
    'ee:ee:ee:ee:ee',
    'ee-ee-ee-ee-ee-ee',
    'ee:ee:ee:ee:ee:g0',
    'ee:ee:ee:ee:ee:ee:ee',
    'e:ee:ee:ee:ee:ee',
  ])('is not %s', (text) => {
    expect(parseMac(text).ok).toBe(false);
    expect(() => mac(text)).toThrow(TypeError);
  });

  test('survives the way to bytes and back', () => {
    expect(macFromBytes(macBytes(mac('02:00:5e:10:00:ff')))).toBe('02:00:5e:10:00:ff');
    expect(() => macFromBytes(new Uint8Array(8))).toThrow(RangeError);
  });

  test("RFC 4291 Appendix A: gives the link-local address of Calico's fixed MAC", () => {
    expect(linkLocalFromMac(mac('ee:ee:ee:ee:ee:ee'))).toBe('fe80::ecee:eeff:feee:eeee');
  });
});
