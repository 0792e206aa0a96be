/**
 * Writes a plain block as a peer is sent it, from octets to octets.
 *
 * What changes on the way to a peer is little: an AS in front of AS_PATH, a few attributes left out or put in. The result
 * is what `toExportedAttributes` and `encodeAttributes` give for the same route, octet for octet; a property shows it.
 * NEXT_HOP is left out, since it belongs to the route and not to the block.
 *
 * Source: RFC 4271 §5; RFC 4456 §8; RFC 4360 §6.
 */

import { AttributeCode, AttributeFlag, SegmentType } from '../iana.ts';
import { OPTIONAL_NON_TRANSITIVE, WELL_KNOWN } from './codec.ts';
import { type AttributeCursor, createAttributeCursor, nextAttribute, seekBlock } from './header.ts';

/** What route reflection adds: RFC 4456 §8. */
export interface AddedReflection {
  readonly originatorId: number;
  /** Put in front of CLUSTER_LIST, in this order. */
  readonly clusterIds: readonly number[];
}

/** "The block cannot be written this way": it has to be decoded, changed and encoded. */
export const NOT_FORWARDED = -1;

const MAX_SHORT_LENGTH = 255;
const MAX_SEGMENT_ASNS = 255;
const ASN_BYTES = 4;
/** Bit of the first octet of an extended community: it means nothing outside its AS (RFC 4360 §2). */
const NON_TRANSITIVE_COMMUNITY = 0x40;

const cursor: AttributeCursor = createAttributeCursor(new Uint8Array(0), 0, 0);

/**
 * Writes the plain block `bytes[start…end)` for an external peer to `out`, which must have room for 16 octets more than
 * the block.
 *
 * @param asn put in front of AS_PATH
 * @returns where the block ends in `out`, or `NOT_FORWARDED`
 */
export function forwardToExternal(
  bytes: Uint8Array,
  start: number,
  end: number,
  asn: number,
  out: Uint8Array,
  at: number,
): number {
  let length = at;
  seekBlock(cursor, bytes, start, end);
  while (nextAttribute(cursor) === 'attribute') {
    switch (cursor.code) {
      case AttributeCode.asPath:
        length = writePrepended(cursor, asn, out, length);
        if (length === NOT_FORWARDED) return NOT_FORWARDED;
        break;
      case AttributeCode.nextHop:
      case AttributeCode.med:
      case AttributeCode.localPref:
      case AttributeCode.originatorId:
      case AttributeCode.clusterList:
        break;
      case AttributeCode.extendedCommunities:
        if (hasNonTransitive(cursor)) return NOT_FORWARDED;
        length = copy(bytes, cursor.start, cursor.valueEnd, out, length);
        break;
      default:
        length = copy(bytes, cursor.start, cursor.valueEnd, out, length);
    }
  }
  return length;
}

/**
 * Writes the plain block `bytes[start…end)` for an internal peer to `out`, which must have room for 24 octets more than
 * the block and 4 for each cluster.
 *
 * @param localPref written when the block has none
 * @param reflection given for a route from another internal peer
 * @returns where the block ends in `out`
 */
export function forwardToInternal(
  bytes: Uint8Array,
  start: number,
  end: number,
  localPref: number,
  reflection: AddedReflection | undefined,
  out: Uint8Array,
  at: number,
): number {
  let length = at;
  /** The next attribute that must be there, and is put in when the block goes past its place. */
  let due: number = AttributeCode.localPref;
  seekBlock(cursor, bytes, start, end);
  while (nextAttribute(cursor) === 'attribute') {
    const { code } = cursor;
    if (code === AttributeCode.nextHop) continue;
    for (; due < code; due = dueAfter(due, reflection))
      length = writeDue(due, localPref, reflection, out, length);
    if (code === AttributeCode.clusterList && reflection !== undefined) {
      length = writeClusterList(cursor, reflection.clusterIds, out, length);
    } else length = copy(bytes, cursor.start, cursor.valueEnd, out, length);
    if (due === code) due = dueAfter(due, reflection);
  }
  for (; due !== NOTHING_DUE; due = dueAfter(due, reflection)) {
    length = writeDue(due, localPref, reflection, out, length);
  }
  return length;
}

