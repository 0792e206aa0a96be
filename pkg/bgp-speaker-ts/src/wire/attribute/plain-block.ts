/**
 * Reads the attribute blocks that make up nearly all of a routing table, without making an object.
 *
 * A block is plain when decoding and encoding it again gives the same octets and nothing in it needs a second thought:
 * four-octet AS numbers, attributes this speaker knows, each once, ascending by code, of possible values, in the
 * shortest form; ORIGIN and AS_PATH there; nothing an external peer cannot say. AS_SETs, confederations, OTC and unknown
 * attributes are not plain. `parseAttributes` reads every block, plain or not; a property shows that both agree.
 *
 * Source: RFC 4271 §4.3, §5; RFC 7606 §7.
 */

import { AttributeCode, AttributeFlag, Origin, SegmentType } from '../iana.ts';
import type { AttributeContext } from './codec.ts';
import { type AttributeCursor, createAttributeCursor, nextAttribute, seekBlock } from './header.ts';
import { findAttribute } from './table.ts';

/** What is compared and looked for in a plain block; used again for every block. */
export interface PlainBlock {
  origin: number;
  /** As the decision process counts it. */
  asPathLength: number;
  /** First AS of AS_PATH, 0 when it is empty. */
  neighbourAsn: number;
  /** NEXT_HOP, 0 when absent. */
  nextHop: number;
  /** 0 when absent (RFC 4271 §9.1.2.2 c). */
  med: number;
  /** Undefined when absent. */
  localPref: number | undefined;
  /** 0 when absent. */
  originatorId: number;
  clusterListLength: number;
  /** Where the value of COMMUNITIES lies; both 0 when absent. */
  communitiesStart: number;
  communitiesEnd: number;
}

const FIRST_MULTICAST = 0xe0000000;
const MAX_SHORT_LENGTH = 255;
const ASN_BYTES = 4;

/** Type codes that may stand in a plain block; those that only an internal peer may send are marked. */
const ANY_PEER = 1;
const INTERNAL_PEER = 2;
const ALLOWED: Uint8Array = new Uint8Array(256);
for (const code of [1, 2, 3, 4, 6, 7, 8, 16, 32]) ALLOWED[code] = ANY_PEER;
for (const code of [5, 9, 10]) ALLOWED[code] = INTERNAL_PEER;

const FLAGS: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) => findAttribute(code)?.flags ?? 0);

/** Octets of a value of fixed length, by code. */
const FIXED_BYTES: Uint8Array = new Uint8Array(256);
for (const [code, bytes] of [
  [1, 1],
  [3, 4],
  [4, 4],
  [5, 4],
  [6, 0],
  [7, 8],
  [9, 4],
] as const)
  FIXED_BYTES[code] = bytes;
/** Octets of one entry of a value that is a list, by code; 0 for all others. */
const ENTRY_BYTES: Uint8Array = new Uint8Array(256);
for (const [code, bytes] of [
  [2, 1],
  [8, 4],
  [10, 4],
  [16, 8],
  [32, 12],
] as const)
  ENTRY_BYTES[code] = bytes;

const cursor: AttributeCursor = createAttributeCursor(new Uint8Array(0), 0, 0);

/** Makes an empty description. */
export function createPlainBlock(): PlainBlock {
  return {
    origin: 0,
    asPathLength: 0,
    neighbourAsn: 0,
    nextHop: 0,
    med: 0,
    localPref: undefined,
    originatorId: 0,
    clusterListLength: 0,
    communitiesStart: 0,
    communitiesEnd: 0,
  };
}

/** Describes the block `bytes[start…end)`; false when it is not plain, and then the description means nothing. */
export function readPlainBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  { fourOctetAsn, peerType }: AttributeContext,
  out: PlainBlock,
): boolean {
  if (!fourOctetAsn) return false;
  clear(out);
  const allowed = peerType === 'internal' ? INTERNAL_PEER : ANY_PEER;
  seekBlock(cursor, bytes, start, end);
  let lastCode = 0;
  let step = nextAttribute(cursor);
  for (; step === 'attribute'; step = nextAttribute(cursor)) {
    const { code } = cursor;
    const rule = ALLOWED[code] as number;
    if (code <= lastCode || rule === 0 || rule > allowed) return false;
    // The first two are ORIGIN and AS_PATH: without them no route is complete.
    if (lastCode < AttributeCode.asPath && code !== lastCode + 1) return false;
    if (!isShortest(cursor) || !isLengthPossible(cursor) || !readValue(cursor, out)) return false;
    lastCode = code;
  }
  return step === 'end' && lastCode >= AttributeCode.asPath;
}

