/**
 * MP_REACH_NLRI: next hop and prefixes of one family, found as ranges in an UPDATE.
 *
 *     AFI │ SAFI │ next hop length │ next hop │ reserved │ NLRI
 *
 * Source: RFC 4760 §3; RFC 7606 §3 c, §5.3, §7.11 (a value whose parts cannot be told apart ends the session).
 */

import { type SessionError, sessionError } from '../error.ts';
import { AttributeCode, ErrorCode, UpdateSubcode } from '../iana.ts';
import type { UpdateView } from '../update-view.ts';
import { OPTIONAL_NON_TRANSITIVE } from './codec.ts';
import { attributeFault, quoteAttribute } from './fault.ts';
import type { AttributeCursor } from './header.ts';

/** Octets beside next hop and NLRI. */
const FIXED_BYTES = 5;
const FLAG_MASK = 0xc0;

/** Notes the ranges of an MP_REACH_NLRI in the view; the error when they do not fit into the value. */
export function readMpReach(cursor: AttributeCursor, view: UpdateView): SessionError | undefined {
  const { bytes, valueStart, valueEnd } = cursor;
  const length = valueEnd - valueStart;
  const nextHopLength = length < FIXED_BYTES ? 0 : (bytes[valueStart + 3] as number);
  if (length < FIXED_BYTES + nextHopLength) return malformed(cursor);
  view.reachStart = cursor.start;
  view.reachEnd = valueEnd;
  view.reachAfi = ((bytes[valueStart] as number) << 8) | (bytes[valueStart + 1] as number);
  view.reachSafi = bytes[valueStart + 2] as number;
  view.reachNextHopStart = valueStart + 4;
  view.reachNextHopEnd = view.reachNextHopStart + nextHopLength;
  view.reachNlriStart = view.reachNextHopEnd + 1;
  view.reachNlriEnd = valueEnd;
  checkFlags(cursor, view);
  return undefined;
}

/** Wrong flags leave the prefixes readable, so the UPDATE is taken as a withdrawal: RFC 7606 §3 c. */
export function checkFlags({ bytes, code, flags, start, valueEnd }: AttributeCursor, view: UpdateView): void {
  if (((flags ^ OPTIONAL_NON_TRANSITIVE) & FLAG_MASK) === 0) return;
  const data = quoteAttribute(bytes, start, valueEnd);
  const fault = attributeFault(code, 'flags', 'treat-as-withdraw', UpdateSubcode.attributeFlags, data);
  view.faults = [...view.faults, fault];
}

function malformed({ bytes, start, valueEnd }: AttributeCursor): SessionError {
  const detail = `attribute ${AttributeCode.mpReachNlri} (MP_REACH_NLRI) is too short for its next hop`;
  const data = quoteAttribute(bytes, start, valueEnd);
  return sessionError(ErrorCode.update, UpdateSubcode.optionalAttribute, detail, data);
}
