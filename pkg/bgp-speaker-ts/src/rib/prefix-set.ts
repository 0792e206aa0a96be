/**
 * A set of dense ids, one bit each, that is emptied in ascending order: what a peer still has to be told.
 */

const WORD_BITS = 32;

/** Ids as bits; grows with the largest one. */
export class PrefixSet {
  /** Ids in the set. */
  count = 0;
  #words: Uint32Array = new Uint32Array(8);
  /** No id below this one is in the set. */
  #lowest = 0;

  /** Adds an id. */
  add(id: number): void {
    const index = id >>> 5;
    if (index >= this.#words.length) this.#grow(index + 1);
    const word = this.#words[index] as number;
    const bit = 1 << (id & (WORD_BITS - 1));
    if ((word & bit) !== 0) return;
    this.#words[index] = word | bit;
    this.count += 1;
    if (id < this.#lowest) this.#lowest = id;
  }

  /** Says whether an id is in the set. */
  has(id: number): boolean {
    return (((this.#words[id >>> 5] ?? 0) >>> (id & (WORD_BITS - 1))) & 1) === 1;
  }

  /** Adds all ids of another set. */
  addAll(other: PrefixSet): void {
    for (let id = other.#find(0); id >= 0; id = other.#find(id + 1)) this.add(id);
  }

  /** Takes the lowest id at or above `from` out, or gives -1. */
  takeFrom(from: number): number {
    if (this.count === 0) return -1;
    const start = Math.max(from, this.#lowest);
    const id = this.#find(start);
    if (id < 0) return -1;
    this.#words[id >>> 5] = (this.#words[id >>> 5] as number) & ~(1 << (id & (WORD_BITS - 1)));
    this.count -= 1;
    if (start === this.#lowest) this.#lowest = id + 1;
    return id;
  }

  #find(start: number): number {
    const words = this.#words;
    let index = start >>> 5;
    let word = (words[index] ?? 0) & (-1 << (start & (WORD_BITS - 1)));
    while (word === 0) {
      index += 1;
      if (index >= words.length) return -1;
      word = words[index] as number;
    }
    return index * WORD_BITS + (WORD_BITS - 1 - Math.clz32(word & -word));
  }

  #grow(needed: number): void {
    const longer = new Uint32Array(Math.max(needed, this.#words.length * 2));
    longer.set(this.#words);
    this.#words = longer;
  }
}
