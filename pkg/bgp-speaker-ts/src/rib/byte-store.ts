/**
 * Byte strings, each kept once under an id, with a count of its users.
 *
 * The bytes lie in one arena, in blocks of a multiple of 16 octets. Freed blocks of a size are used again for strings of that
 * size; when no such block is left, nor room at the end, the arena is written anew without its gaps if these are more than half of
 * it, else it grows. Lookup is an open-addressing hash over the bytes and a tag.
 *
 * Invariants:
 *   - an id with `references` above 0 keeps its bytes and is found by them;
 *   - an id whose count falls to 0 is free at once; whoever still holds it holds a mistake;
 *   - the arena is at most four times as long as the blocks in use at some time were together, or 4 KiB.
 */

import { grow, grownCapacity, INITIAL_CAPACITY, release } from './columns.ts';
import { IdList } from './id-list.ts';

const BLOCK_SHIFT = 4;
const EMPTY = -1;
const INITIAL_ARENA_BYTES = 4096;
const INITIAL_SLOTS = 64;

/** Interned byte strings; see the file comment. */
export class ByteStore {
  /** Strings in the store. */
  count = 0;
  /** Ids below this have been used at some time. */
  highWater = 0;
  /** Length of the columns. */
  capacity: number = INITIAL_CAPACITY;
  /** Where the bytes of an id begin in `arena`; they may be elsewhere after an `intern`. */
  offsets: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  lengths: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  tags: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** Users of an id; 0 for a free one. */
  references: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** All bytes; replaced when it has no room, so read it anew after an `intern`. */
  arena: Uint8Array = new Uint8Array(INITIAL_ARENA_BYTES);

  readonly #seed: number;
  readonly #freeIds: IdList = new IdList();
  /** Freed blocks by size class. */
  readonly #freeBlocks: (IdList | undefined)[] = [];
  #freedBytes = 0;
  /** Blocks in use and freed ones, in octets; the rest of the arena was never used. */
  #arenaLength = 0;
  #hashes: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #slots: Int32Array = new Int32Array(INITIAL_SLOTS).fill(EMPTY);

  /** @param seed makes the hash unlike that of other speakers */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Finds the id of `bytes[start…end)` under a tag, or -1; the count of users stays as it is. */
  find(bytes: Uint8Array, start: number, end: number, tag: number): number {
    return this.#slots[this.#findSlot(bytes, start, end, tag, this.#hash(bytes, start, end, tag))] as number;
  }

  /** Gives the id of `bytes[start…end)` under a tag, copying the bytes if they are new; the caller is one more user. */
  intern(bytes: Uint8Array, start: number, end: number, tag: number): number {
    const hash = this.#hash(bytes, start, end, tag);
    const slot = this.#findSlot(bytes, start, end, tag, hash);
    const found = this.#slots[slot] as number;
    if (found === EMPTY) return this.#add(bytes, start, end, tag, hash, slot);
    this.references[found] = (this.references[found] as number) + 1;
    return found;
  }

  /** Counts one more user. */
  retain(id: number): void {
    this.references[id] = (this.references[id] as number) + 1;
  }

  /** Counts one user less; true when that was the last one and the id is free now. */
  release(id: number): boolean {
    const left = (this.references[id] as number) - 1;
    this.references[id] = left;
    if (left > 0) return false;
    this.#remove(id);
    return true;
  }

  /** Gives the bytes of an id where they lie: read them before the next `intern`. */
  view(id: number): Uint8Array {
    const offset = this.offsets[id] as number;
    return this.arena.subarray(offset, offset + (this.lengths[id] as number));
  }

  #add(bytes: Uint8Array, start: number, end: number, tag: number, hash: number, slot: number): number {
    const id = this.#takeId();
    const length = end - start;
    const offset = this.#takeBlock(length);
    copy(bytes, start, length, this.arena, offset);
    this.offsets[id] = offset;
    this.lengths[id] = length;
    this.tags[id] = tag;
    this.references[id] = 1;
    this.#hashes[id] = hash;
    this.#slots[slot] = id;
    this.count += 1;
    if (this.count * 4 > this.#slots.length * 3) this.#growSlots();
    return id;
  }