const NOTHING_DUE = 256;

function dueAfter(code: number, reflection: AddedReflection | undefined): number {
  if (reflection === undefined) return NOTHING_DUE;
  if (code === AttributeCode.localPref) return AttributeCode.originatorId;
  return code === AttributeCode.originatorId ? AttributeCode.clusterList : NOTHING_DUE;
}

function writeDue(
  code: number,
  localPref: number,
  reflection: AddedReflection | undefined,
  out: Uint8Array,
  at: number,
): number {
  if (code === AttributeCode.localPref)
    return writeUint32(localPref, out, writeHeader(WELL_KNOWN, code, 4, out, at));
  const { originatorId = 0, clusterIds = [] } = reflection ?? {};
  if (code === AttributeCode.originatorId) {
    return writeUint32(originatorId, out, writeHeader(OPTIONAL_NON_TRANSITIVE, code, 4, out, at));
  }
  let length = writeHeader(OPTIONAL_NON_TRANSITIVE, code, clusterIds.length * 4, out, at);
  for (const id of clusterIds) length = writeUint32(id, out, length);
  return length;
}

function writeClusterList(
  { bytes, valueStart, valueEnd }: AttributeCursor,
  clusterIds: readonly number[],
  out: Uint8Array,
  at: number,
): number {
  const valueBytes = clusterIds.length * 4 + valueEnd - valueStart;
  let length = writeHeader(OPTIONAL_NON_TRANSITIVE, AttributeCode.clusterList, valueBytes, out, at);
  for (const id of clusterIds) length = writeUint32(id, out, length);
  return copy(bytes, valueStart, valueEnd, out, length);
}

/** RFC 4271 §5.1.2; a first segment without room for one more AS is left to the encoder. */
function writePrepended(
  { bytes, valueStart, valueEnd }: AttributeCursor,
  asn: number,
  out: Uint8Array,
  at: number,
): number {
  const isEmpty = valueStart === valueEnd;
  const count = isEmpty ? 0 : (bytes[valueStart + 1] as number);
  if (count === MAX_SEGMENT_ASNS) return NOT_FORWARDED;
  const valueBytes = valueEnd - valueStart + ASN_BYTES + (isEmpty ? 2 : 0);
  let length = writeHeader(WELL_KNOWN, AttributeCode.asPath, valueBytes, out, at);
  out[length] = SegmentType.sequence;
  out[length + 1] = count + 1;
  length = writeUint32(asn, out, length + 2);
  return isEmpty ? length : copy(bytes, valueStart + 2, valueEnd, out, length);
}

function hasNonTransitive({ bytes, valueStart, valueEnd }: AttributeCursor): boolean {
  for (let at = valueStart; at < valueEnd; at += 8) {
    if (((bytes[at] as number) & NON_TRANSITIVE_COMMUNITY) !== 0) return true;
  }
  return false;
}

function writeHeader(flags: number, code: number, valueBytes: number, out: Uint8Array, at: number): number {
  const extended = valueBytes > MAX_SHORT_LENGTH;
  out[at] = extended ? flags | AttributeFlag.extendedLength : flags;
  out[at + 1] = code;
  if (!extended) {
    out[at + 2] = valueBytes;
    return at + 3;
  }
  out[at + 2] = valueBytes >>> 8;
  out[at + 3] = valueBytes;
  return at + 4;
}

function writeUint32(value: number, out: Uint8Array, at: number): number {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
  return at + 4;
}

/** Octet by octet: attributes are short, and a view of a part costs more than copying it. */
function copy(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let length = at;
  for (let index = start; index < end; index += 1) {
    out[length] = bytes[index] as number;
    length += 1;
  }
  return length;
}
