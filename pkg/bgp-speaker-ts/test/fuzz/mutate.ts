/**
 * Changes inputs: what a fuzzer knows about binary formats.
 *
 * Several small changes are stacked on an input of the corpus: bits, octets, numbers of the dictionary, pieces cut out,
 * doubled, moved or taken from another input, and lengths set to what is left, without which a change inside nested
 * lengths seldom gets past the first check.
 */

import type { FuzzRandom } from './random.ts';

const MAX_STACKED = 6;

type Mutation = (mutator: Mutator) => void;

/** Makes new inputs in a buffer of its own. */
export class Mutator {
  readonly bytes: Uint8Array;
  length = 0;
  /** Another input, to take pieces from. */
  other: Uint8Array = new Uint8Array(0);
  readonly random: FuzzRandom;
  readonly words: readonly Uint8Array[];

  /** @param words the dictionary: octets that mean something */
  constructor(random: FuzzRandom, maxBytes: number, words: readonly Uint8Array[]) {
    this.random = random;
    this.bytes = new Uint8Array(maxBytes);
    this.words = words;
  }

  /** Gives a changed copy of an input, which is good until the next call. */
  mutate(input: Uint8Array, other: Uint8Array): Uint8Array {
    this.length = Math.min(input.length, this.bytes.length);
    this.bytes.set(input.subarray(0, this.length));
    this.other = other;
    const count = 1 + this.random.below(MAX_STACKED);
    for (let index = 0; index < count; index += 1) {
      const mutation = MUTATIONS[this.random.below(MUTATIONS.length)] as Mutation;
      mutation(this);
    }
    return this.bytes.subarray(0, this.length);
  }

  /** A place of the input; 0 in an empty one, where writing does no harm. */
  place(): number {
    return this.random.below(this.length);
  }

  /** Writes octets over what is there, as far as the input reaches. */
  overwrite(at: number, piece: Uint8Array): void {
    this.bytes.set(piece.subarray(0, Math.max(0, this.length - at)), at);
  }

  /** Moves the rest away and puts octets in between; does nothing when they do not fit. */
  insert(at: number, piece: Uint8Array): void {
    if (this.length + piece.length > this.bytes.length) return;
    this.bytes.copyWithin(at + piece.length, at, this.length);
    this.bytes.set(piece, at);
    this.length += piece.length;
  }

  /** Cuts octets out. */
  remove(at: number, count: number): void {
    const end = Math.min(this.length, at + count);
    this.bytes.copyWithin(at, end, this.length);
    this.length -= end - at;
  }

  /** A piece of up to 16 octets of some bytes. */
  piece(of: Uint8Array): Uint8Array {
    const start = this.random.below(of.length);
    return of.slice(start, start + 1 + this.random.below(16));
  }

  /** A word of the dictionary. */
  word(): Uint8Array {
    return this.words[this.random.below(this.words.length)] ?? new Uint8Array(1);
  }
}

const INTERESTING: readonly number[] = [0, 1, 2, 3, 4, 8, 16, 24, 32, 33, 64, 127, 128, 129, 254, 255];

const MUTATIONS: readonly Mutation[] = [
  (mutator) => setOctet(mutator, (value) => value ^ (1 << mutator.random.below(8))),
  (mutator) => setOctet(mutator, () => mutator.random.below(256)),
  (mutator) => setOctet(mutator, () => INTERESTING[mutator.random.below(INTERESTING.length)] as number),
  (mutator) => setOctet(mutator, (value) => value + 1 + mutator.random.below(8)),
  (mutator) => setOctet(mutator, (value) => value - 1 - mutator.random.below(8)),
  (mutator) => mutator.overwrite(mutator.place(), mutator.word()),
  (mutator) => mutator.insert(mutator.random.below(mutator.length + 1), mutator.word()),
  (mutator) => mutator.remove(mutator.place(), 1 + mutator.random.below(8)),
  (mutator) => mutator.remove(mutator.place(), mutator.length),
  (mutator) => mutator.insert(mutator.place(), mutator.piece(mutator.bytes.subarray(0, mutator.length))),
  (mutator) => mutator.overwrite(mutator.place(), mutator.piece(mutator.bytes.subarray(0, mutator.length))),
  (mutator) => mutator.insert(mutator.place(), mutator.piece(mutator.other)),
  (mutator) => mutator.overwrite(mutator.place(), mutator.piece(mutator.other)),
  splice,
  setLength,
  setLength,
  repeat,
];

function setOctet(mutator: Mutator, change: (value: number) => number): void {
  const at = mutator.place();
  if (at < mutator.length) mutator.bytes[at] = change(mutator.bytes[at] as number);
}

/** The front of this input and the back of another one. */
function splice(mutator: Mutator): void {
  const { other } = mutator;
  mutator.length = mutator.place();
  mutator.insert(mutator.length, other.subarray(mutator.random.below(other.length)));
}

/** Sets one or two octets to how many come behind them, or to a few less. */
function setLength(mutator: Mutator): void {
  const { bytes, length, random } = mutator;
  const at = mutator.place();
  const wide = random.below(2) === 1 && at + 2 <= length;
  const left = length - at - (wide ? 2 : 1) - (random.below(3) === 0 ? random.below(16) : 0);
  if (left < 0) return;
  if (wide) bytes[at] = left >>> 8;
  bytes[at + (wide ? 1 : 0)] = left;
}

/** Makes one octet many: long lists and long runs of the same. */
function repeat(mutator: Mutator): void {
  const { bytes, random } = mutator;
  const at = mutator.place();
  const unit = bytes.slice(at, Math.min(mutator.length, at + 1 + random.below(8)));
  const times = 1 + random.below(random.below(8) === 0 ? 400 : 20);
  for (let index = 0; index < times && unit.length > 0; index += 1) mutator.insert(at, unit);
}
