/**
 * A writer of big-endian numbers into a buffer that grows.
 *
 * Lengths that are known only later are left open (any value) and filled in (`patch…`).
 */

/** Writes big-endian numbers; `take` gives what was written. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacityBytes = 64) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Octets written so far. */
  get length(): number {
    return this.#length;
  }

  /** Writes one octet. */
  writeUint8(value: number): void {
    const offset = this.#extend(1);
    this.#bytes[offset] = value;
  }

  /** Writes two octets. */
  writeUint16(value: number): void {
    const offset = this.#extend(2);
    this.#view.setUint16(offset, value);
  }

  /** Writes three octets. */
  writeUint24(value: number): void {
    const offset = this.#extend(3);
    this.#view.setUint8(offset, value >>> 16);
    this.#view.setUint16(offset + 1, value & 0xffff);
  }

  /** Writes four octets. */
  writeUint32(value: number): void {
    const offset = this.#extend(4);
    this.#view.setUint32(offset, value);
  }

  /** Writes octets as they are. */
  writeBytes(bytes: Uint8Array): void {
    const offset = this.#extend(bytes.length);
    this.#bytes.set(bytes, offset);
  }

  /** Overwrites one octet written before. */
  patchUint8(offset: number, value: number): void {
    this.#view.setUint8(offset, value);
  }

  /** Overwrites two octets written before. */
  patchUint16(offset: number, value: number): void {
    this.#view.setUint16(offset, value);
  }

  /** Overwrites four octets written before. */
  patchUint32(offset: number, value: number): void {
    this.#view.setUint32(offset, value);
  }

  /** Forgets what was written and keeps the room. */
  clear(): void {
    this.#length = 0;
  }

  /** Reads one octet written before. */
  readUint8(offset: number): number {
    return this.#bytes[offset] as number;
  }

  /** Makes room for one octet among those written before; what it holds is undefined. */
  insertUint8(offset: number): void {
    const end = this.#extend(1);
    this.#bytes.copyWithin(offset + 1, offset, end);
  }

  /** Gives a copy of what was written, of exactly its length. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for more octets, perhaps in a new buffer; gives the offset at which they begin. */
  #extend(count: number): number {
    const offset = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) this.#grow();
    return offset;
  }

  #grow(): void {
    const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
