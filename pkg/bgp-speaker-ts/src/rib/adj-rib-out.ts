/**
 * The Adj-RIB-Out of an update group: what its members have been told, or will be by the bytes on their way.
 *
 * A slot is a prefix id, or a path row where all paths are told (ADD-PATH). Its route is an id in `routes`, an interned key of the form
 * `writeAttributeKey` gives: the octets of the next hop with their count in front, then the attribute block without
 * NEXT_HOP. Its source is the peer the path came from, the one member that is not told.
 */

import { ByteStore } from './byte-store.ts';
import { grow, INITIAL_CAPACITY } from './columns.ts';

/** "Not announced". */
export const NO_ROUTE = -1;

/** What the members of one group have; see the file comment. */
export class AdjRibOut {
  /** Encoded attributes of all announced routes. */
  readonly encoded: ByteStore;
  /** Route of a slot, or `NO_ROUTE`. */
  routes: Int32Array = new Int32Array(INITIAL_CAPACITY).fill(NO_ROUTE);
  sources: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Announced slots. */
  count = 0;

  readonly #countBySource: Map<number, number> = new Map();

  constructor(seed: number) {
    this.encoded = new ByteStore(seed);
  }

  /** Makes room for slots below `capacity`. */
  reserve(capacity: number): void {
    if (capacity <= this.routes.length) return;
    this.routes = grow(this.routes, capacity, NO_ROUTE);
    this.sources = grow(this.sources, capacity);
  }

  /**
   * Puts a route into a slot, or takes it out (`NO_ROUTE`).
   *
   * @param route the slot takes over one user of it
   * @returns whether the slot is another than before
   */
  set(slot: number, route: number, source: number): boolean {
    const before = this.routes[slot] as number;
    const sourceBefore = this.sources[slot] as number;
    if (before !== NO_ROUTE) this.encoded.release(before);
    if (before === route && (route === NO_ROUTE || sourceBefore === source)) return false;
    this.routes[slot] = route;
    this.sources[slot] = source;
    if (before !== NO_ROUTE) this.#addCount(sourceBefore, -1);
    if (route !== NO_ROUTE) this.#addCount(source, 1);
    return true;
  }

  /** Counts the routes a member has: all but those it is the source of. */
  countFor(member: number): number {
    return this.count - (this.#countBySource.get(member) ?? 0);
  }

  #addCount(source: number, change: number): void {
    this.count += change;
    this.#countBySource.set(source, (this.#countBySource.get(source) ?? 0) + change);
  }
}
