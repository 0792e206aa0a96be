/**
 * Prefixes of one family, each with a dense id: the id is the index of every other column about prefixes.
 *
 * Lookup is an open-addressing hash on typed arrays. Neighbouring prefixes lie side by side, and whoever finds its slot
 * taken goes on `STRIDE` slots further, past the run that took it. The table is split into shards by the upper bits of the
 * hash; each shard grows on its own, so that no insert waits for a million entries to move.
 *
 * Invariants (`checkPrefixTable` in the tests):
 *   - a live id is in exactly one slot of the shard its hash names, and no slot that a search from its home meets
 *     before it is empty;
 *   - a free id has length `FREE` and is on the free list once; ids at or above `highWater` were never used;
 *   - a shard is at most half full.
 */

import type { Family } from '../wire/family.ts';
import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';
import { IdList } from './id-list.ts';

const SHARD_BITS = 6;
const SHARDS = 1 << SHARD_BITS;
const SHARD_SHIFT = 32 - SHARD_BITS;
const INITIAL_SLOTS = 16;
const EMPTY = -1;

/** Neighbouring prefixes of one length come in runs; 16 slots are one line of the processor's cache. */
const RUN_BITS = 4;
const RUN_MASK: number = (1 << RUN_BITS) - 1;

/** Odd, so that a search comes to every slot; one more than a run, so that it leaves a run with its first step. */
const STRIDE: number = (1 << RUN_BITS) + 1;
/** `STRIDE * STRIDE_INVERSE` is 1 in 32 bits: turns a distance in slots into a number of steps. */
const STRIDE_INVERSE = 0xf0f0f0f1;

/** Prefix length of an id that is not in use. */
export const FREE = 255;

/** A hash table of prefixes; see the file comment for its invariants. */
export class PrefixTable {
  readonly family: Family;
  /** Prefixes in the table. */
  count = 0;
  /** Ids below this have been used at some time. */
  highWater = 0;
  /** Length of the columns. */
  capacity: number = INITIAL_CAPACITY;

  /** Address words, host bits clear. An IPv4 address is `word0`; the other three columns are then empty. */
  word0: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  word1: Uint32Array;
  word2: Uint32Array;
  word3: Uint32Array;
  /** Prefix length in bits, or `FREE`. */
  lengths: Uint8Array = new Uint8Array(INITIAL_CAPACITY).fill(FREE);

  readonly #wide: boolean;
  readonly #seed: number;
  readonly #free: IdList = new IdList();
  readonly #shards: Int32Array[];
  readonly #shardCounts: Int32Array = new Int32Array(SHARDS);

  /** @param seed makes the hash unlike that of other speakers, so that nobody can choose prefixes that collide */
  constructor(family: Family, seed: number) {
    this.family = family;
    this.#seed = seed | 0;
    this.#wide = family === 'ipv6-unicast';
    const width = this.#wide ? INITIAL_CAPACITY : 0;
    this.word1 = new Uint32Array(width);
    this.word2 = new Uint32Array(width);
    this.word3 = new Uint32Array(width);
    this.#shards = Array.from({ length: SHARDS }, () => new Int32Array(INITIAL_SLOTS).fill(EMPTY));
  }

