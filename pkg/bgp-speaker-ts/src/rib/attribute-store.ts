/**
 * Path attributes, each distinct block kept once under an id, with what the decision process compares as columns.
 *
 *     UPDATE ─ writeAttributeKey ─▶ key ─ find ─▶ id ──▶ columns (decision)   no object
 *                                    └─ add ──▶ parse once ┘ └─▶ attributes(id) (policy, export, explain): decoded again
 *                                                              when asked for, the last few kept
 *
 * A key is what `writeAttributeKey` gives: the octets of the next hop of MP_REACH_NLRI with their count in front, then
 * the attribute block. The same octets mean different things on different sessions, so a tag is part of the key.
 */

import { asPathLength, neighbourAsn } from '../wire/attribute/as-path.ts';
import type { AttributeContext, ParsedAttributes } from '../wire/attribute/codec.ts';
import { parseAttributes } from '../wire/attribute/decode.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import { attributeKeyStart } from '../wire/message/02-update.ts';
import { ByteStore } from './byte-store.ts';
import { grow } from './columns.ts';
import { IdList } from './id-list.ts';
import { type NextHopTable, SELF } from './next-hop-table.ts';

/** LOCAL_PREF of a route that carries none. */
export const DEFAULT_LOCAL_PREF = 100;

/** How many decoded blocks are kept; an older one is decoded again from its octets when it is asked for. */
const DECODED_LIMIT = 4096;

/** Bits of `marks`: well-known communities, for rules that every route passes (RFC 1997, RFC 8326). */
export const Mark = { noExport: 1, noAdvertise: 2, noExportSubconfed: 4, gracefulShutdown: 8 } as const;

const MARK_OF: ReadonlyMap<number, number> = new Map([
  [0xffffff01, Mark.noExport],
  [0xffffff02, Mark.noAdvertise],
  [0xffffff03, Mark.noExportSubconfed],
  [0xffff0000, Mark.gracefulShutdown],
]);

const FOUR_OCTET_TAG = 1;
const EXTERNAL_TAG = 2;

/** Tag of blocks this speaker wrote itself: local routes, and received ones that a policy changed. */
export const OWN_TAG: number = FOUR_OCTET_TAG;

/** Gives the tag of blocks that arrive on sessions of a kind. */
export function toTag({ fourOctetAsn, peerType }: AttributeContext): number {
  return (fourOctetAsn ? FOUR_OCTET_TAG : 0) | (peerType === 'external' ? EXTERNAL_TAG : 0);
}

/** Gives back what `toTag` was given. */
export function fromTag(tag: number): AttributeContext {
  return {
    fourOctetAsn: (tag & FOUR_OCTET_TAG) !== 0,
    peerType: (tag & EXTERNAL_TAG) !== 0 ? 'external' : 'internal',
  };
}

/** Interned attributes; see the file comment. Columns are indexed by id. */
export class AttributeStore {
  readonly nextHops: NextHopTable;
  /** LOCAL_PREF, 100 when absent. */
  localPrefs: Uint32Array;
  /** Length of AS_PATH as the decision process counts it. */
  asPathLengths: Uint32Array;
  origins: Uint8Array;
  /** MULTI_EXIT_DISC, 0 when absent (RFC 4271 §9.1.2.2 c). */
  meds: Uint32Array;
  /** First AS of AS_PATH, 0 when it is empty. */
  neighbourAsns: Uint32Array;
  /** ORIGINATOR_ID, 0 when absent. */
  originatorIds: Uint32Array;
  clusterListLengths: Uint16Array;
  /** Ids in `nextHops`. */
  nextHopIds: Int32Array;
  /** Bits of `Mark`. */
  marks: Uint8Array;

  readonly #bytes: ByteStore;
  readonly #decoded: (ParsedAttributes | undefined)[] = [];
  readonly #decodedIds: IdList = new IdList();

  constructor(nextHops: NextHopTable, seed: number) {
    this.nextHops = nextHops;
    this.#bytes = new ByteStore(seed);
    const { capacity } = this.#bytes;
    this.localPrefs = new Uint32Array(capacity);
    this.asPathLengths = new Uint32Array(capacity);
    this.origins = new Uint8Array(capacity);
    this.meds = new Uint32Array(capacity);
    this.neighbourAsns = new Uint32Array(capacity);
    this.originatorIds = new Uint32Array(capacity);
    this.clusterListLengths = new Uint16Array(capacity);
    this.nextHopIds = new Int32Array(capacity);
    this.marks = new Uint8Array(capacity);
  }

  /** Attribute sets in the store. */
  get count(): number {
    return this.#bytes.count;
  }

