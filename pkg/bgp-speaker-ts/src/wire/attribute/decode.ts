/**
 * Reads an attribute block: structure here, meaning in `validate.ts`, both in one call of `parseAttributes`.
 *
 * The RIB calls it once per distinct block (see `writeAttributeKey`), never per prefix. It cannot fail: what is wrong
 * is listed in `faults`, each with its treatment, and the attributes that could be read are there all the same.
 * Source: RFC 4271 §4.3, §6.3; RFC 7606 §3, §4, §7.
 */

import type { AttributeFault } from '../error.ts';
import { AttributeCode, AttributeFlag, UpdateSubcode } from '../iana.ts';
import { ByteReader } from '../reader.ts';
import type { AttributeContext, EncodeContext, ParsedAttributes } from './codec.ts';
import { attributeFault, quoteAttribute } from './fault.ts';
import { type AttributeCursor, createAttributeCursor, nextAttribute } from './header.ts';
import type { PathAttributes, UnknownAttribute } from './path-attributes.ts';
import { type AnyAttributeCodec, findAttribute } from './table.ts';
import { validateAttributes } from './validate.ts';

type Draft = { -readonly [K in keyof PathAttributes]: PathAttributes[K] };

const FLAG_MASK = AttributeFlag.optional | AttributeFlag.transitive;

/**
 * Decodes and validates the block `bytes[start…end)`; MP_REACH_NLRI and MP_UNREACH_NLRI in it are passed over.
 *
 * AS numbers of the result have four octets whatever the session uses, AS4_PATH and AS4_AGGREGATOR are merged in.
 */
export function parseAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: AttributeContext,
): ParsedAttributes {
  return validateAttributes(decodeAttributes(bytes, start, end, context), context);
}

/** Decodes the structure of a block alone: every attribute as it stands, AS4_PATH beside AS_PATH. */
export function decodeAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: EncodeContext,
): ParsedAttributes {
  const draft: Draft = {};
  const faults: AttributeFault[] = [];
  const cursor = createAttributeCursor(bytes, start, end);
  const seen = [0, 0, 0, 0, 0, 0, 0, 0];
  let step = nextAttribute(cursor);
  for (; step === 'attribute'; step = nextAttribute(cursor)) {
    const fault = markSeen(seen, cursor.code) ? readAttribute(cursor, draft, context) : duplicate(cursor);
    if (fault !== undefined) faults.push(fault);
  }
  if (step === 'overrun') faults.push(overrun(cursor));
  return { attributes: draft, faults };
}

function readAttribute(
  cursor: AttributeCursor,
  draft: Draft,
  context: EncodeContext,
): AttributeFault | undefined {
  const { code } = cursor;
  if (code === AttributeCode.mpReachNlri || code === AttributeCode.mpUnreachNlri) return undefined;
  const row = findAttribute(code);
  return row === undefined ? keepUnknown(cursor, draft) : readKnown(cursor, row, draft, context);
}

function readKnown(
  cursor: AttributeCursor,
  row: AnyAttributeCodec,
  draft: Draft,
  context: EncodeContext,
): AttributeFault | undefined {
  const { bytes, code, valueStart, valueEnd } = cursor;
  if (((cursor.flags ^ row.flags) & FLAG_MASK) !== 0) {
    return attributeFault(code, 'flags', 'treat-as-withdraw', UpdateSubcode.attributeFlags, quote(cursor));
  }
  if (!row.isLength(valueEnd - valueStart, context)) {
    return attributeFault(code, 'length', row.malformed, UpdateSubcode.attributeLength, quote(cursor));
  }
  const value = row.decode(new ByteReader(bytes, valueStart, valueEnd), context);
  if (value === undefined)
    return attributeFault(code, 'value', row.malformed, row.valueSubcode, quote(cursor));
  (draft as Record<string, unknown>)[row.key] = value;
  return undefined;
}

/** An optional attribute is kept as it is; a well-known one that is not known ends the session (RFC 4271 §6.3). */
function keepUnknown(cursor: AttributeCursor, draft: Draft): AttributeFault | undefined {
  const { bytes, code, flags, valueStart, valueEnd } = cursor;
  if ((flags & AttributeFlag.optional) === 0) {
    const { unrecognizedWellKnownAttribute } = UpdateSubcode;
    const data = quote(cursor);
    return attributeFault(
      code,
      'unrecognized-well-known',
      'session-reset',
      unrecognizedWellKnownAttribute,
      data,
    );
  }
  const attribute: UnknownAttribute = {
    flags: flags & ~AttributeFlag.extendedLength,
    code,
    value: bytes.slice(valueStart, valueEnd),
  };
  draft.unknown = [...(draft.unknown ?? []), attribute];
  return undefined;
}

/** Sets the bit of a code; false when it was set before. */
function markSeen(seen: number[], code: number): boolean {
  const word = seen[code >>> 5] as number;
  const bit = 1 << (code & 31);
  seen[code >>> 5] = word | bit;
  return (word & bit) === 0;
}

/** All but the first of several are dropped: RFC 7606 §3 g. */
function duplicate({ code }: AttributeCursor): AttributeFault {
  return attributeFault(code, 'duplicate', 'attribute-discard', UpdateSubcode.malformedAttributeList);
}

/** The block ends inside an attribute: RFC 7606 §4. */
function overrun({ code }: AttributeCursor): AttributeFault {
  return attributeFault(code, 'overrun', 'treat-as-withdraw', UpdateSubcode.malformedAttributeList);
}

function quote({ bytes, start, valueEnd }: AttributeCursor): Uint8Array {
  return quoteAttribute(bytes, start, valueEnd);
}
