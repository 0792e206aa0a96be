/**
 * Finds whole messages in the chunks a TCP connection delivers.
 *
 * Messages that lie whole in a chunk are read where they are; only one that two chunks share is put together in a
 * buffer of its own. The framer holds at most one message in parts. After `next` says true, the fields describe the
 * message; its bytes are good until the next `push`.
 */

import type { SessionError } from './error.ts';
import { MessageSize } from './iana.ts';
import { checkHeader, readMessageLength, readMessageType } from './message/header.ts';

const HEADER_BYTES = MessageSize.header;

/** Splits one connection's byte stream into messages. */
export class MessageFramer {
  /** Longest message taken: 4096 until extended messages are agreed on (RFC 8654). */
  maxBytes: number = MessageSize.standard;
  /** Type of the message found last. */
  type = 0;
  /** The bytes that hold its body, `bytes[start…end)`, without the header. */
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  /** Set by the first header that is not possible; nothing can be found after it (RFC 4271 §6.1). */
  error: SessionError | undefined;

  #chunk: Uint8Array = new Uint8Array(0);
  #offset = 0;
  /** The front of a message that has not come whole. */
  #partial: Uint8Array = new Uint8Array(0);
  #partialLength = 0;
  /** The buffer of the message put together before, which may still be read; the two take turns. */
  #spare: Uint8Array = new Uint8Array(0);

  /** Hands over the next chunk, which must stay as it is until `next` has said false. */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#offset = 0;
  }

  /** Moves to the next whole message; false when more bytes are needed, or after an error. */
  next(): boolean {
    if (this.error !== undefined) return false;
    return this.#partialLength > 0 ? this.#nextShared() : this.#nextInChunk();
  }

  #nextInChunk(): boolean {
    const chunk = this.#chunk;
    const offset = this.#offset;
    const available = chunk.length - offset;
    if (available < HEADER_BYTES) return this.#keepRest();
    if (!this.#isHeaderGood(chunk, offset)) return false;
    const length = readMessageLength(chunk, offset);
    if (available < length) return this.#keepRest();
    this.#offset = offset + length;
    return this.#found(chunk, offset, length);
  }

  /** Completes the message whose front came with an earlier chunk. */
  #nextShared(): boolean {
    if (this.#partialLength < HEADER_BYTES) {
      this.#fillTo(HEADER_BYTES);
      if (this.#partialLength < HEADER_BYTES) return false;
    }
    if (!this.#isHeaderGood(this.#partial, 0)) return false;
    const length = readMessageLength(this.#partial, 0);
    this.#fillTo(length);
    if (this.#partialLength < length) return false;
    const whole = this.#partial;
    this.#partial = this.#spare;
    this.#spare = whole;
    this.#partialLength = 0;
    return this.#found(whole, 0, length);
  }

  #found(bytes: Uint8Array, offset: number, length: number): boolean {
    this.type = readMessageType(bytes, offset);
    this.bytes = bytes;
    this.start = offset + HEADER_BYTES;
    this.end = offset + length;
    return true;
  }

  #isHeaderGood(bytes: Uint8Array, offset: number): boolean {
    this.error = checkHeader(bytes, offset, this.maxBytes);
    return this.error === undefined;
  }

  #keepRest(): false {
    this.#fillTo(this.#chunk.length - this.#offset);
    return false;
  }

  /** Moves octets of the chunk behind the partial message until it has `length` of them, or the chunk is empty. */
  #fillTo(length: number): void {
    const count = Math.min(length - this.#partialLength, this.#chunk.length - this.#offset);
    if (count <= 0) return;
    this.#reserve(Math.max(length, this.#partialLength + count));
    this.#partial.set(this.#chunk.subarray(this.#offset, this.#offset + count), this.#partialLength);
    this.#partialLength += count;
    this.#offset += count;
  }

  #reserve(length: number): void {
    if (length <= this.#partial.length) return;
    const grown = new Uint8Array(Math.max(length, MessageSize.standard));
    grown.set(this.#partial.subarray(0, this.#partialLength));
    this.#partial = grown;
  }
}