  #remove(id: number): void {
    const { offsets, lengths } = this;
    this.#closeGap(this.#slotOf(id));
    const sizeClass = toSizeClass(lengths[id] as number);
    let blocks = this.#freeBlocks[sizeClass];
    if (blocks === undefined) {
      blocks = new IdList();
      this.#freeBlocks[sizeClass] = blocks;
    }
    blocks.push((offsets[id] as number) >>> BLOCK_SHIFT);
    this.#freedBytes += sizeClass << BLOCK_SHIFT;
    this.#freeIds.push(id);
    this.count -= 1;
  }

  #takeId(): number {
    const id = this.#freeIds.pop();
    if (id >= 0) return id;
    if (this.highWater === this.capacity) this.#growColumns();
    this.highWater += 1;
    return this.highWater - 1;
  }

  #takeBlock(length: number): number {
    const sizeClass = toSizeClass(length);
    const blockBytes = sizeClass << BLOCK_SHIFT;
    const freed = this.#freeBlocks[sizeClass]?.pop() ?? EMPTY;
    if (freed !== EMPTY) {
      this.#freedBytes -= blockBytes;
      return freed * (1 << BLOCK_SHIFT);
    }
    if (this.#arenaLength + blockBytes > this.arena.length) this.#makeRoom(blockBytes);
    const offset = this.#arenaLength;
    this.#arenaLength += blockBytes;
    return offset;
  }

  #makeRoom(neededBytes: number): void {
    const length = this.#arenaLength + neededBytes;
    if (this.#freedBytes > length / 2) this.#compact((length - this.#freedBytes) * 2);
    else this.arena = grow(this.arena, Math.max(length, this.arena.length * 2));
  }

  /**
   * Writes the blocks in use into a new arena, one after the other. That has room for a block of each id there ever was, so that
   * looking at all ids is paid for by as many new blocks.
   */
  #compact(capacity: number): void {
    const { arena: old, highWater, lengths, offsets, references } = this;
    this.arena = new Uint8Array(Math.max(capacity, highWater << BLOCK_SHIFT, INITIAL_ARENA_BYTES));
    this.#arenaLength = 0;
    this.#freedBytes = 0;
    this.#freeBlocks.length = 0;
    for (let id = 0; id < highWater; id += 1) {
      if (references[id] === 0) continue;
      const offset = this.#takeBlock(lengths[id] as number);
      copy(old, offsets[id] as number, lengths[id] as number, this.arena, offset);
      offsets[id] = offset;
    }
    release(old);
  }

  #growColumns(): void {
    this.capacity = grownCapacity(this.capacity, this.highWater + 1);
    this.offsets = grow(this.offsets, this.capacity);
    this.lengths = grow(this.lengths, this.capacity);
    this.tags = grow(this.tags, this.capacity);
    this.references = grow(this.references, this.capacity);
    this.#hashes = grow(this.#hashes, this.capacity);
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (const id of this.#slots) {
      if (id === EMPTY) continue;
      let slot = (this.#hashes[id] as number) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }

  /** Finds the slot that holds these bytes, or the empty one where they belong. */
  #findSlot(bytes: Uint8Array, start: number, end: number, tag: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot] as number;
      if (id === EMPTY) return slot;
      if (this.#hashes[id] === hash && this.#isEqual(id, bytes, start, end, tag)) return slot;
    }
  }

  #slotOf(id: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (this.#hashes[id] as number) & mask;
    while (slots[slot] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  #isEqual(id: number, bytes: Uint8Array, start: number, end: number, tag: number): boolean {
    const length = end - start;
    if (this.lengths[id] !== length || this.tags[id] !== tag) return false;
    const { arena } = this;
    const offset = this.offsets[id] as number;
    for (let index = 0; index < length; index += 1) {
      if (arena[offset + index] !== bytes[start + index]) return false;
    }
    return true;
  }

  /** Mixes each octet into the hash, then once more over all, so that the low bits depend on every octet. */
  #hash(bytes: Uint8Array, start: number, end: number, tag: number): number {
    let hash = this.#seed ^ tag;
    for (let index = start; index < end; index += 1) {
      hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  /** Moves later entries of the probe run back over a freed slot, so that lookups need no tombstones. */
  #closeGap(freed: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let gap = freed;
    for (let slot = (gap + 1) & mask; ; slot = (slot + 1) & mask) {
      const id = slots[slot] as number;
      if (id === EMPTY) break;
      const home = (this.#hashes[id] as number) & mask;
      if (((slot - home) & mask) >= ((slot - gap) & mask)) {
        slots[gap] = id;
        gap = slot;
      }
    }
    slots[gap] = EMPTY;
  }
}

function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  for (let index = 0; index < length; index += 1) to[at + index] = from[start + index] as number;
}

/** Counts the blocks of 16 octets that hold a string; even an empty one has a block. */
function toSizeClass(length: number): number {
  return Math.max(1, (length + (1 << BLOCK_SHIFT) - 1) >>> BLOCK_SHIFT);
}
