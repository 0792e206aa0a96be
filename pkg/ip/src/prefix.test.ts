import { BlockList } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, anyPrefix, prefixOfFamily } from '../test/arbitraries.ts';
import { address, familyOf } from './address.ts';
import { addressCount, nthAddress, nthSubnet, ordinalOf, subnetCount } from './arithmetic.ts';
import {
  comparePrefixes,
  containsAddress,
  containsPrefix,
  hostPrefix,
  isHostPrefix,
  isPrefix,
  networkAddress,
  overlaps,
  parseInterfaceAddress,
  parsePrefix,
  prefix,
  prefixBytes,
  prefixFromBytes,
  prefixLength,
} from './prefix.ts';

describe('what is a prefix', () => {
  test.each([
    ['10.0.0.1/24', '"10.0.0.1/24" has host bits set; the network is 10.0.0.0/24'],
    ['fd00::1/64', 'the network is fd00::/64'],
    ['10.0.0.0/33', 'no prefix length between 0 and 32'],
    ['fd00::/129', 'no prefix length between 0 and 128'],
    ['10.0.0.0/08', 'no prefix length between'],
    ['10.0.0.0/+8', 'no prefix length between'],
    ['10.0.0.0/-1', 'no prefix length between'],
    ['10.0.0.0/ 8', 'no prefix length between'],
    ['10.0.0.0/8/8', 'no prefix length between'],
    ['10.0.0.0/', 'no prefix length between'],
    ['10.0.0.0', 'has no prefix length'],
    ['010.0.0.0/8', 'octets have no leading zeros'],
    ['/8', 'is not an IP address'],
  ])('refuses %j and says why', (text, reason) => {
    const parsed = parsePrefix(text);
    expect(parsed.ok ? parsed.value : parsed.reason).toContain(reason);
  });

  test.each(['0.0.0.0/0', '::/0', '10.0.0.0/26', '10.0.0.1/32', 'fd00::1/128'])('%s is canonical', (text) => {
    expect(prefix(text)).toBe(text);
    expect(isPrefix(text)).toBe(true);
  });

  test('gives the canonical text of the network', () => {
    expect(prefix('FD00:0010::/64')).toBe('fd00:10::/64');
    expect(isPrefix('FD00:0010::/64')).toBe(false);
  });

  test('a bad literal throws: it is a mistake in the program', () => {
    expect(() => prefix('10.0.0.1/8')).toThrow(TypeError);
  });

  test('an interface address may have host bits', () => {
    const parsed = parseInterfaceAddress('10.0.0.1/24');
    expect(parsed).toEqual({
      ok: true,
      value: { address: '10.0.0.1', prefix: '10.0.0.0/24', prefixLength: 24 },
    });
  });
});

describe('containment', () => {
  test("agrees with node's net.BlockList", () => {
    const pair = fc
      .constantFrom(4 as const, 6 as const)
      .chain((family) => fc.tuple(prefixOfFamily(family), addressOf(family)));
    fc.assert(
      fc.property(pair, ([outer, inner]) => {
        const type = familyOf(outer) === 4 ? 'ipv4' : 'ipv6';
        const list = new BlockList();
        list.addSubnet(networkAddress(outer), prefixLength(outer), type);
        expect(containsAddress(outer, inner)).toBe(list.check(inner, type));
      }),
      { numRuns: 500 },
    );
  });

  test('never crosses families', () => {
    expect(containsAddress(prefix('::/0'), address('10.0.0.1'))).toBe(false);
    expect(containsAddress(prefix('0.0.0.0/0'), address('::ffff:10.0.0.1'))).toBe(false);
    expect(overlaps(prefix('::/0'), prefix('0.0.0.0/0'))).toBe(false);
  });

  test('of prefixes is containment of their first and last address', () => {
    fc.assert(
      fc.property(anyPrefix, anyPrefix, (left, right) => {
        const last = nthAddress(right, addressCount(right) - 1n);
        const inside = containsAddress(left, networkAddress(right)) && containsAddress(left, last);
        expect(containsPrefix(left, right)).toBe(inside);
        expect(overlaps(left, right)).toBe(containsPrefix(left, right) || containsPrefix(right, left));
      }),
    );
  });

  test('a host prefix holds its address alone', () => {
    expect(hostPrefix(address('10.0.0.1'))).toBe('10.0.0.1/32');
    expect(hostPrefix(address('fd00::1'))).toBe('fd00::1/128');
    expect(isHostPrefix(prefix('fd00::1/128'))).toBe(true);
    expect(isHostPrefix(prefix('10.0.0.0/31'))).toBe(false);
  });
});

describe('a prefix', () => {
  test('survives the way to bytes and back', () => {
    fc.assert(
      fc.property(anyPrefix, (value) => {
        expect(prefixFromBytes(prefixBytes(value), prefixLength(value))).toBe(value);
        expect(prefix(value)).toBe(value);
      }),
    );
  });

  test('from bytes clears host bits and refuses impossible lengths', () => {
    expect(prefixFromBytes(Uint8Array.of(10, 1, 255, 255), 18)).toBe('10.1.192.0/18');
    expect(() => prefixFromBytes(new Uint8Array(4), 33)).toThrow(RangeError);
  });

  test('orders by family, address, then length', () => {
    const sorted = ['9.0.0.0/8', '10.0.0.0/8', '10.0.0.0/9', '10.64.0.0/10', '::/0', 'fd00::/8'].map(prefix);
    expect([...sorted].reverse().sort(comparePrefixes)).toEqual(sorted);
  });
});

describe('ordinals', () => {
  test('count addresses from the network address, the last one included', () => {
    const block = prefix('10.0.0.64/26');
    expect(addressCount(block)).toBe(64n);
    expect(nthAddress(block, 0)).toBe('10.0.0.64');
    expect(nthAddress(block, 63n)).toBe('10.0.0.127');
    expect(() => nthAddress(block, 64)).toThrow(RangeError);
    expect(() => nthAddress(block, -1)).toThrow(RangeError);
    expect(() => ordinalOf(block, address('10.0.0.128'))).toThrow(RangeError);
  });

  test("and addresses are each other's inverse", () => {
    fc.assert(
      fc.property(anyPrefix, fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (block, random) => {
        const ordinal = random % addressCount(block);
        expect(ordinalOf(block, nthAddress(block, ordinal))).toBe(ordinal);
      }),
    );
  });

  test('count subnets without overlap or gap', () => {
    const pool = prefix('10.0.0.0/24');
    const blocks = Array.from({ length: Number(subnetCount(pool, 26)) }, (_, index) =>
      nthSubnet(pool, 26, index),
    );
    expect(blocks).toEqual(['10.0.0.0/26', '10.0.0.64/26', '10.0.0.128/26', '10.0.0.192/26']);
    expect(nthSubnet(prefix('fd00:10::/48'), 122, (1n << 74n) - 1n)).toBe(
      'fd00:10:0:ffff:ffff:ffff:ffff:ffc0/122',
    );
    expect(() => nthSubnet(pool, 26, 4)).toThrow(RangeError);
    expect(() => subnetCount(pool, 23)).toThrow(RangeError);
  });
});
