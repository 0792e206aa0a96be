/**
 * UPDATE: split into ranges without copying anything or making an object per prefix.
 *
 *     withdrawn length │ withdrawn routes │ attributes length │ path attributes │ NLRI
 *                                                               └─ MP_REACH_NLRI, MP_UNREACH_NLRI: ranges too
 *
 * The way of an UPDATE through the RIB: `splitUpdate`, `checkUpdateNlri`, look the attributes up by
 * `writeAttributeKey` (equal attributes with different prefixes are one entry, in every family; a new key is parsed by
 * `parseAttributes`), `judgeUpdate`, then walk the ranges with the cursor of `nlri.ts`.
 * Source: RFC 4271 §4.3, §6.3; RFC 4760 §3, §4; RFC 7606 §3, §5.
 */

import { readMpReach } from '../attribute/14-mp-reach-nlri.ts';
import { readMpUnreach } from '../attribute/15-mp-unreach-nlri.ts';
import { createAttributeCursor, nextAttribute } from '../attribute/header.ts';
import { type SessionError, sessionError } from '../error.ts';
import { type Family, maxPrefixLength, toFamily } from '../family.ts';
import { AttributeCode, ErrorCode, UpdateSubcode } from '../iana.ts';
import { countNlri } from '../nlri.ts';
import { clearMultiprotocol, type UpdateView } from '../update-view.ts';

/**
 * Splits the body of an UPDATE, `bytes[start…end)`, into the ranges of the view.
 *
 * @returns the error that ends the session when the parts cannot be told apart: lengths beyond the message (3/1), a
 *   multiprotocol attribute twice (3/1) or too short (3/9)
 */
export function splitUpdate(
  bytes: Uint8Array,
  start: number,
  end: number,
  view: UpdateView,
): SessionError | undefined {
  clearMultiprotocol(view);
  view.bytes = bytes;
  view.withdrawnStart = start + 2;
  view.withdrawnEnd = view.withdrawnStart + readUint16(bytes, start, end);
  view.attributesStart = view.withdrawnEnd + 2;
  view.attributesEnd = view.attributesStart + readUint16(bytes, view.withdrawnEnd, end);
  view.nlriStart = view.attributesEnd;
  view.nlriEnd = end;
  return view.attributesEnd > end ? lengthsDoNotFit() : findMultiprotocol(view);
}

/**
 * Checks all prefixes of an UPDATE, so that walking them cannot run past their range.
 *
 * @param ipv4AddPath whether the peer sends path identifiers in IPv4 unicast
 * @param ipv6AddPath the same for IPv6 unicast
 * @returns the error that ends the session (RFC 7606 §5.3): 3/10, or 3/9 in a multiprotocol attribute. Families this
 *   speaker does not route are not looked at
 */
export function checkUpdateNlri(
  view: UpdateView,
  ipv4AddPath: boolean,
  ipv6AddPath: boolean,
): SessionError | undefined {
  const { bytes } = view;
  const plain =
    countNlri(bytes, view.withdrawnStart, view.withdrawnEnd, 32, ipv4AddPath) >= 0 &&
    countNlri(bytes, view.nlriStart, view.nlriEnd, 32, ipv4AddPath) >= 0;
  if (!plain)
    return sessionError(ErrorCode.update, UpdateSubcode.invalidNetworkField, 'a prefix is malformed');
  const reach = toFamily(view.reachAfi, view.reachSafi);
  const unreach = toFamily(view.unreachAfi, view.unreachSafi);
  const whole =
    isWhole(bytes, view.reachNlriStart, view.reachNlriEnd, reach, ipv4AddPath, ipv6AddPath) &&
    isWhole(bytes, view.unreachNlriStart, view.unreachNlriEnd, unreach, ipv4AddPath, ipv6AddPath);
  if (whole) return undefined;
  return sessionError(
    ErrorCode.update,
    UpdateSubcode.optionalAttribute,
    'a multiprotocol prefix is malformed',
  );
}

/**
 * Writes the key under which the attributes of an UPDATE are the same: the octets of the next hop of MP_REACH_NLRI with
 * their count in front, then the attribute block without the two multiprotocol attributes.
 *
 * @param out at least as long as the UPDATE
 * @returns the length of the key; its attributes begin at `attributeKeyStart`
 */
