import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutPage } from './page.ts';

const sortedKeys = fc
  .uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 40 })
  .map((keys) => keys.toSorted((a, b) => (a < b ? -1 : 1)));

function pages(keys: readonly string[], limit: number): string[][] {
  const seen: string[][] = [];
  let after: string | undefined;
  do {
    const page = cutPage(keys, (key) => key, { limit, ...(after === undefined ? {} : { after }) });
    seen.push([...page.items]);
    after = page.next;
  } while (after !== undefined);
  return seen;
}

describe('pages of a list', () => {
  test('together are the list, each at most as long as asked, none empty but the only one', () => {
    fc.assert(
      fc.property(sortedKeys, fc.integer({ min: 1, max: 10 }), (keys, limit) => {
        const seen = pages(keys, limit);
        expect(seen.flat()).toEqual(keys);
        expect(seen.length).toBe(Math.max(1, Math.ceil(keys.length / limit)));
      }),
    );
  });

  test('an item removed between two pages is not the end of the list', () => {
    const first = cutPage(['a', 'b', 'c', 'd'], (key) => key, { limit: 2 });
    expect(first.next).toBe('b');
    expect(cutPage(['a', 'c', 'd'], (key) => key, { limit: 2, after: 'b' }).items).toEqual(['c', 'd']);
  });
});
