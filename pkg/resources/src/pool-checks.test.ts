import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { parsed } from '../test/parsing.ts';
import { checkPoolAgainst } from './pool-checks.ts';

const pool = (name: string, cidr: string) => parsed('IPPool', { cidr }, { name });

describe('a pool against what is there', () => {
  test('overlap names both ranges and the other pool', () => {
    const others = [
      pool('a', '10.0.0.0/8'),
      pool('b', '10.1.2.0/24'),
      pool('c', '10.2.0.0/16'),
      pool('d', 'fd00::/64'),
    ];
    expect(checkPoolAgainst(pool('new', '10.1.0.0/16'), others)).toEqual([
      {
        path: 'spec.cidr',
        reason: '10.1.0.0/16 overlaps 10.0.0.0/8 of the IPPool a',
        hint: 'choose a range outside 10.0.0.0/8, or delete that pool first',
      },
      {
        path: 'spec.cidr',
        reason: '10.1.0.0/16 overlaps 10.1.2.0/24 of the IPPool b',
        hint: 'choose a range outside 10.1.2.0/24, or delete that pool first',
      },
    ]);
  });

  test('a pool does not overlap itself', () => {
    expect(checkPoolAgainst(pool('a', '10.0.0.0/8'), [pool('a', '10.0.0.0/8')])).toEqual([]);
  });

  test('blocks of another size inside the range are refused, those outside do not matter', () => {
    const blocks = [prefix('10.1.0.0/26'), prefix('10.0.0.64/28'), prefix('192.168.0.0/28')];
    expect(checkPoolAgainst(pool('a', '10.0.0.0/8'), [], blocks)).toEqual([
      {
        path: 'spec.blockSize',
        reason: 'the block 10.0.0.64/28 exists in 10.0.0.0/8, and it is not a /26',
        hint: 'use block size 28, or release the addresses of that block first',
      },
    ]);
  });
});
