import { type Address, address, compareAddresses } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerTable } from './peer-table.ts';

describe('the ranks of peers', () => {
  test('compare as their addresses do, whoever comes and goes', () => {
    const change = fc.record({ host: fc.integer({ min: 1, max: 60 }), ipv6: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 150 }), (changes) => {
        const table = new PeerTable();
        const indexes = new Map<Address, number>();
        for (const { host, ipv6 } of changes) {
          const name = address(ipv6 ? `2001:db8::${host}` : `10.0.${host & 3}.${host}`);
          const index = indexes.get(name);
          if (index === undefined) indexes.set(name, table.add(name));
          else {
            table.remove(index);
            indexes.delete(name);
          }
        }
        const ordered = [...indexes.keys()].sort(compareAddresses);
        expect(ordered.map((name) => table.addressRanks[indexes.get(name) as number])).toEqual([
          ...ordered.keys(),
        ]);
      }),
    );
  });

  test('the index of a peer that is gone is used again', () => {
    const table = new PeerTable();
    const [first] = [table.add(address('10.0.0.1')), table.add(address('10.0.0.2'))];
    table.remove(first);
    expect(table.add(address('10.0.0.3'))).toBe(first);
    expect(table.address(first)).toBe('10.0.0.3');
  });
});
