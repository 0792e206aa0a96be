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

/** Room to write in, kept from call to call: making it costs more than filling it. */
const block = new ByteWriter(4096);

/** Encodes a block for a session that uses four-octet AS numbers or not; empty attributes give an empty block. */
export function encodeAttributes(attributes: PathAttributes, context: EncodeContext): Uint8Array {
  const all = context.fourOctetAsn ? attributes : addFourOctetStandIns(attributes);
  const unknown = sortByCode(all.unknown ?? []);
  let next = 0;
  block.clear();
  for (const row of ATTRIBUTES) {
    if (all[row.key] === undefined) continue;
    for (; next < unknown.length && (unknown[next] as UnknownAttribute).code < row.code; next += 1) {
      writeUnknown(unknown[next] as UnknownAttribute);
    }
    writeKnown(row, all, context);
  }
  for (; next < unknown.length; next += 1) writeUnknown(unknown[next] as UnknownAttribute);
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

function writeKnown(row: AnyAttributeCodec, attributes: PathAttributes, context: EncodeContext): void {
  const start = writeHeader(row.flags, row.code);
  row.encode(block, attributes[row.key] as never, context);
  writeLength(start);
}

function writeUnknown({ flags, code, value }: UnknownAttribute): void {
  const start = writeHeader(flags, code);
  block.writeBytes(value);
  writeLength(start);
}

/** Begins an attribute with one octet of length, to be filled in; gives where it begins. */
function writeHeader(flags: number, code: number): number {
  const start = block.length;
  block.writeUint8(flags);
  block.writeUint8(code);
  block.writeUint8(0);
  return start;
}

/** Fills in the length of the attribute that ends here; one above 255 moves the value by an octet. */
function writeLength(start: number): void {
  const length = block.length - start - 3;
  if (length <= MAX_SHORT_LENGTH) {
    block.patchUint8(start + 2, length);
    return;
  }
  block.insertUint8(start + 2);
  block.patchUint16(start + 2, length);
  block.patchUint8(start, block.readUint8(start) | AttributeFlag.extendedLength);
}

function sortByCode(attributes: readonly UnknownAttribute[]): readonly UnknownAttribute[] {
  return attributes.length < 2 ? attributes : attributes.toSorted((left, right) => left.code - right.code);
}
