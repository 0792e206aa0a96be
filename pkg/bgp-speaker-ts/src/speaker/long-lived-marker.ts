/**
 * Marks the attributes of long-lived stale paths: LLGR_STALE, RFC 9494 §4.2.
 *
 * Many paths share their attributes, so each set is marked once. Ids are held until `end`, lest one is used again
 * meanwhile.
 */

import { type AttributeStore, Mark } from '../rib/attribute-store.ts';
import { NO_ATTRIBUTES } from '../rib/path-table.ts';
import { internChanged } from './intern-changed.ts';

/** The community that says that a route is stale for long. */
export const LLGR_STALE = 0xffff0006;

/** Marks attributes, by id. */
export class LongLivedMarker {
  readonly #store: AttributeStore;
  readonly #marked: Map<number, number> = new Map();

  constructor(store: AttributeStore) {
    this.#store = store;
  }

  /** Gives the id of the same attributes with LLGR_STALE, valid until `end`; the same id for those that have it. */
  mark(attributes: number): number {
    if (attributes === NO_ATTRIBUTES || this.#has(attributes, Mark.longLivedStale)) return attributes;
    const known = this.#marked.get(attributes);
    if (known !== undefined) return known;
    const before = this.#store.attributes(attributes);
    const communities = [...(before.communities ?? []), LLGR_STALE];
    const marked = internChanged(this.#store, attributes, { ...before, communities });
    this.#store.retain(attributes);
    this.#marked.set(attributes, marked);
    return marked;
  }

  /** Says whether attributes ask not to be kept for long: NO_LLGR, RFC 9494 §3.3. */
  refuses(attributes: number): boolean {
    return attributes !== NO_ATTRIBUTES && this.#has(attributes, Mark.noLongLived);
  }

  /** Lets go of the ids; those no path took are freed. */
  end(): void {
    for (const [before, marked] of this.#marked) {
      this.#store.release(before);
      this.#store.release(marked);
    }
    this.#marked.clear();
  }

  #has(attributes: number, mark: number): boolean {
    return ((this.#store.marks[attributes] as number) & mark) !== 0;
  }
}
