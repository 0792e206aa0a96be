/**
 * Path attributes, each distinct block kept once under an id, with what the decision process compares as columns.
 *
 *     UPDATE ─ writeAttributeKey ─▶ key ─ find ─▶ id ──▶ columns (decision)   no object
 *                                    ├─ addPlain ─▶ ┘ └─▶ attributes(id) (policy, explain): decoded again when asked for,
 *                                    └─ add (parsed) ▶┘    the last few kept
 *
 * A key is what `writeAttributeKey` gives: the octets of the next hop of MP_REACH_NLRI with their count in front, then
 * the attribute block. The same octets mean different things on different sessions, so a tag is part of the key.
 */

import { asPathLength, neighbourAsn } from '../wire/attribute/as-path.ts';
import type { AttributeContext, ParsedAttributes } from '../wire/attribute/codec.ts';
import { parseAttributes } from '../wire/attribute/decode.ts';
import { encodeAttributes } from '../wire/attribute/encode.ts';
import { withoutAttribute } from '../wire/attribute/header.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import type { PlainBlock } from '../wire/attribute/plain-block.ts';
import { AttributeCode } from '../wire/iana.ts';
import { attributeKeyStart } from '../wire/message/02-update.ts';
import { ByteStore } from './byte-store.ts';
import { grow } from './columns.ts';
import { IdList } from './id-list.ts';
import { type NextHopTable, SELF } from './next-hop-table.ts';

/** LOCAL_PREF of a route that carries none. */
export const DEFAULT_LOCAL_PREF = 100;

/** How many decoded blocks are kept; an older one is decoded again from its octets when it is asked for. */
const DECODED_LIMIT = 4096;

/** Bits of `marks`: well-known communities, for rules that every route passes (RFC 1997, RFC 8326, RFC 9494). */
export const Mark = {
  noExport: 1,
  noAdvertise: 2,
  noExportSubconfed: 4,
  gracefulShutdown: 8,
  longLivedStale: 16,
  noLongLived: 32,
} as const;

const MARK_OF: ReadonlyMap<number, number> = new Map([
  [0xffffff01, Mark.noExport],
  [0xffffff02, Mark.noAdvertise],
  [0xffffff03, Mark.noExportSubconfed],
  [0xffff0000, Mark.gracefulShutdown],
  [0xffff0006, Mark.longLivedStale],
  [0xffff0007, Mark.noLongLived],
]);

