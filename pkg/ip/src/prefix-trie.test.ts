import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyAddress, anyPrefix } from '../test/arbitraries.ts';
import { address } from './address.ts';
import {
  comparePrefixes,
  containsAddress,
  containsPrefix,
  type Prefix,
  prefix,
  prefixLength,
} from './prefix.ts';
import { PrefixTrie } from './prefix-trie.ts';

/** A plain map that answers the trie's questions by looking at everything. */
class Model {
  readonly entries = new Map<Prefix, number>();

  covering(target: string): Prefix[] {
    const holds = (key: Prefix) =>
      target.includes('/') ? containsPrefix(key, target as Prefix) : containsAddress(key, address(target));
    return [...this.entries.keys()].filter(holds).sort((a, b) => prefixLength(a) - prefixLength(b));
  }

  within(outer: Prefix): Prefix[] {
    return [...this.entries.keys()].filter((key) => containsPrefix(outer, key)).sort(comparePrefixes);
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('set' as const), key: anyPrefix, value: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete' as const), key: anyPrefix, nth: fc.nat() }) },
);

describe('longest-prefix match', () => {
  test('answers like a search through everything, after any sets and deletes', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.array(anyAddress, { maxLength: 10 }),
        (steps, targets) => {
          const trie = new PrefixTrie<number>();
          const model = new Model();
          for (const change of steps) {
            if (change.op === 'set') {
              trie.set(change.key, change.value);
              model.entries.set(change.key, change.value);
            } else {
              // Mostly something that is there, or deletes would rarely meet anything.
              const key = [...model.entries.keys()][change.nth % (model.entries.size + 1)] ?? change.key;
              expect(trie.delete(key)).toBe(model.entries.delete(key));
            }
            expect(trie.brokenInvariants()).toEqual([]);
          }
          expect(trie.size).toBe(model.entries.size);
          expect([...trie].map((entry) => entry.prefix)).toEqual(
            [...model.entries.keys()].sort(comparePrefixes),
          );
          for (const [key, value] of model.entries) {
            expect(trie.get(key)).toBe(value);
            expect([...trie.within(key)].map((entry) => entry.prefix)).toEqual(model.within(key));
          }
          for (const target of [...targets, ...model.entries.keys()]) {
            const covering = model.covering(target);
            expect(trie.covering(target).map((entry) => entry.prefix)).toEqual(covering);
            expect(trie.longestMatch(target)?.prefix).toBe(covering.at(-1));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('finds what lies inside a prefix that is not stored itself', () => {
    const trie = new PrefixTrie<string>().set(prefix('10.0.0.64/26'), 'a').set(prefix('10.0.1.0/26'), 'b');
    expect([...trie.within(prefix('10.0.0.0/16'))].map((entry) => entry.value)).toEqual(['a', 'b']);
    expect([...trie.within(prefix('10.0.0.0/24'))].map((entry) => entry.value)).toEqual(['a']);
    expect([...trie.within(prefix('10.2.0.0/16'))]).toEqual([]);
  });

  test('keeps the families apart', () => {
    const trie = new PrefixTrie<string>().set(prefix('0.0.0.0/0'), 'four').set(prefix('::/0'), 'six');
    expect(trie.longestMatch(address('10.0.0.1'))?.value).toBe('four');
    expect(trie.longestMatch(address('fd00::1'))?.value).toBe('six');
  });

  test('replaces, removes and clears', () => {
    const trie = new PrefixTrie<number>().set(prefix('10.0.0.0/8'), 1).set(prefix('10.0.0.0/8'), 2);
    expect([trie.size, trie.get(prefix('10.0.0.0/8')), trie.has(prefix('10.0.0.0/9'))]).toEqual([
      1,
      2,
      false,
    ]);
    expect(trie.delete(prefix('10.0.0.0/9'))).toBe(false);
    trie.clear();
    expect([trie.size, [...trie]]).toEqual([0, []]);
  });
});
