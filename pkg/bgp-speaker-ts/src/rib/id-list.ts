/**
 * A list of ids that grows and is used again: the work lists of the RIB, without an array per flush.
 */

import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';

/** Ids in the order they were pushed. */
export class IdList {
  /** Entries `0…count-1` are valid; replaced when the list grows, so read it anew after a push. */
  ids: Int32Array = new Int32Array(INITIAL_CAPACITY);
  count = 0;

  /** Appends an id. */
  push(id: number): void {
    if (this.count === this.ids.length) this.ids = grow(this.ids, grownCapacity(this.count, this.count + 1));
    this.ids[this.count] = id;
    this.count += 1;
  }

  /** Takes the last id off, or -1 when there is none. */
  pop(): number {
    if (this.count === 0) return -1;
    this.count -= 1;
    return this.ids[this.count] as number;
  }

  /** Removes the first `count` ids. */
  shift(count: number): void {
    this.ids.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /** Removes all ids; the memory is kept. */
  clear(): void {
    this.count = 0;
  }
}
