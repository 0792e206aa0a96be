/**
 * Reads protobuf messages, field by field; pure. Whatever the bytes are, it never reads past their end.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

/** The bytes are no protobuf message, or not the one that was expected. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * A place in a message: `while (reader.next()) switch (reader.field) …`. A field that is not asked for is skipped.
 */
export class ProtoReader {
  /** The number of the field at which the reader stands. */
  field = 0;
  readonly #bytes: Buffer;
  #position = 0;
  #wireType = VARINT;
  #pending = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#pending) this.#skip();
    if (this.#position >= this.#bytes.length) return false;
    const tag = this.#varint();
    this.field = Math.floor(tag / 8);
    this.#wireType = tag % 8;
    if (this.field === 0) throw new ProtobufError('a field has the number 0');
    this.#pending = true;
    return true;
  }

  /** An unsigned integer that a number holds exactly. */
  number(): number {
    this.#take(VARINT);
    return this.#varint();
  }

  /** An integer of 64 bits, read without sign. */
  bigint(): bigint {
    this.#take(VARINT);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('a varint is longer than ten bytes');
  }

  /** A bool. */
  flag(): boolean {
    return this.number() !== 0;
  }

  /** Bytes, shared with the message. */
  bytes(): Buffer {
    this.#take(LENGTH_DELIMITED);
    const size = this.#varint();
    const start = this.#position;
    this.#advance(size, 'a field');
    return this.#bytes.subarray(start, this.#position);
  }

  /** Text. */
  text(): string {
    return this.bytes().toString();
  }

  #take(wireType: number): void {
    if (!this.#pending || this.#wireType !== wireType)
      throw new ProtobufError(`field ${this.field} has wire type ${this.#wireType} instead of ${wireType}`);
    this.#pending = false;
  }

  #skip(): void {
    this.#pending = false;
    switch (this.#wireType) {
      case VARINT:
        while (this.#byte() > 127);
        return;
      case FIXED64:
        this.#advance(8, 'a fixed64');
        return;
      case LENGTH_DELIMITED:
        this.#advance(this.#varint(), 'a field');
        return;
      case FIXED32:
        this.#advance(4, 'a fixed32');
        return;
      default:
        throw new ProtobufError(`wire type ${this.#wireType} is not known`);
    }
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 56; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new ProtobufError('an integer is larger than expected');
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new ProtobufError('the message ends within a field');
    this.#position++;
    return byte;
  }

  #advance(size: number, what: string): void {
    if (size > this.#bytes.length - this.#position)
      throw new ProtobufError(`the message ends within ${what}`);
    this.#position += size;
  }
}
