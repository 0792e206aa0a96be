/** Values that are lists of fixed-size entries: communities of three kinds and CLUSTER_LIST. */

import type { ByteReader } from '../reader.ts';

/** Whether a length is a non-zero multiple of the entry size, as RFC 7606 §7 asks of every such list. */
export function isMultipleOf(length: number, entryBytes: number): boolean {
  return length > 0 && length % entryBytes === 0;
}

/** Reads 32-bit numbers to the end of the reader. */
export function readUint32List(reader: ByteReader): number[] {
  const values: number[] = [];
  while (reader.remaining >= 4) values.push(reader.readUint32());
  return values;
}