/** Bits of `forms`. */
export const Form = {
  /** The block is a plain one: see `readPlainBlock`. */
  plain: 1,
  /** It has a NEXT_HOP. */
  nextHop: 2,
  /** Something in it was discarded (RFC 7606). */
  faulty: 4,
} as const;

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
  /** Bits of `Form`; without `plain`, only the decoder understands the block. */
  forms: Uint8Array;
  /** Some attributes were marked LLGR_STALE so far: decisions must look at the marks. */
  hasLongLivedStale = false;

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
    this.forms = new Uint8Array(capacity);
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
    const id = this.#intern(key, start, end, tag);
    this.#describe(id, parsed.attributes);
    this.forms[id] = parsed.faults.length > 0 ? Form.faulty : 0;
    this.nextHopIds[id] = this.#internNextHop(key, start, parsed.attributes.nextHop);
    this.#keepDecoded(id, parsed);
    return id;
  }

  /** As `add`, for a key whose block is plain. */
  addPlain(key: Uint8Array, start: number, end: number, tag: number, block: PlainBlock): number {
    const id = this.#intern(key, start, end, tag);
    const { nextHop, localPref = DEFAULT_LOCAL_PREF } = block;
    this.localPrefs[id] = localPref;
    this.asPathLengths[id] = block.asPathLength;
    this.origins[id] = block.origin;
    this.meds[id] = block.med;
    this.neighbourAsns[id] = block.neighbourAsn;
    this.originatorIds[id] = block.originatorId;
    this.clusterListLengths[id] = block.clusterListLength;
    this.#setMarks(id, readMarks(key, block.communitiesStart, block.communitiesEnd));
    this.forms[id] = nextHop === 0 ? Form.plain : Form.plain | Form.nextHop;
    this.nextHopIds[id] = this.#internNextHop(key, start, nextHop === 0 ? undefined : nextHop);
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

  /** Gives Only to Customer of an id; a plain block has none. */
  otc(id: number): number | undefined {
    return ((this.forms[id] as number) & Form.plain) !== 0 ? undefined : this.attributes(id).otc;
  }

  /** Gives the key of an id where it lies: read it before the next `add`. */
  key(id: number): Uint8Array {
    return this.#bytes.view(id);
  }

  /** All keys; replaced when it grows, so read it anew after an `add`. */
  get arena(): Uint8Array {
    return this.#bytes.arena;
  }

  /** Gives where the attribute block of an id begins in `arena`. */
  blockStart(id: number): number {
    const offset = this.#bytes.offsets[id] as number;
    return offset + 1 + (this.#bytes.arena[offset] as number);
  }

  /** Gives where the attribute block of an id ends in `arena`. */
  blockEnd(id: number): number {
    return (this.#bytes.offsets[id] as number) + (this.#bytes.lengths[id] as number);
  }

  /** Gives the octets of the next hop of an id; none for a local route. */
  nextHop(id: number): Uint8Array {
    return this.nextHops.bytes(this.nextHopIds[id] as number);
  }

  /**
   * Gives the attribute block of an id as others are told it: four-octet AS numbers, what was discarded left out, and
   * without NEXT_HOP, for which see `nextHop`. A block that is so already stands as it came. The array is the caller's.
   */
  fourOctetBlock(id: number): Uint8Array {
    const key = this.key(id);
    const asReceived =
      ((this.#bytes.tags[id] as number) & FOUR_OCTET_TAG) !== 0 &&
      ((this.forms[id] as number) & Form.faulty) === 0;
    if (asReceived) return withoutAttribute(key, attributeKeyStart(key), key.length, AttributeCode.nextHop);
    return encodeAttributes({ ...this.attributes(id), nextHop: undefined }, { fourOctetAsn: true });
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
    this.#setMarks(id, toMarks(attributes.communities));
  }

  #setMarks(id: number, marks: number): void {
    this.marks[id] = marks;
    if ((marks & Mark.longLivedStale) !== 0) this.hasLongLivedStale = true;
  }

  #intern(key: Uint8Array, start: number, end: number, tag: number): number {
    const id = this.#bytes.intern(key, start, end, tag);
    if (this.#bytes.capacity > this.localPrefs.length) this.#growColumns(this.#bytes.capacity);
    return id;
  }

  /** The next hop of MP_REACH_NLRI is that of the route; else NEXT_HOP is; a local route has neither. */
  #internNextHop(key: Uint8Array, start: number, nextHop: number | undefined): number {
    const length = key[start] as number;
    if (length > 0) return this.nextHops.intern(key, start + 1, start + 1 + length);
    return nextHop === undefined ? SELF : this.nextHops.internIpv4(nextHop);
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
    this.forms = grow(this.forms, capacity);
  }
}

function toMarks(communities: readonly number[] = []): number {
  let marks = 0;
  for (const community of communities) marks |= MARK_OF.get(community) ?? 0;
  return marks;
}

/** The same from the octets of COMMUNITIES; all communities with a mark begin with 0xffff. */
function readMarks(bytes: Uint8Array, start: number, end: number): number {
  let marks = 0;
  for (let at = start; at < end; at += 4) {
    if (bytes[at] !== 0xff || bytes[at + 1] !== 0xff) continue;
    const community = 0xffff0000 + (((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number));
    marks |= MARK_OF.get(community) ?? 0;
  }
  return marks;
}
