/**
 * gRPC's framing: one byte that says whether the message is compressed, four bytes of length, the message. Pure.
 */
import { GrpcCode, GrpcError } from './status.ts';

const HEADER_BYTES = 5;

/** A message with its header; never compressed. */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(HEADER_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, HEADER_BYTES);
  return framed;
}

/** Cuts a stream of bytes into messages. It holds at most one unfinished message, of at most `limitBytes`. */
export class FrameSplitter {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #size = 0;
  /** How many bytes must be there before it is worth looking. */
  #wanted = HEADER_BYTES;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** True when no part of a message is waiting for its rest. */
  get empty(): boolean {
    return this.#size === 0;
  }

  /** Takes bytes and gives the messages that are now complete. Throws GrpcError for what is no framing. */
  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const messages: Buffer[] = [];
    while (this.#size >= this.#wanted) {
      const bytes = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const end = HEADER_BYTES + this.#lengthIn(bytes);
      if (bytes.length >= end) messages.push(bytes.subarray(HEADER_BYTES, end));
      const rest = bytes.length >= end ? bytes.subarray(end) : bytes;
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#size = rest.length;
      this.#wanted = rest === bytes ? end : HEADER_BYTES;
    }
    return messages;
  }

  #lengthIn(bytes: Buffer): number {
    if (bytes[0] !== 0) throw new GrpcError(GrpcCode.INTERNAL, 'the server sent a compressed message');
    const length = bytes.readUInt32BE(1);
    if (length > this.#limitBytes)
      throw new GrpcError(
        GrpcCode.INTERNAL,
        `the server sent a message of ${length} bytes; ${this.#limitBytes} are accepted`,
      );
    return length;
  }
}
