/**
 * Writes an attribute block: what `UpdatePacker` puts into UPDATEs, without MP_REACH_NLRI and MP_UNREACH_NLRI.
 *
 * Attributes come out ascending by code (RFC 4271 §5), whole numbers of two octets where the peer knows no four, with
 * the stand-ins of RFC 6793 beside them.
 */

import { AttributeFlag } from '../iana.ts';
import { ByteWriter } from '../writer.ts';
import { addFourOctetStandIns } from './as4-merge.ts';
import type { EncodeContext } from './codec.ts';
import type { PathAttributes, UnknownAttribute } from './path-attributes.ts';
import { type AnyAttributeCodec, ATTRIBUTES } from './table.ts';

const MAX_SHORT_LENGTH = 255;

/** Encodes a block for a session that uses four-octet AS numbers or not; empty attributes give an empty block. */
export function encodeAttributes(attributes: PathAttributes, context: EncodeContext): Uint8Array {
  const all = context.fourOctetAsn ? attributes : addFourOctetStandIns(attributes);
  const block = new ByteWriter(256);
  const value = new ByteWriter(128);
  const unknown = sortByCode(all.unknown ?? []);
  let next = 0;
  for (const row of ATTRIBUTES) {
    if (all[row.key] === undefined) continue;
    for (; next < unknown.length && (unknown[next] as UnknownAttribute).code < row.code; next += 1) {
      writeUnknown(block, unknown[next] as UnknownAttribute);
    }
    writeKnown(block, value, row, all, context);
  }
  for (const attribute of unknown.slice(next)) writeUnknown(block, attribute);
  return block.take();
}

/**
 * Chooses which unknown attributes go on to the next speaker: transitive ones, marked Partial (RFC 4271 §5).
 *
 * @returns undefined when none is left
 */
export function forwardUnknown(
  unknown: readonly UnknownAttribute[] | undefined,
): readonly UnknownAttribute[] | undefined {
  const kept = unknown?.filter(({ flags }) => (flags & AttributeFlag.transitive) !== 0);
  if (kept === undefined || kept.length === 0) return undefined;
  return kept.map((attribute) => ({ ...attribute, flags: attribute.flags | AttributeFlag.partial }));
}

function writeKnown(
  block: ByteWriter,
  value: ByteWriter,
  row: AnyAttributeCodec,
  attributes: PathAttributes,
  context: EncodeContext,
): void {
  value.clear();
  row.encode(value, attributes[row.key] as never, context);
  writeAttribute(block, row.flags, row.code, value.written());
}

function writeUnknown(block: ByteWriter, { flags, code, value }: UnknownAttribute): void {
  writeAttribute(block, flags, code, value);
}

function writeAttribute(block: ByteWriter, flags: number, code: number, value: Uint8Array): void {
  const extended = value.length > MAX_SHORT_LENGTH;
  block.writeUint8(extended ? flags | AttributeFlag.extendedLength : flags);
  block.writeUint8(code);
  if (extended) block.writeUint16(value.length);
  else block.writeUint8(value.length);
  block.writeBytes(value);
}

function sortByCode(attributes: readonly UnknownAttribute[]): readonly UnknownAttribute[] {
  return attributes.length < 2 ? attributes : attributes.toSorted((left, right) => left.code - right.code);
}
