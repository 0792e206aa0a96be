import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FREE, PrefixTable } from './prefix-table.ts';

type Words = [number, number, number, number, number];

/** Few addresses, so that inserts, removals and lookups meet each other. */
const ipv4: fc.Arbitrary<Words> = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.constantFrom(0, 8, 24, 26, 32))
  .map(([low, length]) => [(0x0a000000 + low * 0x10001) >>> 0, 0, 0, 0, length]);

const ipv6: fc.Arbitrary<Words> = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.constantFrom(64, 122, 128))
  .map(([high, low, length]) => [0x20010db8, high, 0xffffffff, low, length]);

const steps = (prefixes: fc.Arbitrary<Words>) =>
  fc.array(fc.record({ kind: fc.constantFrom('insert', 'insert', 'remove'), words: prefixes }), {
    maxLength: 400,
    size: 'max',
  });

/** Checks the invariants of the file comment that can be seen from outside. */
function checkPrefixTable(table: PrefixTable, model: ReadonlyMap<string, number>): void {
  const live = [...Array(table.highWater).keys()].filter((id) => table.isLive(id));
  expect(live.length).toBe(table.count);
  expect(new Set(model.values()).size).toBe(table.count);
  for (const id of live) expect(table.find(...table.wordsOf(id), table.lengths[id] as number)).toBe(id);
}

describe('the prefix table', () => {
  test.each([
    ['ipv4-unicast', ipv4],
    ['ipv6-unicast', ipv6],
  ] as const)('holds what a map holds, whatever is inserted and removed: %s', (family, prefixes) => {
    fc.assert(
      fc.property(steps(prefixes), fc.integer(), (changes, seed) => {
        const table = new PrefixTable(family, seed);
        const model = new Map<string, number>();
        for (const { kind, words } of changes) {
          const key = words.join(' ');
          const known = model.get(key) ?? -1;
          expect(table.find(...words)).toBe(known);
          if (kind === 'insert') {
            const id = table.insert(...words);
            if (known >= 0) expect(id).toBe(known);
            model.set(key, id);
          } else if (known >= 0) {
            table.remove(known);
            model.delete(key);
          }
        }
        checkPrefixTable(table, model);
      }),
    );
  });

  test('finds every prefix after any others of its probe run are removed', () => {
    const table = new PrefixTable('ipv4-unicast', 1);
    const count = 6000;
    for (let id = 0; id < count; id += 1) table.insert((id * 256) >>> 0, 0, 0, 0, 24);
    for (let id = 0; id < count; id += 3) table.remove(id);
    for (let id = 0; id < count; id += 1) {
      expect(table.find((id * 256) >>> 0, 0, 0, 0, 24)).toBe(id % 3 === 0 ? -1 : id);
    }
  });

  test('keeps every prefix over many growths', () => {
    const table = new PrefixTable('ipv4-unicast', 1);
    const count = 20_000;
    for (let id = 0; id < count; id += 1) expect(table.insert((id * 256) >>> 0, 0, 0, 0, 24)).toBe(id);
    for (let id = 0; id < count; id += 1) expect(table.find((id * 256) >>> 0, 0, 0, 0, 24)).toBe(id);
    expect(table.find(256, 0, 0, 0, 25)).toBe(-1);
  });

  test('gives a freed id to the next prefix, so that columns do not grow', () => {
    const table = new PrefixTable('ipv4-unicast', 1);
    const id = table.insert(1, 0, 0, 0, 32);
    table.remove(id);
    expect(table.lengths[id]).toBe(FREE);
    expect(table.insert(2, 0, 0, 0, 32)).toBe(id);
    expect(table.highWater).toBe(1);
  });
});
