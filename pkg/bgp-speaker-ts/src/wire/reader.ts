/**
 * A reader over a range of bytes that cannot run past its end.
 *
 * Reading beyond the end gives 0 or an empty array and sets `failed`: a decoder reads all its fields first and asks
 * once whether they were there. Numbers are unsigned and big-endian.
 */

/** Reads big-endian numbers from `bytes[start…end)`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;
  /** Set for good by the first read past the end. */
  failed = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.offset = start;
    this.end = Math.min(end, bytes.length);
  }

  /** Octets left. */
  get remaining(): number {
    return this.end - this.offset;
  }

  /** Reads one octet. */
  readUint8(): number {
    const offset = this.#advance(1);
    return offset < 0 ? 0 : (this.bytes[offset] as number);
  }

  /** Reads two octets. */
  readUint16(): number {
    const offset = this.#advance(2);
    return offset < 0 ? 0 : uint16(this.bytes, offset);
  }

  /** Reads three octets. */
  readUint24(): number {
    const offset = this.#advance(3);
    return offset < 0 ? 0 : uint32(this.bytes, offset, 3);
  }

  /** Reads four octets. */
  readUint32(): number {
    const offset = this.#advance(4);
    return offset < 0 ? 0 : uint32(this.bytes, offset, 4);
  }

  /** Copies the next octets out, so that the result outlives a buffer that is used again. */
  readBytes(length: number): Uint8Array {
    const offset = this.#advance(length);
    return offset < 0 ? new Uint8Array(0) : this.bytes.slice(offset, offset + length);
  }

  /** Gives a reader over the next octets and skips them. */
  readRange(length: number): ByteReader {
    const offset = this.#advance(length);
    return offset < 0
      ? new ByteReader(this.bytes, this.end, this.end)
      : new ByteReader(this.bytes, offset, offset + length);
  }

  /** Moves over `length` octets; the offset before them, or -1 when there are not as many. */
  #advance(length: number): number {
    const { offset } = this;
    if (this.failed || offset + length > this.end) {
      this.failed = true;
      return -1;
    }
    this.offset = offset + length;
    return offset;
  }
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

function uint32(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0;
  for (let index = offset; index < offset + length; index += 1)
    value = (value << 8) | (bytes[index] as number);
  return value >>> 0;
}
