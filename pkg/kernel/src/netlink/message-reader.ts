/**
 * Reads netlink messages and attributes out of what `recv` gave. Never reads past the end, never throws: a message
 * or attribute whose length is impossible ends the reading there.
 */
import { NLM_F, NLMSG, NLMSGERR_ATTR } from './constants.ts';
import { messageHeaderBytes } from './message-writer.ts';

/** One message: its header, and where its payload lies in the buffer. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
}

/** Cuts a datagram into messages. */
export function* readMessages(datagram: Buffer): Generator<Message> {
  let offset = 0;
  while (offset + messageHeaderBytes <= datagram.length) {
    const length = datagram.readUInt32LE(offset);
    if (length < messageHeaderBytes || offset + length > datagram.length) return;
    yield {
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      payload: datagram.subarray(offset + messageHeaderBytes, offset + length),
    };
    offset += (length + 3) & ~3;
  }
}

/** The attributes of a message or a nest, by type. Of two with one type the last counts, as in the kernel. */
export class Attributes {
  readonly #buffer: Buffer;
  readonly #start: number;

  /** @param start where the first attribute begins, counted from the start of the buffer */
  constructor(buffer: Buffer, start: number) {
    this.#buffer = buffer;
    this.#start = start;
  }

  /** The value of an attribute; valid as long as the buffer is. */
  bytes(type: number): Buffer | undefined {
    const start = this.#find(type);
    if (start === undefined) return undefined;
    return this.#buffer.subarray(start + 4, start + this.#buffer.readUInt16LE(start));
  }

  u32(type: number): number | undefined {
    const start = this.#find(type);
    if (start === undefined || this.#buffer.readUInt16LE(start) < 8) return undefined;
    return this.#buffer.readUInt32LE(start + 4);
  }

  /** A message has a handful: to look through them costs less than to keep an index. */
  #find(type: number): number | undefined {
    const buffer = this.#buffer;
    let found: number | undefined;
    for (let offset = this.#start; offset + 4 <= buffer.length; ) {
      const length = buffer.readUInt16LE(offset);
      if (length < 4 || offset + length > buffer.length) break;
      if ((buffer.readUInt16LE(offset + 2) & 0x3fff) === type) found = offset;
      offset += (length + 3) & ~3;
    }
    return found;
  }

  /** A string up to its NUL. */
  string(type: number): string | undefined {
    const value = this.bytes(type);
    if (value === undefined) return undefined;
    const end = value.indexOf(0);
    return value.toString('utf8', 0, end < 0 ? value.length : end);
  }

  nested(type: number): Attributes | undefined {
    const value = this.bytes(type);
    return value === undefined ? undefined : new Attributes(value, 0);
  }
}

/** What an NLMSG_ERROR says: errno 0 is success. */
export interface Answer {
  readonly errno: number;
  readonly message?: string;
}

/** Reads an NLMSG_ERROR, or the error that ends an NLMSG_DONE; both begin with a negative errno. */
export function readAnswer(message: Message): Answer {
  if (message.payload.length < 4) return { errno: 0 };
  const errno = -message.payload.readInt32LE(0);
  if (errno === 0 || (message.flags & NLM_F.ACK_TLVS) === 0) return { errno };
  const text = new Attributes(message.payload, attributesOffset(message)).string(NLMSGERR_ATTR.MSG);
  return text === undefined ? { errno } : { errno, message: text };
}

function attributesOffset(message: Message): number {
  if (message.type === NLMSG.DONE) return 4;
  const capped = (message.flags & NLM_F.CAPPED) !== 0;
  if (capped || message.payload.length < 8) return 4 + messageHeaderBytes;
  // The refused request is repeated in full before the attributes.
  return 4 + ((message.payload.readUInt32LE(4) + 3) & ~3);
}
