import { address } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { NextHopTable, SELF, UNUSED_FACTS } from './next-hop-table.ts';

const ipv4 = new Uint8Array([10, 0, 0, 1]);
const withLinkLocal = new Uint8Array(32).fill(0x20, 0, 16).fill(0xfe, 16);
const globalOnly = withLinkLocal.slice(0, 16);

describe('the next hop table', () => {
  test('takes a next hop nobody has spoken of for reachable at cost 0', () => {
    const table = new NextHopTable();
    const id = table.intern(ipv4, 0, 4);
    expect([table.reachable[id], table.metrics[id], table.address(id)]).toEqual([1, 0, '10.0.0.1']);
  });

  test('tells whom a fact is news for, and remembers it for next hops that come later', () => {
    const table = new NextHopTable();
    const global = table.intern(globalOnly, 0, 16);
    const fact = { reachable: false, metric: 7, interface: 'eth0' };
    expect(table.learn(address('2020:2020:2020:2020:2020:2020:2020:2020'), fact)).toEqual([global]);
    expect(table.learn(address('2020:2020:2020:2020:2020:2020:2020:2020'), fact)).toEqual([]);
    const both = table.intern(withLinkLocal, 0, 32);
    expect(both).not.toBe(global);
    expect([table.reachable[both], table.metrics[both], table.interface(both)]).toEqual([0, 7, 'eth0']);
  });

  test('wants the addresses in use, each once, and says when that changes', () => {
    const table = new NextHopTable();
    const ids = [
      table.intern(globalOnly, 0, 16),
      table.intern(withLinkLocal, 0, 32),
      table.intern(ipv4, 0, 4),
    ];
    expect(table.wanted()).toEqual(['2020:2020:2020:2020:2020:2020:2020:2020', '10.0.0.1']);
    table.changed = false;
    table.intern(ipv4, 0, 4);
    table.release(ids[2] as number);
    expect(table.changed).toBe(false);
    table.release(ids[2] as number);
    expect([table.changed, table.wanted().length]).toEqual([true, 1]);
  });

  test('forgets the facts about next hops that are not in use, but for those learned last', () => {
    const table = new NextHopTable();
    const names = Array.from({ length: UNUSED_FACTS + 3 }, (_, index) => index).map(
      (index) => `10.0.${index >>> 8}.${index & 0xff}`,
    );
    const used = address('10.0.0.1');
    table.intern(ipv4, 0, 4);
    for (const name of names) table.learn(address(name), { reachable: false, metric: 7 });
    table.forgetUnused([used]);
    const metricOf = (name: string): number => {
      const octets = Uint8Array.from(name.split('.'), Number);
      return table.metrics[table.intern(octets, 0, 4)] as number;
    };
    expect(names.filter((name) => metricOf(name) === 0)).toEqual(['10.0.0.0', '10.0.0.2']);
    expect(table.learn(address('10.0.0.0'), { reachable: false, metric: 7 })).toHaveLength(1);
  });

  test('never frees the speaker itself', () => {
    const table = new NextHopTable();
    table.release(SELF);
    expect([table.reachable[SELF], table.bytes(SELF).length, table.intern(ipv4, 0, 4)]).toEqual([1, 0, 1]);
  });
});
