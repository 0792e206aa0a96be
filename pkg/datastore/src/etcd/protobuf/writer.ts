/**
 * Writes protobuf messages, field by field; pure. Only what etcd's messages need: varints, bytes, text and nested messages.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const LENGTH_DELIMITED = 2;

/** Collects the fields of one message. Like every proto3 encoder it leaves out what has its default value. */
export class ProtoWriter {
  #buffer = Buffer.allocUnsafe(256);
  #length = 0;

  /** An integer from 0 to 2^63-1; etcd's messages have no negative ones. */
  varint(field: number, value: number | bigint): this {
    if (value === 0 || value === 0n) return this;
    this.#tag(field, VARINT);
    this.#varint(value);
    return this;
  }

  /** A bool. */
  flag(field: number, value: boolean | undefined): this {
    return this.varint(field, value ? 1 : 0);
  }

  /** Bytes, or text as UTF-8. */
  bytes(field: number, value: Uint8Array | string): this {
    return value.length === 0 ? this : this.#lengthDelimited(field, value);
  }

  /** A nested message, written also when it is empty: that it is there may mean something. */
  message(field: number, value: Uint8Array): this {
    return this.#lengthDelimited(field, value);
  }

  /** The message. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #lengthDelimited(field: number, value: Uint8Array | string): this {
    const size = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(size);
    this.#reserve(size);
    if (typeof value === 'string') this.#buffer.write(value, this.#length);
    else this.#buffer.set(value, this.#length);
    this.#length += size;
    return this;
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number | bigint): void {
    this.#reserve(10);
    if (typeof value === 'bigint') {
      let rest = value;
      for (; rest > 127n; rest >>= 7n) this.#buffer[this.#length++] = Number(rest & 127n) | 128;
      this.#buffer[this.#length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.#length++] = (rest % 128) | 128;
    this.#buffer[this.#length++] = rest;
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
