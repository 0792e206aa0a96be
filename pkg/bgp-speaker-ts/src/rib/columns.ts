/**
 * Growth of columns: typed arrays that share one index, a dense id.
 *
 * A table keeps one typed array per field. When ids run out, every column is copied into a larger one; the copy is a
 * plain memory move (about 1 ms for a million 4-octet fields), so it needs no slicing.
 */

/** Any typed array used as a column. */
export type Column = Uint8Array | Uint16Array | Int32Array | Uint32Array | Float64Array;

/** Ids a table starts with. */
export const INITIAL_CAPACITY = 64;

/** Gives the capacity for at least `needed` ids: half as much again as before, so that growth stays rare. */
export function grownCapacity(capacity: number, needed: number): number {
  return Math.max(needed, capacity + (capacity >>> 1), INITIAL_CAPACITY);
}

/**
 * Moves a column into a longer one; new entries are `fill`. The old one is empty afterwards: its memory is given back at
 * once and does not wait for the collector, which would hold several old copies of a large table.
 */
export function grow<C extends Column>(column: C, capacity: number, fill = 0): C {
  const { length } = column;
  const buffer = (column.buffer as ArrayBuffer).transfer(capacity * column.BYTES_PER_ELEMENT);
  const longer = new (column.constructor as new (buffer: ArrayBuffer) => C)(buffer);
  if (fill !== 0) longer.fill(fill, length);
  return longer;
}

/** Gives the memory of a column back at once, without waiting for the collector; the column is empty afterwards. */
export function release(column: Column): void {
  (column.buffer as ArrayBuffer).transfer(0);
}
