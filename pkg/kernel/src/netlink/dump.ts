/**
 * Reads a whole table of the kernel, or one entry.
 */
import { errnoName, KernelError } from '../errno.ts';
import { NLM_F, NLMSG } from './constants.ts';
import { type Message, readAnswer, readMessages } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import type { NetlinkTransport } from './socket.ts';

/** A table that changes all the time is given up after so many readings; the caller tries again later. */
const maxAttempts = 5;

const writer = new MessageWriter(Buffer.alloc(512));

/** Writes a request with the given sequence number. */
export type EncodeRequest = (writer: MessageWriter, sequence: number) => void;

/**
 * Reads a table. A dump comes in several datagrams, and when the table changed between two of them the kernel says so
 * (NLM_F_DUMP_INTR): then it is read again from the start.
 *
 * @param nextSequence gives a sequence number for each attempt
 * @param decode what to make of a payload; undefined leaves it out
 * Throws KernelError: the kernel's errno, or EINTR when the table did not keep still.
 */
export function dump<T>(
  transport: NetlinkTransport,
  nextSequence: () => number,
  encode: EncodeRequest,
  decode: (payload: Buffer) => T | undefined,
): T[] {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const sequence = nextSequence();
    request(transport, encode, sequence);
    const entries: T[] = [];
    const consistent = collect(transport, sequence, (payload) => {
      const entry = decode(payload);
      if (entry !== undefined) entries.push(entry);
    });
    if (consistent) return entries;
  }
  throw new KernelError(
    'cannot read a table of the kernel',
    'EINTR',
    'it changes faster than it can be read',
  );
}

/**
 * Reads one entry.
 *
 * @param absent the errnos by which the kernel says that there is no such entry; then the answer is undefined
 * Throws KernelError for any other errno.
 */
export function get<T>(
  transport: NetlinkTransport,
  sequence: number,
  encode: EncodeRequest,
  decode: (payload: Buffer) => T | undefined,
  absent: readonly string[],
): T | undefined {
  request(transport, encode, sequence);
  for (;;) {
    for (const message of receive(transport)) {
      if (message.sequence !== sequence) continue;
      if (message.type !== NLMSG.ERROR) return decode(message.payload);
      const { errno, message: words } = readAnswer(message);
      if (absent.includes(errnoName(errno))) return undefined;
      throw new KernelError('cannot read an entry of the kernel', errnoName(errno), words);
    }
  }
}

function request(transport: NetlinkTransport, encode: EncodeRequest, sequence: number): void {
  writer.reset();
  encode(writer, sequence);
  const errno = transport.send(writer.written);
  if (errno !== undefined) throw new KernelError('cannot ask the kernel', errno);
}

/** Hands every payload to `take` until the end of the dump; false when the table changed meanwhile. */
function collect(transport: NetlinkTransport, sequence: number, take: (payload: Buffer) => void): boolean {
  let consistent = true;
  for (;;) {
    for (const message of receive(transport)) {
      if (message.sequence !== sequence) continue;
      if ((message.flags & NLM_F.DUMP_INTR) !== 0) consistent = false;
      if (isEnd(message)) return consistent;
      take(message.payload);
    }
  }
}

/** True at the end of the dump. Throws KernelError when it ended in an error. */
function isEnd(message: Message): boolean {
  if (message.type !== NLMSG.DONE && message.type !== NLMSG.ERROR) return false;
  const { errno, message: words } = readAnswer(message);
  if (errno === 0) return true;
  throw new KernelError('cannot read a table of the kernel', errnoName(errno), words);
}

function receive(transport: NetlinkTransport): Iterable<Message> {
  const datagram = transport.receive();
  if (Buffer.isBuffer(datagram)) return readMessages(datagram);
  throw new KernelError("cannot receive the kernel's answer", datagram.errno);
}