/** Counts an AS in the AS_PATH of a plain block `bytes[start…end)`. */
export function countAsnInPlainBlock(bytes: Uint8Array, start: number, end: number, asn: number): number {
  if (!findValue(bytes, start, end, AttributeCode.asPath)) return 0;
  let count = 0;
  const { valueEnd } = cursor;
  for (let segment = cursor.valueStart; segment < valueEnd; ) {
    const segmentEnd = segment + 2 + (bytes[segment + 1] as number) * ASN_BYTES;
    for (let at = segment + 2; at < segmentEnd; at += ASN_BYTES)
      if (readUint32(bytes, at) === asn) count += 1;
    segment = segmentEnd;
  }
  return count;
}

/** Says whether a cluster stands in the CLUSTER_LIST of a plain block `bytes[start…end)`. */
export function hasClusterInPlainBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  clusterId: number,
): boolean {
  if (!findValue(bytes, start, end, AttributeCode.clusterList)) return false;
  for (let at = cursor.valueStart; at < cursor.valueEnd; at += 4) {
    if (readUint32(bytes, at) === clusterId) return true;
  }
  return false;
}

function clear(out: PlainBlock): void {
  out.nextHop = out.med = out.originatorId = out.clusterListLength = 0;
  out.localPref = undefined;
  out.communitiesStart = out.communitiesEnd = 0;
}

/** The flags are those of the attribute and the length field is as long as it must be. */
function isShortest({ code, flags, valueStart, valueEnd }: AttributeCursor): boolean {
  const extended = valueEnd - valueStart > MAX_SHORT_LENGTH ? AttributeFlag.extendedLength : 0;
  return flags === ((FLAGS[code] as number) | extended);
}

/** The length is one a value can have; only AS_PATH may be a list without entries. */
function isLengthPossible({ code, valueStart, valueEnd }: AttributeCursor): boolean {
  const length = valueEnd - valueStart;
  const entryBytes = ENTRY_BYTES[code] as number;
  if (entryBytes === 0) return length === (FIXED_BYTES[code] as number);
  return length % entryBytes === 0 && (length > 0 || code === AttributeCode.asPath);
}

/** Reads a value of possible length. */
function readValue({ bytes, code, valueStart, valueEnd }: AttributeCursor, out: PlainBlock): boolean {
  switch (code) {
    case AttributeCode.origin:
      out.origin = bytes[valueStart] as number;
      return out.origin <= Origin.incomplete;
    case AttributeCode.asPath:
      return readAsPath(bytes, valueStart, valueEnd, out);
    case AttributeCode.nextHop:
      out.nextHop = readUint32(bytes, valueStart);
      return out.nextHop !== 0 && out.nextHop < FIRST_MULTICAST;
    case AttributeCode.med:
      out.med = readUint32(bytes, valueStart);
      return true;
    case AttributeCode.localPref:
      out.localPref = readUint32(bytes, valueStart);
      return true;
    case AttributeCode.aggregator:
      return readUint32(bytes, valueStart) !== 0;
    case AttributeCode.communities:
      out.communitiesStart = valueStart;
      out.communitiesEnd = valueEnd;
      return true;
    case AttributeCode.originatorId:
      out.originatorId = readUint32(bytes, valueStart);
      return true;
    case AttributeCode.clusterList:
      out.clusterListLength = (valueEnd - valueStart) >>> 2;
      return true;
    default:
      return true;
  }
}

/** Sequences alone, none empty, no AS 0 (RFC 7607). */
function readAsPath(bytes: Uint8Array, start: number, end: number, out: PlainBlock): boolean {
  out.asPathLength = 0;
  out.neighbourAsn = 0;
  for (let segment = start; segment < end; ) {
    if (segment + 2 > end) return false;
    const count = bytes[segment + 1] as number;
    const segmentEnd = segment + 2 + count * ASN_BYTES;
    if (bytes[segment] !== SegmentType.sequence || count === 0 || segmentEnd > end) return false;
    for (let at = segment + 2; at < segmentEnd; at += ASN_BYTES)
      if (readUint32(bytes, at) === 0) return false;
    if (segment === start) out.neighbourAsn = readUint32(bytes, start + 2);
    out.asPathLength += count;
    segment = segmentEnd;
  }
  return true;
}

/** Moves the cursor to the attribute of a code. */
function findValue(bytes: Uint8Array, start: number, end: number, code: number): boolean {
  seekBlock(cursor, bytes, start, end);
  while (nextAttribute(cursor) === 'attribute') if (cursor.code === code) return true;
  return false;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
