import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressLike, anyAddress } from '../test/arbitraries.ts';
import {
  address,
  addressBytes,
  addressFromBytes,
  addressFromInteger,
  addressToInteger,
  compareAddresses,
  familyOf,
  parseAddress,
} from './address.ts';

describe('what is an address', () => {
  test("is what node's net.isIP accepts, zones aside", () => {
    fc.assert(
      fc.property(addressLike, (text) => {
        expect(parseAddress(text).ok).toBe(isIP(text) !== 0 && !text.includes('%'));
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['010.0.0.1', 'octets have no leading zeros'],
    ['10.0.0.08', 'octets have no leading zeros'],
    ['fe80::1%eth0', 'carries a zone'],
    ['10.0.0.1/24', 'it carries a prefix length'],
    ['10.1', '"10.1" is not an IP address'],
    ['1.2.3.256', 'is not an IP address'],
    [' 1.2.3.4', 'is not an IP address'],
    ['1.2.3.4\n', 'is not an IP address'],
    ['0x7f.0.0.1', 'is not an IP address'],
    ['1:2:3:4:5:6:7:8:9', 'is not an IP address'],
    ['1:2:3:4:5:6:7::8', 'is not an IP address'],
    ['1::2::3', 'is not an IP address'],
    ['::1.2.3.4:5', 'is not an IP address'],
    ['1.2.3.4::', 'is not an IP address'],
    ['', 'is not an IP address'],
  ])('refuses %j and says why', (text, reason) => {
    const parsed = parseAddress(text);
    expect(parsed.ok ? parsed.value : parsed.reason).toContain(reason);
  });

  test('quotes hostile input only in part', () => {
    const parsed = parseAddress('9'.repeat(1_000_000));
    expect(parsed.ok || parsed.reason.length).toBeLessThan(200);
  });

  test('a bad literal throws: it is a mistake in the program', () => {
    expect(() => address('10.0.0.256')).toThrow(TypeError);
  });
});

describe('RFC 5952 text of an IPv6 address', () => {
  test.each([
    ['2001:0db8:0000:0000:0000:0000:0002:0001', '2001:db8::2:1', '§4.1, §4.2.1 no leading zeros, shortest'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', '§4.2.2 a single zero group stays'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', '§4.2.3 the longest run'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', '§4.2.3 the first of equal runs'],
    ['2001:DB8::ABCD', '2001:db8::abcd', '§4.3 lower case'],
    ['::FFFF:192.0.2.1', '::ffff:192.0.2.1', '§5 IPv4-mapped in dotted form'],
    ['::ffff:c000:201', '::ffff:192.0.2.1', '§5 IPv4-mapped in dotted form'],
    ['0:0:0:0:0:0:0:0', '::', 'all zero'],
    ['0:0:0:0:0:0:0:1', '::1', 'at the end'],
    ['1:0:0:0:0:0:0:0', '1::', 'at the start'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221', 'other embedded IPv4 is written in hex'],
  ])('%s becomes %s (%s)', (text, canonical) => {
    expect(address(text)).toBe(canonical);
  });
});

describe('an address', () => {
  test('survives the way to bytes and back', () => {
    fc.assert(
      fc.property(anyAddress, (value) => {
        expect(addressFromBytes(addressBytes(value))).toBe(value);
        expect(addressFromInteger(addressToInteger(value), familyOf(value))).toBe(value);
        expect(address(value)).toBe(value);
        expect(isIP(value)).toBe(familyOf(value));
      }),
    );
  });

  test('has one text: what differs in text differs in bytes', () => {
    fc.assert(
      fc.property(anyAddress, anyAddress, (left, right) => {
        const same = Buffer.compare(addressBytes(left), addressBytes(right)) === 0;
        expect(left === right).toBe(same);
      }),
    );
  });

  test('orders IPv4 before IPv6, then by value', () => {
    const sorted = ['9.0.0.0', '10.0.0.0', '::', '::1', 'fd00::'].map(address);
    expect([...sorted].reverse().sort(compareAddresses)).toEqual(sorted);
  });

  test('has 4 or 16 bytes', () => {
    expect(() => addressFromBytes(new Uint8Array(5))).toThrow(RangeError);
    expect(() => addressFromInteger(1n << 32n, 4)).toThrow(RangeError);
  });
});
