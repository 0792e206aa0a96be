/**
 * Walks the attributes of a block, header by header, without copying.
 *
 *     flags │ code │ length (one octet, or two with the Extended Length flag) │ value
 *
 * Source: RFC 4271 §4.3; RFC 7606 §4 (what is left is too short for a header, or for the value).
 */

import { AttributeFlag } from '../iana.ts';

/** A position in an attribute block and the attribute read last; used again for every block. */
export interface AttributeCursor {
  bytes: Uint8Array;
  /** Where the next header begins. */
  offset: number;
  end: number;
  flags: number;
  code: number;
  /** Where the header of this attribute begins. */
  start: number;
  valueStart: number;
  valueEnd: number;
}

/** Makes a cursor at the start of a block. */
export function createAttributeCursor(bytes: Uint8Array, start: number, end: number): AttributeCursor {
  return { bytes, offset: start, end, flags: 0, code: 0, start, valueStart: start, valueEnd: start };
}

/** Puts a cursor at the start of another block. */
export function seekBlock(cursor: AttributeCursor, bytes: Uint8Array, start: number, end: number): void {
  cursor.bytes = bytes;
  cursor.offset = start;
  cursor.end = end;
}

/**
 * Moves to the next attribute.
 *
 * @returns `overrun` when the header or the value reaches past the end; `code` is then 0, or the code if it was there
 */
export function nextAttribute(cursor: AttributeCursor): 'attribute' | 'end' | 'overrun' {
  const { bytes, offset, end } = cursor;
  if (offset >= end) return 'end';
  cursor.start = offset;
  cursor.flags = bytes[offset] as number;
  cursor.code = offset + 1 < end ? (bytes[offset + 1] as number) : 0;
  const extended = (cursor.flags & AttributeFlag.extendedLength) !== 0;
  const valueStart = offset + (extended ? 4 : 3);
  if (valueStart > end) return 'overrun';
  const length = extended
    ? ((bytes[offset + 2] as number) << 8) | (bytes[offset + 3] as number)
    : (bytes[offset + 2] as number);
  if (valueStart + length > end) return 'overrun';
  cursor.valueStart = valueStart;
  cursor.valueEnd = valueStart + length;
  cursor.offset = cursor.valueEnd;
  return 'attribute';
}

const walker: AttributeCursor = createAttributeCursor(new Uint8Array(0), 0, 0);

/** Finds where an attribute belongs in the block `bytes[start…end)`, which is ascending by code. */
export function findAttributePlace(bytes: Uint8Array, start: number, end: number, code: number): number {
  seekBlock(walker, bytes, start, end);
  while (nextAttribute(walker) === 'attribute') if (walker.code > code) return walker.start;
  return end;
}

/** Copies the block `bytes[start…end)` but for one attribute. */
export function withoutAttribute(bytes: Uint8Array, start: number, end: number, code: number): Uint8Array {
  const cursor = createAttributeCursor(bytes, start, end);
  let step = nextAttribute(cursor);
  while (step === 'attribute' && cursor.code !== code) step = nextAttribute(cursor);
  if (step !== 'attribute') return bytes.slice(start, end);
  const copy = new Uint8Array(end - start - (cursor.valueEnd - cursor.start));
  copy.set(bytes.subarray(start, cursor.start));
  copy.set(bytes.subarray(cursor.valueEnd, end), cursor.start - start);
  return copy;
}
