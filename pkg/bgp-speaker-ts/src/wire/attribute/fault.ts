/**
 * Builds attribute faults: the treatment of RFC 7606 and the NOTIFICATION of RFC 4271 §6.3 in one place.
 */

import type { AttributeFault, FaultName, Treatment } from '../error.ts';
import { ErrorCode } from '../iana.ts';

/** A NOTIFICATION quotes the attribute it complains about, but must fit into 4096 octets. */
const MAX_QUOTED_BYTES = 4096 - 21;

/** Describes a fault without quoting bytes. */
export function attributeFault(
  code: number,
  fault: FaultName,
  treatment: Treatment,
  subcode: number,
  data: Uint8Array = new Uint8Array(0),
): AttributeFault {
  const notification = { code: ErrorCode.update, subcode, data };
  return { kind: 'attribute-fault', code, fault, treatment, notification };
}

/** Copies the attribute a NOTIFICATION quotes (type, length and value), cut to what fits. */
export function quoteAttribute(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return bytes.slice(start, Math.min(end, start + MAX_QUOTED_BYTES));
}