  /** Finds the id of a key, or -1; a found one has one user more. */
  find(key: Uint8Array, start: number, end: number, tag: number): number {
    const id = this.#bytes.find(key, start, end, tag);
    if (id >= 0) this.#bytes.retain(id);
    return id;
  }

  /** Adds a key that `find` did not find, with its attributes; the caller is its one user. */
  add(key: Uint8Array, start: number, end: number, tag: number, parsed: ParsedAttributes): number {
    const id = this.#bytes.intern(key, start, end, tag);
    if (this.#bytes.capacity > this.localPrefs.length) this.#growColumns(this.#bytes.capacity);
    this.#describe(id, parsed.attributes);
    this.nextHopIds[id] = this.#internNextHop(key, start, parsed.attributes);
    this.#keepDecoded(id, parsed);
    return id;
  }

  /** Finds or adds a key this speaker wrote; one user more. */
  internOwn(key: Uint8Array): number {
    const found = this.find(key, 0, key.length, OWN_TAG);
    if (found >= 0) return found;
    const parsed = parseAttributes(key, attributeKeyStart(key), key.length, fromTag(OWN_TAG));
    return this.add(key, 0, key.length, OWN_TAG, parsed);
  }

  /** Counts one more user of an id. */
  retain(id: number): void {
    this.#bytes.retain(id);
  }

  /** Counts one user less; the last one frees the id. */
  release(id: number): void {
    if (!this.#bytes.release(id)) return;
    this.#decoded[id] = undefined;
    this.nextHops.release(this.nextHopIds[id] as number);
  }

  /** Gives the attributes and faults of an id. */
  parsed(id: number): ParsedAttributes {
    const kept = this.#decoded[id];
    if (kept !== undefined) return kept;
    const key = this.key(id);
    const tag = this.#bytes.tags[id] as number;
    const parsed = parseAttributes(key, attributeKeyStart(key), key.length, fromTag(tag));
    this.#keepDecoded(id, parsed);
    return parsed;
  }

  /** Gives the attributes of an id. */
  attributes(id: number): PathAttributes {
    return this.parsed(id).attributes;
  }

  /** Gives the key of an id where it lies: read it before the next `add`. */
  key(id: number): Uint8Array {
    return this.#bytes.view(id);
  }

  /** Gives the octets of the next hop of an id; none for a local route. */
  nextHop(id: number): Uint8Array {
    return this.nextHops.bytes(this.nextHopIds[id] as number);
  }

  #describe(id: number, attributes: PathAttributes): void {
    const asPath = attributes.asPath ?? [];
    this.localPrefs[id] = attributes.localPref ?? DEFAULT_LOCAL_PREF;
    this.asPathLengths[id] = asPathLength(asPath);
    this.origins[id] = attributes.origin ?? 0;
    this.meds[id] = attributes.med ?? 0;
    this.neighbourAsns[id] = neighbourAsn(asPath) ?? 0;
    this.originatorIds[id] = attributes.originatorId ?? 0;
    this.clusterListLengths[id] = attributes.clusterList?.length ?? 0;
    this.marks[id] = toMarks(attributes.communities);
  }

  /** The next hop of MP_REACH_NLRI is that of the route; else NEXT_HOP is; a local route has neither. */
  #internNextHop(key: Uint8Array, start: number, attributes: PathAttributes): number {
    const length = key[start] as number;
    if (length > 0) return this.nextHops.intern(key, start + 1, start + 1 + length);
    if (attributes.nextHop === undefined) return SELF;
    return this.nextHops.intern(fromUint32(attributes.nextHop), 0, 4);
  }

  #keepDecoded(id: number, parsed: ParsedAttributes): void {
    this.#decoded[id] = parsed;
    this.#decodedIds.push(id);
    if (this.#decodedIds.count < DECODED_LIMIT * 2) return;
    const { ids } = this.#decodedIds;
    for (let index = 0; index < DECODED_LIMIT; index += 1) this.#decoded[ids[index] as number] = undefined;
    this.#decodedIds.shift(DECODED_LIMIT);
  }

  #growColumns(capacity: number): void {
    this.localPrefs = grow(this.localPrefs, capacity);
    this.asPathLengths = grow(this.asPathLengths, capacity);
    this.origins = grow(this.origins, capacity);
    this.meds = grow(this.meds, capacity);
    this.neighbourAsns = grow(this.neighbourAsns, capacity);
    this.originatorIds = grow(this.originatorIds, capacity);
    this.clusterListLengths = grow(this.clusterListLengths, capacity);
    this.nextHopIds = grow(this.nextHopIds, capacity);
    this.marks = grow(this.marks, capacity);
  }
}

function toMarks(communities: readonly number[] = []): number {
  let marks = 0;
  for (const community of communities) marks |= MARK_OF.get(community) ?? 0;
  return marks;
}

function fromUint32(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}