  /** Gives the id of a prefix, or -1. Words 1 to 3 are 0 for IPv4. */
  find(word0: number, word1: number, word2: number, word3: number, length: number): number {
    const hash = this.#hash(word0, word1, word2, word3, length);
    const shard = this.#shards[hash >>> SHARD_SHIFT] as Int32Array;
    const mask = shard.length - 1;
    for (let slot = hash & mask; ; slot = (slot + STRIDE) & mask) {
      const id = shard[slot] as number;
      if (id === EMPTY || this.#isAt(id, word0, word1, word2, word3, length)) return id;
    }
  }

  /** Gives the id of a prefix, adding it if it is not there. */
  insert(word0: number, word1: number, word2: number, word3: number, length: number): number {
    const hash = this.#hash(word0, word1, word2, word3, length);
    const shardIndex = hash >>> SHARD_SHIFT;
    const shard = this.#shards[shardIndex] as Int32Array;
    const mask = shard.length - 1;
    for (let slot = hash & mask; ; slot = (slot + STRIDE) & mask) {
      const id = shard[slot] as number;
      if (id === EMPTY) return this.#add(shardIndex, slot, word0, word1, word2, word3, length);
      if (this.#isAt(id, word0, word1, word2, word3, length)) return id;
    }
  }

  /** Frees an id; it is given to another prefix later. */
  remove(id: number): void {
    const hash = this.#hashOf(id);
    const shard = this.#shards[hash >>> SHARD_SHIFT] as Int32Array;
    const mask = shard.length - 1;
    let slot = hash & mask;
    while (shard[slot] !== id) slot = (slot + STRIDE) & mask;
    this.#closeGap(shard, slot);
    (this.#shardCounts[hash >>> SHARD_SHIFT] as number) -= 1;
    this.lengths[id] = FREE;
    this.#free.push(id);
    this.count -= 1;
  }

  /** Gives the address words of an id; an IPv4 address is the first. */
  wordsOf(id: number): [number, number, number, number] {
    const [word1 = 0, word2 = 0, word3 = 0] = [this.word1[id], this.word2[id], this.word3[id]];
    return [this.word0[id] as number, word1, word2, word3];
  }

  /** Says whether an id is in use. */
  isLive(id: number): boolean {
    return this.lengths[id] !== FREE;
  }

  #isAt(id: number, word0: number, word1: number, word2: number, word3: number, length: number): boolean {
    if (this.word0[id] !== word0 || this.lengths[id] !== length) return false;
    if (!this.#wide) return true;
    return this.word1[id] === word1 && this.word2[id] === word2 && this.word3[id] === word3;
  }

  /** The hash of a run of neighbouring prefixes, plus the place in the run: neighbours lie in neighbouring slots. */
  #hash(word0: number, word1: number, word2: number, word3: number, length: number): number {
    if (!this.#wide) {
      const network = length === 0 ? 0 : word0 >>> (32 - length);
      return mix((network >>> RUN_BITS) ^ this.#seed, length) + (network & RUN_MASK);
    }
    const shift = (128 - length) & 31;
    const last = length > 96 ? word3 : length > 64 ? word2 : length > 32 ? word1 : word0;
    const place = (last >>> shift) & RUN_MASK;
    // Without the place, the words are those that all prefixes of the run share.
    const run = last - place * 2 ** shift;
    const upper = length > 32 ? mix(word0 ^ this.#seed, length > 64 ? word1 : 0) : this.#seed;
    return mix(mix(upper ^ (length > 96 ? word2 : 0), length), run) + place;
  }

  #hashOf(id: number): number {
    const word0 = this.word0[id] as number;
    const length = this.lengths[id] as number;
    if (!this.#wide) return this.#hash(word0, 0, 0, 0, length);
    const [word1, word2, word3] = [this.word1[id], this.word2[id], this.word3[id]];
    return this.#hash(word0, word1 as number, word2 as number, word3 as number, length);
  }

  #add(
    shardIndex: number,
    slot: number,
    word0: number,
    word1: number,
    word2: number,
    word3: number,
    length: number,
  ): number {
    const id = this.#takeId();
    this.word0[id] = word0;
    this.lengths[id] = length;
    if (this.#wide) {
      this.word1[id] = word1;
      this.word2[id] = word2;
      this.word3[id] = word3;
    }
    const shard = this.#shards[shardIndex] as Int32Array;
    shard[slot] = id;
    const count = (this.#shardCounts[shardIndex] as number) + 1;
    this.#shardCounts[shardIndex] = count;
    if (count * 2 > shard.length) this.#growShard(shardIndex);
    this.count += 1;
    return id;
  }

  #takeId(): number {
    const id = this.#free.pop();
    if (id >= 0) return id;
    if (this.highWater === this.capacity) this.#growColumns();
    this.highWater += 1;
    return this.highWater - 1;
  }

  #growColumns(): void {
    this.capacity = grownCapacity(this.capacity, this.highWater + 1);
    this.word0 = grow(this.word0, this.capacity);
    this.lengths = grow(this.lengths, this.capacity, FREE);
    if (!this.#wide) return;
    this.word1 = grow(this.word1, this.capacity);
    this.word2 = grow(this.word2, this.capacity);
    this.word3 = grow(this.word3, this.capacity);
  }

  #growShard(shardIndex: number): void {
    const old = this.#shards[shardIndex] as Int32Array;
    const shard = new Int32Array(old.length * 2).fill(EMPTY);
    const mask = shard.length - 1;
    for (const id of old) {
      if (id === EMPTY) continue;
      let slot = this.#hashOf(id) & mask;
      while (shard[slot] !== EMPTY) slot = (slot + STRIDE) & mask;
      shard[slot] = id;
    }
    this.#shards[shardIndex] = shard;
  }

  /** Moves later entries of the probe run back over a freed slot, so that lookups need no tombstones. */
  #closeGap(shard: Int32Array, freed: number): void {
    const mask = shard.length - 1;
    let gap = freed;
    for (let slot = (gap + STRIDE) & mask; ; slot = (slot + STRIDE) & mask) {
      const id = shard[slot] as number;
      if (id === EMPTY) break;
      const home = this.#hashOf(id) & mask;
      // The entry may move back only if a search from its home meets the gap before it.
      if ((steps(slot - home) & mask) >= (steps(slot - gap) & mask)) {
        shard[gap] = id;
        gap = slot;
      }
    }
    shard[gap] = EMPTY;
  }
}

/** How many steps of a search a distance in slots is, but for turns of the shard. */
function steps(distance: number): number {
  return Math.imul(distance, STRIDE_INVERSE);
}

/** Mixes two words into one whose lower bits are those of a run's first slot: 0. */
function mix(one: number, other: number): number {
  let hash = Math.imul(one, 0x9e3779b1) ^ other;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & ~RUN_MASK;
}
