/**
 * Many changes in few system calls.
 *
 * Messages are packed into datagrams, and only the last of a datagram asks for an acknowledgement. The kernel works
 * through a datagram in order, stops for no error, and answers each error under the sequence number of its message; so
 * the answer to the last message also says that every other message without an answer took effect.
 */
import { errnoName } from '../errno.ts';
import type { ChangeResult, Refusal } from '../kernel.ts';
import { encodeChange, type NetlinkChange } from './change.ts';
import { NLMSG } from './constants.ts';
import { type Message, readAnswer, readMessages } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import type { NetlinkTransport } from './socket.ts';

/** A datagram is sent when it is this long: larger ones gain nothing, and hold up the event loop for longer. */
const datagramBytes = 24 * 1024;
/** And when it has this many messages: the answers must fit a receive buffer of default size if all of them fail. */
const datagramMessages = 256;

// Room for the one message that goes over `datagramBytes`: a route with a thousand next hops.
const writer = new MessageWriter(Buffer.alloc(96 * 1024));

/** Writes the one message of a change. */
export type EncodeOne<T> = (writer: MessageWriter, sequence: number, change: T) => void;

/**
 * Makes the changes in order; one result each.
 *
 * @param firstSequence the sequence number of the first message; the others count on from there
 */
export function transact(
  transport: NetlinkTransport,
  changes: readonly NetlinkChange[],
  firstSequence: number,
): ChangeResult[] {
  return transactWith(transport, changes, firstSequence, encodeChange);
}

/** As `transact`, for what another subsystem of netlink changes. */
export function transactWith<T>(
  transport: NetlinkTransport,
  changes: readonly T[],
  firstSequence: number,
  encode: EncodeOne<T>,
): ChangeResult[] {
  const results: ChangeResult[] = [];
  while (results.length < changes.length) {
    const sequence = firstSequence + results.length;
    const count = encodeDatagram(changes, results.length, sequence, encode);
    results.push(...exchange(transport, sequence, count));
  }
  return results;
}

/** Fills the writer from the change at `start` on, and answers how many changes went in. */
function encodeDatagram<T>(
  changes: readonly T[],
  start: number,
  sequence: number,
  encode: EncodeOne<T>,
): number {
  writer.reset();
  let count = 0;
  while (writer.length < datagramBytes && count < datagramMessages) {
    const change = changes[start + count];
    if (change === undefined) break;
    encode(writer, sequence + count, change);
    count += 1;
  }
  writer.requestAck();
  return count;
}

function exchange(transport: NetlinkTransport, sequence: number, count: number): ChangeResult[] {
  const sendErrno = transport.send(writer.written);
  if (sendErrno !== undefined) return Array<ChangeResult>(count).fill({ errno: sendErrno });
  return readResults(transport, sequence, count);
}

/** Receives the answers to `count` messages sent from `sequence` on, of which the last asked for an acknowledgement. */
export function readResults(transport: NetlinkTransport, sequence: number, count: number): ChangeResult[] {
  const results = Array<ChangeResult>(count).fill(null);
  let complete = false;
  while (!complete) {
    const datagram = transport.receive();
    if (!Buffer.isBuffer(datagram)) return results.map((result) => result ?? lostAnswer(datagram.errno));
    for (const message of readMessages(datagram)) complete = note(results, sequence, message) || complete;
  }
  return results;
}

/** Enters an answer into the results; true when it is the one to the last message. */
function note(results: ChangeResult[], sequence: number, message: Message): boolean {
  const index = message.sequence - sequence;
  if (message.type !== NLMSG.ERROR || index < 0 || index >= results.length) return false;
  const { errno, message: words } = readAnswer(message);
  if (errno !== 0)
    results[index] = { errno: errnoName(errno), ...(words === undefined ? {} : { message: words }) };
  return index === results.length - 1;
}

/** The change may have taken effect or not; callers that must know read the table again. */
function lostAnswer(errno: string): Refusal {
  return { errno, message: "the kernel's answer was lost" };
}
