/**
 * MP_UNREACH_NLRI: withdrawn prefixes of one family, found as a range in an UPDATE.
 *
 * Source: RFC 4760 §4; RFC 7606 §5.3, §7.12.
 */

import { type SessionError, sessionError } from '../error.ts';
import { ErrorCode, UpdateSubcode } from '../iana.ts';
import type { UpdateView } from '../update-view.ts';
import { checkFlags } from './14-mp-reach-nlri.ts';
import { quoteAttribute } from './fault.ts';
import type { AttributeCursor } from './header.ts';

/** AFI and SAFI. */
const FIXED_BYTES = 3;

/** Notes the range of an MP_UNREACH_NLRI in the view; the error when not even its family is there. */
export function readMpUnreach(cursor: AttributeCursor, view: UpdateView): SessionError | undefined {
  const { bytes, valueStart, valueEnd } = cursor;
  if (valueEnd - valueStart < FIXED_BYTES) {
    const data = quoteAttribute(bytes, cursor.start, valueEnd);
    const detail = 'attribute 15 (MP_UNREACH_NLRI) is too short for a family';
    return sessionError(ErrorCode.update, UpdateSubcode.optionalAttribute, detail, data);
  }
  view.unreachStart = cursor.start;
  view.unreachEnd = valueEnd;
  view.unreachAfi = ((bytes[valueStart] as number) << 8) | (bytes[valueStart + 1] as number);
  view.unreachSafi = bytes[valueStart + 2] as number;
  view.unreachNlriStart = valueStart + FIXED_BYTES;
  view.unreachNlriEnd = valueEnd;
  checkFlags(cursor, view);
  return undefined;
}
