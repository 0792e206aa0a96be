/**
 * The Adj-RIBs-In of all peers of one family, as columns: a row is one path, that is (prefix, peer, path identifier).
 *
 * Paths of a prefix form a list (`next`), whose head the RIB keeps per prefix. Paths of a peer have no list: the rare
 * operations on all of them read the `peers` column from end to end, which takes under a millisecond per million rows.
 */

import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';
import { IdList } from './id-list.ts';

/** End of a list of paths, and "no path". */
export const NO_PATH = -1;

/** "No attributes": the path was rejected on import. */
export const NO_ATTRIBUTES = -1;

/** Bits of `flags`. */
export const PathFlag = {
  /** The peer is restarting and has not confirmed the path (RFC 4724). */
  stale: 1,
  /** Withdrawn since the last selection; the row is freed after it. */
  gone: 2,
  /** New or replaced since the last selection. */
  changed: 4,
  /** Selected: the best path or one as good as it. */
  multipath: 8,
  /** Chosen by the selection at work; never set outside of it. */
  chosen: 16,
  /** Stale for longer than the restart time: LLGR_STALE was added to its attributes (RFC 9494). */
  longLived: 32,
} as const;

/** Why a path cannot be selected; the index is the value of the `rejections` column. */
export const REJECTIONS = [
  'none',
  'import-policy',
  'as-loop',
  'originator-loop',
  'cluster-loop',
  'policy-required',
  'own-next-hop',
  'as-set',
  'otc-leak',
] as const;

/** Why a path cannot be selected, by name. */
export type Rejection = (typeof REJECTIONS)[number];

/** Rows of paths. A free row has peer 0 and flag `gone`. */
export class PathTable {
  count = 0;
  /** Rows below this have been used at some time. */
  highWater = 0;
  /** Time of the event at work, in seconds on the clock of the events. */
  now = 0;

  prefixes: Int32Array = new Int32Array(INITIAL_CAPACITY);
  peers: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Path identifier the peer gave; 0 without ADD-PATH. */
  pathIds: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Path identifier this speaker gives: the lowest that no other path of the prefix has (RFC 7911 §3). */
  ordinals: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  /** Attributes as received. */
  received: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** Attributes after import policy, or `NO_ATTRIBUTES`. */
  effective: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** Index into `REJECTIONS`. */
  rejections: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  flags: Uint8Array = new Uint8Array(INITIAL_CAPACITY);
  /** When the path came or changed last, in whole seconds on the clock of the events. */
  heard: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  /** Next path of the same prefix, or `NO_PATH`. */
  next: Int32Array = new Int32Array(INITIAL_CAPACITY);

  readonly #free: IdList = new IdList();

  /** Takes a row for a path without attributes yet. */
  add(prefix: number, peer: number, pathId: number): number {
    const freed = this.#free.pop();
    const row = freed >= 0 ? freed : this.#extend();
    this.prefixes[row] = prefix;
    this.peers[row] = peer;
    this.pathIds[row] = pathId;
    this.ordinals[row] = 0;
    this.received[row] = NO_ATTRIBUTES;
    this.effective[row] = NO_ATTRIBUTES;
    this.rejections[row] = 0;
    this.flags[row] = 0;
    this.next[row] = NO_PATH;
    this.count += 1;
    return row;
  }

  /** Frees a row that is in no list. */
  remove(row: number): void {
    this.peers[row] = 0;
    this.flags[row] = PathFlag.gone;
    this.#free.push(row);
    this.count -= 1;
  }

  /** Gives the lowest ordinal, from 1, that no path of a list has. */
  freeOrdinal(first: number): number {
    const { ordinals, next } = this;
    if (first === NO_PATH) return 1;
    if (next[first] === NO_PATH) return ordinals[first] === 1 ? 2 : 1;
    const used = new Set<number>();
    for (let path = first; path !== NO_PATH; path = next[path] as number) used.add(ordinals[path] as number);
    let ordinal = 1;
    while (used.has(ordinal)) ordinal += 1;
    return ordinal;
  }

  /** Says whether the path has one of these flags. */
  has(row: number, flags: number): boolean {
    return ((this.flags[row] as number) & flags) !== 0;
  }

  /** Sets flags of a path. */
  set(row: number, flags: number): void {
    this.flags[row] = (this.flags[row] as number) | flags;
  }

  /** Clears flags of a path. */
  clear(row: number, flags: number): void {
    this.flags[row] = (this.flags[row] as number) & ~flags;
  }

  #extend(): number {
    if (this.highWater === this.next.length) this.#growColumns();
    this.highWater += 1;
    return this.highWater - 1;
  }

  #growColumns(): void {
    const capacity = grownCapacity(this.next.length, this.highWater + 1);
    this.prefixes = grow(this.prefixes, capacity);
    this.peers = grow(this.peers, capacity);
    this.pathIds = grow(this.pathIds, capacity);
    this.ordinals = grow(this.ordinals, capacity);
    this.received = grow(this.received, capacity);
    this.effective = grow(this.effective, capacity);
    this.rejections = grow(this.rejections, capacity);
    this.flags = grow(this.flags, capacity);
    this.heard = grow(this.heard, capacity);
    this.next = grow(this.next, capacity);
  }
}
