/**
 * Collects announcements and withdrawals of one family and encodes them: every attribute block once per message, all
 * prefixes that share it behind it, all messages in one array.
 *
 * Messages that carry routes of one source stand together, so that the bytes for the member which is that source are
 * the array without one range. Work is linear in the number of entries; entries are columns, buckets are lists in them.
 */

import type { Family } from '../wire/family.ts';
import type { UpdatePacker } from '../wire/update-packer.ts';
import { NO_ROUTE } from './adj-rib-out.ts';
import type { ByteStore } from './byte-store.ts';
import { grow, grownCapacity, INITIAL_CAPACITY } from './columns.ts';
import type { PrefixTable } from './prefix-table.ts';

const NONE = -1;

/** A range of bytes with routes of one source. */
export interface SourceRange {
  readonly source: number;
  readonly start: number;
  readonly end: number;
}

/** UPDATEs ready to be sent. */
export interface EncodedUpdates {
  readonly bytes: Uint8Array;
  readonly messageCount: number;
  /** One range per source, ascending. */
  readonly ranges: readonly SourceRange[];
}

/** Entries of one batch; see the file comment. */
export class UpdateBatch {
  count = 0;

  readonly #family: Family;
  readonly #addPath: boolean;

  /** Entries. */
  #prefixes: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #pathIds: Uint16Array = new Uint16Array(INITIAL_CAPACITY);
  #nextEntry: Int32Array = new Int32Array(INITIAL_CAPACITY);

  /** Buckets: entries of one route and source. */
  #bucketCount = 0;
  #bucketRoutes: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #bucketSources: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #bucketFirst: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #bucketLast: Int32Array = new Int32Array(INITIAL_CAPACITY);
  /** Next bucket with the same route, and next with the same source. */
  #nextOfRoute: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #nextOfSource: Int32Array = new Int32Array(INITIAL_CAPACITY);

  /** First bucket of a route; index 0 is for withdrawals. Valid where the stamp is that of this batch. */
  #firstOfRoute: Int32Array = new Int32Array(INITIAL_CAPACITY);
  #routeStamps: Uint32Array = new Uint32Array(INITIAL_CAPACITY);
  #stamp = 1;
  #lastBucket: number = NONE;
  /** Sources in the order in which they came up, each with its first and last bucket. */
  readonly #sources: Map<number, { first: number; last: number }> = new Map();

  constructor(family: Family, addPath: boolean) {
    this.#family = family;
    this.#addPath = addPath;
  }

