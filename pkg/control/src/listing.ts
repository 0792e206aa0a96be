/** A long list for all its pages: sorted for the first of them, and not again for each that follows. */
import { cutPage, type Page, type PageQuery } from './schema/page.ts';

/** How long a list waits for the question for its next page, in ms; then it is made anew for it. */
const KEPT_MS = 10_000;

interface Entry<Item> {
  readonly key: string;
  readonly item: Item;
}

/**
 * Pages of one list. The first page makes it anew, so that it is never old; those after it are cut from the same one, which is
 * let go with the last. Two who read at once share the newer.
 */
export class Listing<Item> {
  readonly #read: () => Iterable<Item>;
  readonly #keyOf: (item: Item) => string;
  #sorted: readonly Entry<Item>[] | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param read the items as they are now, in any order
   * @param keyOf of each another; the cursor of the pages
   */
  constructor(read: () => Iterable<Item>, keyOf: (item: Item) => string) {
    this.#read = read;
    this.#keyOf = keyOf;
  }

  page(query: PageQuery): Page<Item> {
    const sorted = (query.after === undefined ? undefined : this.#sorted) ?? this.#sort();
    const page = cutPage(sorted, ({ key }) => key, query);
    this.#keep(page.next === undefined ? undefined : sorted);
    return { ...page, items: page.items.map(({ item }) => item) };
  }

  #sort(): Entry<Item>[] {
    const entries = Array.from(this.#read(), (item) => ({ key: this.#keyOf(item), item }));
    return entries.sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  #keep(sorted: readonly Entry<Item>[] | undefined): void {
    clearTimeout(this.#timer);
    this.#sorted = sorted;
    if (sorted === undefined) return;
    this.#timer = setTimeout(() => this.#keep(undefined), KEPT_MS).unref();
  }
}
