/**
 * Prefixes on the wire, read by a cursor that is used again and again: no object and no string per prefix.
 *
 * A range of NLRI is first checked as a whole (`countNlri`), then walked (`seekNlri`, `nextIpv4` or `nextIpv6`).
 * Source: RFC 4271 §4.3 (length and prefix), RFC 4760 §5, RFC 7911 §3 (path identifier in front).
 */

/** A position in a range of NLRI, and the prefix read last. Made once, used for every UPDATE. */
export interface NlriCursor {
  bytes: Uint8Array;
  offset: number;
  end: number;
  addPath: boolean;
  /** Path identifier; 0 when the session has no ADD-PATH. */
  pathId: number;
  /** Prefix length in bits. */
  length: number;
  /** The address as unsigned 32-bit words, host bits cleared. An IPv4 address is `word0`. */
  word0: number;
  word1: number;
  word2: number;
  word3: number;
}

/** Makes a cursor that stands at the end of an empty range. */
export function createNlriCursor(): NlriCursor {
  return {
    bytes: new Uint8Array(0),
    offset: 0,
    end: 0,
    addPath: false,
    pathId: 0,
    length: 0,
    word0: 0,
    word1: 0,
    word2: 0,
    word3: 0,
  };
}

/**
 * Counts the prefixes of a range.
 *
 * @param maxLength 32 for IPv4, 128 for IPv6
 * @returns the number of prefixes, or -1 when a length is above `maxLength` or a prefix reaches past the end, after
 *   which nothing in the range can be trusted (RFC 7606 §5.3)
 */
export function countNlri(
  bytes: Uint8Array,
  start: number,
  end: number,
  maxLength: number,
  addPath: boolean,
): number {
  let count = 0;
  let offset = start;
  while (offset < end) {
    if (addPath) offset += 4;
    if (offset >= end) return -1;
    const length = bytes[offset] as number;
    if (length > maxLength) return -1;
    offset += 1 + ((length + 7) >>> 3);
    count += 1;
  }
  return offset === end ? count : -1;
}

/** Puts a cursor at the start of a range that `countNlri` found whole. */
export function seekNlri(
  cursor: NlriCursor,
  bytes: Uint8Array,
  start: number,
  end: number,
  addPath: boolean,
): void {
  cursor.bytes = bytes;
  cursor.offset = start;
  cursor.end = end;
  cursor.addPath = addPath;
}

/** Reads the next IPv4 prefix into the cursor; false at the end of the range. */
export function nextIpv4(cursor: NlriCursor): boolean {
  if (cursor.offset >= cursor.end) return false;
  const offset = readLength(cursor);
  cursor.word0 = readWord(cursor.bytes, offset, cursor.length);
  cursor.offset = offset + ((cursor.length + 7) >>> 3);
  return true;
}

/** Reads the next IPv6 prefix into the cursor; false at the end of the range. */
export function nextIpv6(cursor: NlriCursor): boolean {
  if (cursor.offset >= cursor.end) return false;
  const offset = readLength(cursor);
  const { bytes, length } = cursor;
  cursor.word0 = readWord(bytes, offset, length);
  cursor.word1 = readWord(bytes, offset + 4, length - 32);
  cursor.word2 = readWord(bytes, offset + 8, length - 64);
  cursor.word3 = readWord(bytes, offset + 12, length - 96);
  cursor.offset = offset + ((length + 7) >>> 3);
  return true;
}

/** Reads path identifier and prefix length; returns where the address begins. */
function readLength(cursor: NlriCursor): number {
  const { bytes } = cursor;
  let offset = cursor.offset;
  cursor.pathId = 0;
  if (cursor.addPath) {
    cursor.pathId = readUint32(bytes, offset);
    offset += 4;
  }
  cursor.length = bytes[offset] as number;
  return offset + 1;
}

/**
 * Reads the first `bits` bits (at most 32) at an offset as the high end of a word. Bits after the prefix have no
 * meaning and are cleared (RFC 4271 §4.3), so that 10.1.2.3/16 and 10.1.0.0/16 are one prefix.
 */
function readWord(bytes: Uint8Array, offset: number, bits: number): number {
  if (bits >= 32) return readUint32(bytes, offset);
  if (bits <= 0) return 0;
  let word = (bytes[offset] as number) << 24;
  if (bits > 8) word |= (bytes[offset + 1] as number) << 16;
  if (bits > 16) word |= (bytes[offset + 2] as number) << 8;
  if (bits > 24) word |= bytes[offset + 3] as number;
  return (word & (-1 << (32 - bits))) >>> 0;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (((bytes[offset] as number) << 24) |
      ((bytes[offset + 1] as number) << 16) |
      ((bytes[offset + 2] as number) << 8) |
      (bytes[offset + 3] as number)) >>>
    0
  );
}
