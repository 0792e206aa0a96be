import { nthSubnet, type Prefix, prefix, subnetCount } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { reservation } from '../../test/support/fixtures.ts';
import { fnv1, startIndex, walkBlocks } from './block-walk.ts';
import { reservationsOf } from './reservations.ts';

const NONE = reservationsOf([]);

function walk(pool: Prefix, size: number, start: bigint, reserved = NONE): Prefix[] {
  return [...walkBlocks(pool, size, start, reserved)].map(({ cidr }) => cidr);
}

describe('FNV-1, 32 bits', () => {
  test.each([
    ['', 0x811c9dc5],
    ['a', 0x050c5d7e],
    ['foobar', 0x31f0b262],
  ])('of %j is that of the published vectors', (text, hash) => {
    expect(fnv1(text)).toBe(hash);
  });
});

describe('the start of a walk', () => {
  test('is the same for a host each time, and inside the pool', () => {
    for (const count of [1n, 2n, 1000n, 2n ** 32n, 2n ** 58n + 1n]) {
      const start = startIndex(fnv1('node1'), count);
      expect(start).toBe(startIndex(fnv1('node1'), count));
      expect(start >= 0n && start < count).toBe(true);
    }
  });

  test('is spread: 64 hosts with similar names start at more than 40 of 64 places, in all of 8 regions', () => {
    const starts = Array.from({ length: 64 }, (_, host) => Number(startIndex(fnv1(`node${host}`), 4096n)));
    expect(new Set(starts.map((start) => start >> 6)).size).toBeGreaterThan(32);
    expect(new Set(starts.map((start) => start >> 9)).size).toBe(8);
  });
});

describe('a walk', () => {
  const pool = prefix('10.0.0.0/23');

  test('visits every block once, from the start around to it', () => {
    const visited = walk(pool, 26, 5n);
    const inOrder = Array.from({ length: 8 }, (_, index) => nthSubnet(pool, 26, index));
    expect(visited).toEqual([...inOrder.slice(5), ...inOrder.slice(0, 5)]);
  });

  test('passes over reserved blocks, wherever it starts', () => {
    const reserved = reservationsOf([reservation('10.0.0.128/25', '10.0.1.0/26')]);
    for (let start = 0n; start < subnetCount(pool, 26); start++)
      expect(walk(pool, 26, start, reserved).toSorted()).toEqual(
        ['10.0.0.0/26', '10.0.0.64/26', '10.0.1.128/26', '10.0.1.192/26', '10.0.1.64/26'].toSorted(),
      );
  });

  test('jumps over the reserved half of a large IPv6 pool', () => {
    const reserved = reservationsOf([reservation('fd00::/49')]);
    const [first] = walkBlocks(prefix('fd00::/48'), 122, 7n, reserved);
    expect(first?.cidr).toBe('fd00:0:0:8000::/122');
  });

  test('ends at once when the whole pool is reserved', () => {
    expect(walk(prefix('fd00::/48'), 122, 7n, reservationsOf([reservation('fd00::/40')]))).toEqual([]);
  });
});