  /**
   * Adds a prefix.
   *
   * @param pathId our path identifier; 0 without ADD-PATH
   * @param route id of its attributes, or `NO_ROUTE` for a withdrawal
   * @param source peer that is to be left out; 0 for none
   */
  add(prefix: number, pathId: number, route: number, source: number): void {
    if (this.count === this.#prefixes.length) this.#growEntries();
    const entry = this.count;
    this.count += 1;
    this.#prefixes[entry] = prefix;
    this.#pathIds[entry] = pathId;
    this.#nextEntry[entry] = NONE;
    const bucket = this.#findBucket(route, source);
    const last = this.#bucketLast[bucket] as number;
    if (last === NONE) this.#bucketFirst[bucket] = entry;
    else this.#nextEntry[last] = entry;
    this.#bucketLast[bucket] = entry;
  }

  /** Encodes all entries and empties the batch. */
  encode(packer: UpdatePacker, prefixes: PrefixTable, encoded: ByteStore): EncodedUpdates {
    const ranges: SourceRange[] = [];
    for (const [source, { first }] of this.#sources) {
      const start = packer.byteLength;
      for (let bucket = first; bucket !== NONE; bucket = this.#nextOfSource[bucket] as number) {
        this.#encodeBucket(bucket, packer, prefixes, encoded);
      }
      ranges.push({ source, start, end: packer.byteLength });
    }
    this.#clear();
    const { messageCount } = packer;
    return { bytes: packer.take(), messageCount, ranges };
  }

  #encodeBucket(bucket: number, packer: UpdatePacker, prefixes: PrefixTable, encoded: ByteStore): void {
    const route = this.#bucketRoutes[bucket] as number;
    if (route === NO_ROUTE) packer.beginWithdraw(this.#family, this.#addPath);
    else {
      const start = encoded.offsets[route] as number;
      const end = start + (encoded.lengths[route] as number);
      packer.beginKeyed(this.#family, encoded.arena, start, end, this.#addPath);
    }
    const first = this.#bucketFirst[bucket] as number;
    if (this.#family === 'ipv4-unicast') this.#addIpv4(first, packer, prefixes);
    else this.#addIpv6(first, packer, prefixes);
    packer.end();
  }

  #addIpv4(first: number, packer: UpdatePacker, { word0, lengths }: PrefixTable): void {
    for (let entry = first; entry !== NONE; entry = this.#nextEntry[entry] as number) {
      const prefix = this.#prefixes[entry] as number;
      packer.addIpv4(word0[prefix] as number, lengths[prefix] as number, this.#pathIds[entry] as number);
    }
  }

  #addIpv6(first: number, packer: UpdatePacker, prefixes: PrefixTable): void {
    const { word0, word1, word2, word3, lengths } = prefixes;
    for (let entry = first; entry !== NONE; entry = this.#nextEntry[entry] as number) {
      const prefix = this.#prefixes[entry] as number;
      packer.addIpv6(
        word0[prefix] as number,
        word1[prefix] as number,
        word2[prefix] as number,
        word3[prefix] as number,
        lengths[prefix] as number,
        this.#pathIds[entry] as number,
      );
    }
  }

  #findBucket(route: number, source: number): number {
    const last = this.#lastBucket;
    if (last !== NONE && this.#bucketRoutes[last] === route && this.#bucketSources[last] === source)
      return last;
    const key = route + 1;
    if (key >= this.#firstOfRoute.length) this.#growRoutes(key);
    let bucket = this.#routeStamps[key] === this.#stamp ? (this.#firstOfRoute[key] as number) : NONE;
    while (bucket !== NONE && this.#bucketSources[bucket] !== source) {
      bucket = this.#nextOfRoute[bucket] as number;
    }
    if (bucket === NONE) bucket = this.#addBucket(route, source, key);
    this.#lastBucket = bucket;
    return bucket;
  }

  #addBucket(route: number, source: number, key: number): number {
    if (this.#bucketCount === this.#bucketRoutes.length) this.#growBuckets();
    const bucket = this.#bucketCount;
    this.#bucketCount += 1;
    this.#bucketRoutes[bucket] = route;
    this.#bucketSources[bucket] = source;
    this.#bucketFirst[bucket] = NONE;
    this.#bucketLast[bucket] = NONE;
    this.#nextOfSource[bucket] = NONE;
    const isFirst = this.#routeStamps[key] !== this.#stamp;
    this.#nextOfRoute[bucket] = isFirst ? NONE : (this.#firstOfRoute[key] as number);
    this.#firstOfRoute[key] = bucket;
    this.#routeStamps[key] = this.#stamp;
    this.#appendToSource(bucket, source);
    return bucket;
  }

  #appendToSource(bucket: number, source: number): void {
    const list = this.#sources.get(source);
    if (list === undefined) {
      this.#sources.set(source, { first: bucket, last: bucket });
      return;
    }
    this.#nextOfSource[list.last] = bucket;
    list.last = bucket;
  }

  #clear(): void {
    this.count = 0;
    this.#bucketCount = 0;
    this.#lastBucket = NONE;
    this.#sources.clear();
    this.#stamp += 1;
  }

  #growEntries(): void {
    const capacity = grownCapacity(this.count, this.count + 1);
    this.#prefixes = grow(this.#prefixes, capacity);
    this.#pathIds = grow(this.#pathIds, capacity);
    this.#nextEntry = grow(this.#nextEntry, capacity);
  }

  #growBuckets(): void {
    const capacity = grownCapacity(this.#bucketCount, this.#bucketCount + 1);
    this.#bucketRoutes = grow(this.#bucketRoutes, capacity);
    this.#bucketSources = grow(this.#bucketSources, capacity);
    this.#bucketFirst = grow(this.#bucketFirst, capacity);
    this.#bucketLast = grow(this.#bucketLast, capacity);
    this.#nextOfRoute = grow(this.#nextOfRoute, capacity);
    this.#nextOfSource = grow(this.#nextOfSource, capacity);
  }

  #growRoutes(key: number): void {
    const capacity = grownCapacity(this.#firstOfRoute.length, key + 1);
    this.#firstOfRoute = grow(this.#firstOfRoute, capacity);
    this.#routeStamps = grow(this.#routeStamps, capacity);
  }
}
