/**
 * A netlink transport that answers what a test has written down.
 */
import type { NetlinkTransport } from './socket.ts';

/** Gives its answers one by one, and keeps what was sent. An answer may be made from the datagram sent last. */
export class ScriptedTransport implements NetlinkTransport {
  readonly sent: Buffer[] = [];
  readonly #answers: (Buffer | { readonly errno: string } | ((sent: Buffer) => Buffer))[];

  constructor(answers: (Buffer | { readonly errno: string } | ((sent: Buffer) => Buffer))[]) {
    this.#answers = answers;
  }

  send(datagram: Buffer): string | undefined {
    this.sent.push(Buffer.from(datagram));
    return undefined;
  }

  receive(): Buffer | { readonly errno: string } {
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Error('the script has no more answers');
    return typeof answer === 'function' ? answer(this.sent.at(-1) ?? Buffer.alloc(0)) : answer;
  }
}

/** One message. */
export function message(
  type: number,
  flags: number,
  sequence: number,
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(16), payload]);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(type, 4);
  bytes.writeUInt16LE(flags, 6);
  bytes.writeUInt32LE(sequence, 8);
  return bytes;
}

/** The payload of an NLMSG_ERROR (0 is an acknowledgement) or of an NLMSG_DONE. */
export function errorPayload(errno: number): Buffer {
  const payload = Buffer.alloc(20);
  payload.writeInt32LE(-errno, 0);
  return payload;
}
