import { type Prefix, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { reservation } from '../../test/support/fixtures.ts';
import { type BlockSpec, newBlock, withoutOwner } from './block.ts';
import { assign } from './block-assign.ts';
import { release } from './block-release.ts';
import { borrowableBlocks, type SearchInput, searchBlocks, tallyPools } from './block-search.ts';
import { hostOwner, type Owner } from './owner.ts';
import { reservationsOf } from './reservations.ts';

const NOW = Date.UTC(2026, 7, 22);
const NODE1 = hostOwner('node1');
const NODE2 = hostOwner('node2');
const NONE = reservationsOf([]);
const pool = { name: 'pool', cidr: prefix('10.0.0.0/29'), blockSize: 30 };
const LOW = prefix('10.0.0.0/30');
const HIGH = prefix('10.0.0.4/30');

function block(cidr: Prefix, owner: Owner, used = 0, ageMs = 3_600_000): BlockSpec {
  const fresh = newBlock({ cidr, owner, now: NOW - ageMs, sequenceNumber: 7n });
  return assign(fresh, { handle: 'h', attributes: {} }, used, NONE).block;
}

function search(blocks: readonly BlockSpec[], more: Partial<SearchInput> = {}): SearchInput {
  return { owner: NODE1, pools: [pool], blocks, unreadable: [], reservations: NONE, now: NOW, ...more };
}

// Alone in the pool, node1 starts with HIGH: the rows put their obstacles there.
const free = (cidr: Prefix) => ({ kind: 'free', cidr, pool });

describe('the next block (Calico findUsableBlock)', () => {
  test.each<[string, SearchInput, readonly object[]]>([
    ['a free one where another is taken', search([block(HIGH, NODE2, 1)]), [free(LOW)]],
    [
      'our own with room, when no other is free before it',
      search([block(LOW, NODE1, 2), block(HIGH, NODE1, 4)]),
      [{ kind: 'ours', cidr: LOW, pool }],
    ],
    ['the first of its own walk, when all are free', search([]), [free(HIGH)]],
    ['none when all are in use by others', search([block(LOW, NODE2, 1), block(HIGH, NODE2, 4)]), []],
    [
      'an empty one of another that is a minute old, guarded by its number',
      search([block(LOW, NODE2, 0, 60_000), block(HIGH, NODE2, 1)]),
      [{ kind: 'reclaimable', cidr: LOW, pool, from: NODE2, sequenceNumber: 7n }],
    ],
    ['no empty one that is younger', search([block(LOW, NODE2, 0, 59_000), block(HIGH, NODE2, 1)]), []],
    [
      'an empty one of nobody, which says no age',
      search([withoutOwner(block(LOW, NODE2)), block(HIGH, NODE2, 1)]),
      [{ kind: 'reclaimable', cidr: LOW, pool, from: undefined, sequenceNumber: 7n }],
    ],
    [
      'none whose addresses still cool down',
      search([release(block(LOW, NODE2, 1), [0], { seconds: 60, now: NOW }), block(HIGH, NODE2, 1)]),
      [],
    ],
    [
      'none that is reserved',
      search([], { reservations: reservationsOf([reservation('10.0.0.4/30')]) }),
      [free(LOW)],
    ],
    [
      'none that two reservations cover together',
      search([], { reservations: reservationsOf([reservation('10.0.0.4/31', '10.0.0.6/31')]) }),
      [free(LOW)],
    ],
    [
      'none that lies across a block of another size',
      search([block(prefix('10.0.0.4/31'), NODE2, 1)]),
      [free(LOW)],
    ],
    ['none when a larger block covers the pool', search([block(prefix('10.0.0.0/28'), NODE2, 1)]), []],
    [
      'one that an empty block of another size makes room for',
      search([block(prefix('10.0.0.0/29'), NODE2, 0, 60_000)]),
      [{ kind: 'misfit', cidr: '10.0.0.0/29', pool, from: NODE2, sequenceNumber: expect.any(BigInt) }],
    ],
    [
      'from the first pool that has one',
      search([block(LOW, NODE2, 1), block(HIGH, NODE2, 1)], {
        pools: [pool, { name: 'more', cidr: prefix('10.1.0.0/30'), blockSize: 30 }],
      }),
      [{ kind: 'free', cidr: '10.1.0.0/30', pool: { name: 'more', cidr: '10.1.0.0/30', blockSize: 30 } }],
    ],
  ])('is %s', (_, input, candidates) => {
    expect(searchBlocks(input)).toEqual(candidates);
  });

  test('is the same for a host each time, and another for other hosts', () => {
    const large = { name: 'large', cidr: prefix('10.0.0.0/16'), blockSize: 26 };
    const first = (owner: Owner) => searchBlocks(search([], { pools: [large], owner }))[0]?.cidr;
    expect(first(NODE1)).toBe(first(NODE1));
    expect(first(NODE1)).not.toBe(first(NODE2));
  });

  test('is found at once in the largest IPv6 pool', () => {
    const huge = { name: 'huge', cidr: prefix('fd00::/8'), blockSize: 122 };
    expect(searchBlocks(search([], { pools: [huge] }))).toHaveLength(1);
  });
});

describe('borrowing', () => {
  test('is from any block with room, whoever owns it', () => {
    const blocks = [block(LOW, NODE2, 3), withoutOwner(block(HIGH, NODE2, 1))];
    const cidrs = borrowableBlocks(search(blocks)).map(({ cidr }) => cidr);
    expect(cidrs.toSorted()).toEqual([LOW, HIGH]);
    expect(borrowableBlocks(search([block(LOW, NODE2, 4)]))).toEqual([]);
  });
});

describe('the reasons of a refusal', () => {
  test('count what stands in the way', () => {
    const cooling = release(block(HIGH, NODE2, 2), [1], { seconds: 60, now: NOW });
    const [tally] = tallyPools(search([block(LOW, NODE2, 0, 1000), cooling]));
    expect(tally).toEqual({
      pool,
      capacity: 2n,
      blocks: 2,
      freeElsewhere: 6,
      cooling: 1,
      tooYoung: 1,
      misfits: 0,
      unreadable: [],
    });
  });
});
