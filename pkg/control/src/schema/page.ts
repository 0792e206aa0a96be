/** Lists that may be long are answered in pages, so that a table of a million routes costs bounded memory. */
import * as z from 'zod';
import { replyOf, requestOf } from './shape.ts';

/** Items a page may hold at most. */
export const MAX_PAGE_ITEMS = 1000;

/** Which part of a list is wanted. */
export interface PageQuery {
  /** `next` of the page before; absent for the first page. */
  readonly after?: string | undefined;
  /** 1…1000, default 256. */
  readonly limit: number;
}

/** One part of a list, in a stable order. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Items in the whole list, now. */
  readonly total: number;
  /** Where the next page begins: opaque, absent on the last page. */
  readonly next?: string | undefined;
}

/** Parses the query string of a list. */
export const pageQuerySchema: z.ZodType<PageQuery> = requestOf<PageQuery>({
  after: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_ITEMS).default(256),
});

export function pageOf<Item>(item: z.ZodType<Item>): z.ZodType<Page<Item>> {
  return replyOf<Page<Item>>({
    items: z.array(item),
    total: z.number().int(),
    next: z.string().optional(),
  });
}

/**
 * Cuts a page out of a list that is in memory and sorted by `keyOf` (compared as text, unique). The key is the
 * cursor, so a list that changes between two pages neither repeats nor skips what stayed.
 */
export function cutPage<Item>(
  sorted: readonly Item[],
  keyOf: (item: Item) => string,
  query: PageQuery,
): Page<Item> {
  const { after } = query;
  const start = after === undefined ? 0 : firstAfter(sorted, keyOf, after);
  const items = sorted.slice(start, start + query.limit);
  const last = items.at(-1);
  const more = last !== undefined && start + items.length < sorted.length;
  return { items, total: sorted.length, ...(more ? { next: keyOf(last) } : {}) };
}

/** Where the items with a key beyond `after` begin, by halving. */
function firstAfter<Item>(sorted: readonly Item[], keyOf: (item: Item) => string, after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(sorted[middle] as Item) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
