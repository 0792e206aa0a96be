/**
 * Writes netlink messages, one after another, into one buffer that is sent whole.
 *
 * Netlink is in host byte order, and every platform weft runs on (x64, arm64) is little-endian. Messages and
 * attributes start at multiples of four bytes; their lengths do not count the padding (netlink(7)).
 */
import { NLM_F } from './constants.ts';

/** The size of a netlink message header, in bytes. */
export const messageHeaderBytes = 16;

const nestedFlag = 0x8000;

/** A message under construction: begin, fixed part, attributes, end; then the next one. */
export class MessageWriter {
  readonly #buffer: Buffer;
  #length = 0;
  #messageStart = 0;
  #count = 0;

  /** @param buffer where the messages go; a message that does not fit throws RangeError */
  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Messages written so far. */
  get count(): number {
    return this.#count;
  }

  /** What has been written; valid until `reset`. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Starts again at the beginning of the buffer. */
  reset(): void {
    this.#length = 0;
    this.#count = 0;
  }

  /** Writes a header; its length is filled in by `endMessage`. */
  beginMessage(type: number, flags: number, sequence: number): void {
    this.#messageStart = this.#length;
    this.u32(0);
    this.u16(type);
    this.u16(flags | NLM_F.REQUEST);
    this.u32(sequence);
    this.u32(0);
  }

  /** Completes the message begun last. */
  endMessage(): void {
    this.#buffer.writeUInt32LE(this.#length - this.#messageStart, this.#messageStart);
    this.#count += 1;
  }

  /** Asks for an answer to the message completed last, success included. */
  requestAck(): void {
    const at = this.#messageStart + 6;
    this.#buffer.writeUInt16LE(this.#buffer.readUInt16LE(at) | NLM_F.ACK, at);
  }

  /** Parts of fixed structures, unpadded. */
  u8(value: number): void {
    this.#length = this.#buffer.writeUInt8(value, this.#length);
  }

  u16(value: number): void {
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
  }

  u32(value: number): void {
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  /** Raw bytes, without padding. */
  bytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length + 3 > this.#buffer.length)
      throw new RangeError('the netlink message is too long');
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** An attribute of raw bytes. */
  attribute(type: number, value: Uint8Array): void {
    const start = this.#beginAttribute(type);
    this.bytes(value);
    this.endNest(start);
  }

  attributeU32(type: number, value: number): void {
    this.u16(8);
    this.u16(type);
    this.u32(value);
  }

  /** A NUL-terminated string. */
  attributeString(type: number, value: string): void {
    this.attribute(type, Buffer.from(`${value}\0`));
  }

  /** An attribute that holds others; give the answer to `endNest`. */
  beginNest(type: number): number {
    return this.#beginAttribute(type | nestedFlag);
  }

  /** Fills in the length of a nest (or of anything else that begins with a 16-bit length) and pads to four bytes. */
  endNest(start: number): void {
    this.#buffer.writeUInt16LE(this.#length - start, start);
    const padded = start + ((this.#length - start + 3) & ~3);
    this.#buffer.fill(0, this.#length, padded);
    this.#length = padded;
  }

  #beginAttribute(type: number): number {
    const start = this.#length;
    this.u16(0);
    this.u16(type);
    return start;
  }
}