export function writeAttributeKey(view: UpdateView, out: Uint8Array): number {
  const nextHopLength = view.reachNextHopEnd - view.reachNextHopStart;
  out[0] = nextHopLength;
  let length = copy(view, view.reachNextHopStart, view.reachNextHopEnd, out, 1);
  const reachFirst = view.reachStart <= view.unreachStart;
  const firstStart = reachFirst ? view.reachStart : view.unreachStart;
  const firstEnd = reachFirst ? view.reachEnd : view.unreachEnd;
  const secondStart = reachFirst ? view.unreachStart : view.reachStart;
  const secondEnd = reachFirst ? view.unreachEnd : view.reachEnd;
  let from = view.attributesStart;
  if (firstEnd > 0) {
    length = copy(view, from, firstStart, out, length);
    from = firstEnd;
  }
  if (secondEnd > 0) {
    length = copy(view, from, secondStart, out, length);
    from = secondEnd;
  }
  return copy(view, from, view.attributesEnd, out, length);
}

/** Gives the offset in an attribute key at which the attribute block begins; before it, from 1, lies the next hop. */
export function attributeKeyStart(key: Uint8Array): number {
  return 1 + (key[0] as number);
}

/** Gives the family whose End-of-RIB an UPDATE is, undefined for any other UPDATE: RFC 4724 §2. */
export function endOfRibFamily(view: UpdateView): Family | undefined {
  const hasPrefixes = view.withdrawnStart !== view.withdrawnEnd || view.nlriStart !== view.nlriEnd;
  if (hasPrefixes) return undefined;
  if (view.attributesStart === view.attributesEnd) return 'ipv4-unicast';
  const onlyUnreach = view.unreachStart === view.attributesStart && view.unreachEnd === view.attributesEnd;
  if (!onlyUnreach || view.unreachNlriStart !== view.unreachNlriEnd) return undefined;
  return toFamily(view.unreachAfi, view.unreachSafi);
}

/** Whether the UPDATE announces prefixes in any family. */
export function hasReachable(view: UpdateView): boolean {
  return view.nlriStart !== view.nlriEnd || view.reachNlriStart !== view.reachNlriEnd;
}

/** Walks the headers for attributes 14 and 15. A block that ends inside an attribute is judged later (RFC 7606 §4). */
function findMultiprotocol(view: UpdateView): SessionError | undefined {
  const cursor = createAttributeCursor(view.bytes, view.attributesStart, view.attributesEnd);
  let error: SessionError | undefined;
  while (error === undefined && nextAttribute(cursor) === 'attribute') {
    if (cursor.code === AttributeCode.mpReachNlri) {
      error = view.reachEnd > 0 ? twice(cursor.code) : readMpReach(cursor, view);
    } else if (cursor.code === AttributeCode.mpUnreachNlri) {
      error = view.unreachEnd > 0 ? twice(cursor.code) : readMpUnreach(cursor, view);
    }
  }
  return error;
}

function isWhole(
  bytes: Uint8Array,
  start: number,
  end: number,
  family: Family | undefined,
  ipv4AddPath: boolean,
  ipv6AddPath: boolean,
): boolean {
  if (family === undefined) return true;
  const addPath = family === 'ipv4-unicast' ? ipv4AddPath : ipv6AddPath;
  return countNlri(bytes, start, end, maxPrefixLength(family), addPath) >= 0;
}

/** Copies octets of the UPDATE one by one: a key is some 50 octets long, too few to pay for a subarray. */
function copy(view: UpdateView, from: number, to: number, out: Uint8Array, at: number): number {
  const { bytes } = view;
  let length = at;
  for (let index = from; index < to; index += 1) {
    out[length] = bytes[index] as number;
    length += 1;
  }
  return length;
}

function readUint16(bytes: Uint8Array, offset: number, end: number): number {
  return offset + 2 > end ? 0 : ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

/** RFC 4271 §6.3: lengths that exceed the message; RFC 7606 §3 a leaves this one a session reset. */
function lengthsDoNotFit(): SessionError {
  const detail = 'UPDATE: withdrawn routes and attributes are longer than the message';
  return sessionError(ErrorCode.update, UpdateSubcode.malformedAttributeList, detail);
}

/** RFC 7606 §3 g. */
function twice(code: number): SessionError {
  const detail = `UPDATE: attribute ${code} stands in it twice`;
  return sessionError(ErrorCode.update, UpdateSubcode.malformedAttributeList, detail);
}
