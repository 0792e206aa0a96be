/** Pseudo-random numbers for the fuzzer: fast, and the same for the same seed. */

/** A generator; sfc32 by Chris Doty-Humphrey, whose state is four words. */
export class FuzzRandom {
  #a: number;
  #b = 0x9e3779b9;
  #c = 0x243f6a88;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    for (let round = 0; round < 12; round += 1) this.next();
  }

  /** Gives any 32-bit number. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Gives a number from 0 to `limit` - 1; 0 for a limit of 0. */
  below(limit: number): number {
    return limit < 2 ? 0 : this.next() % limit;
  }
}
