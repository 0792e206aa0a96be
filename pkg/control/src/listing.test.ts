import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Listing } from './listing.ts';

let items: string[];
let reads: number;
let listing: Listing<string>;

beforeEach(() => {
  vi.useFakeTimers();
  items = ['d', 'b', 'a', 'c', 'e'];
  reads = 0;
  const read = (): string[] => {
    reads += 1;
    return items;
  };
  listing = new Listing(read, (item) => item);
});

afterEach(() => vi.useRealTimers());

describe('the pages of a list', () => {
  it('are cut from one that was read and sorted once', () => {
    expect(listing.page({ limit: 2 })).toEqual({ items: ['a', 'b'], total: 5, next: 'b' });
    expect(listing.page({ limit: 2, after: 'b' })).toEqual({ items: ['c', 'd'], total: 5, next: 'd' });
    expect(listing.page({ limit: 2, after: 'd' })).toEqual({ items: ['e'], total: 5 });
    expect(reads).toBe(1);
  });

  it('begin with what is there now, also while somebody else reads on', () => {
    listing.page({ limit: 2 });
    items = ['b', 'x', 'a'];
    expect(listing.page({ limit: 2 })).toEqual({ items: ['a', 'b'], total: 3, next: 'b' });
    expect(listing.page({ limit: 2, after: 'b' }).items).toEqual(['x']);
    expect(reads).toBe(2);
  });

  it('are read anew by whoever comes back late, or after the last', () => {
    listing.page({ limit: 2 });
    vi.advanceTimersByTime(10_000);
    items = ['a', 'b', 'c'];
    expect(listing.page({ limit: 2, after: 'b' }).items).toEqual(['c']);
    items = ['a', 'b', 'd'];
    expect(listing.page({ limit: 2, after: 'b' }).items).toEqual(['d']);
    expect(reads).toBe(3);
  });
});
