/**
 * One TCP connection: bytes in as they come, bytes out once per turn, and an end that is reported once.
 *
 * What is sent in one turn of the event loop leaves as one write. What the kernel does not take at once is kept by the
 * socket and its amount is reported, so that the speaker can stop feeding a peer that does not read. A close sends
 * what is waiting, then a FIN, and reads on for a moment: a socket closed with unread input sends a reset, which can
 * overtake a NOTIFICATION.
 */

import type { Socket } from 'node:net';
import type { ConnectionEnds } from '../speaker/events.ts';
import { fromNodeAddress } from './socket-address.ts';
import { descriptorOf } from './socket-descriptor.ts';
import { send, unacknowledgedBytes } from './syscalls.ts';

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** What one read takes at the most; after less than that the socket is empty. */
const WHOLE_READ_BYTES = 65_536;

/** How long a closed connection may take to send its last bytes, in ms. */
const LINGER_MS = 2000;

/** Who hears of a connection. */
export interface TcpConnectionListener {
  received(bytes: Uint8Array): void;
  /** Told once, and never after `close`. */
  closed(error: string | undefined): void;
  /** How many bytes the kernel has not taken; told when there are some, and when they are gone. */
  outstanding(bytes: number): void;
}

/** A connected socket. */
export class TcpConnection {
  readonly ends: ConnectionEnds;
  /** Resolves when the socket is gone. */
  readonly gone: Promise<void>;
  readonly #socket: Socket;
  readonly #listener: TcpConnectionListener;
  /** Good for as long as the socket is not destroyed. */
  readonly #fd: number;
  #queue: Uint8Array[] = [];
  #reportedOutstanding = 0;
  #sentBytes = 0;
  /** Nothing is reported any more: it was closed here, or its end was reported. */
  #silent = false;
  #error: string | undefined;

  constructor(socket: Socket, listener: TcpConnectionListener) {
    this.#socket = socket;
    this.#listener = listener;
    this.#fd = descriptorOf(socket);
    const { localPort, remotePort } = socket;
    this.ends = { localAddress: fromNodeAddress(socket.localAddress), localPort, remotePort };
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes) => {
      if (!this.#silent) listener.received(bytes);
      if (bytes.length >= WHOLE_READ_BYTES) this.#rest();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#error = error.code ?? error.message;
    });
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }

  /**
   * Lets everybody else have a turn. A socket with more to read than one read takes would be read 32 times before timers
   * and other sockets are looked at: 2 MiB of routes, a quarter of a second.
   */
  #rest(): void {
    this.#socket.pause();
    setImmediate(() => this.#socket.resume());
  }

  /** Puts bytes into the next write. */
  queue(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  /** Writes what was queued. */
  flush(): void {
    const parts = this.#queue;
    if (parts.length === 0 || this.#socket.destroyed) return;
    this.#queue = [];
    const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
    this.#sentBytes += bytes.length;
    const rest = bytes.subarray(this.#sendNow(bytes));
    if (rest.length === 0) return;
    this.#socket.write(rest, () => this.#reportOutstanding());
    this.#reportOutstanding();
  }

  /** How many bytes `flush` has written so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** How many of them the peer's TCP has acknowledged, at the least. One system call. */
  acknowledgedBytes(): number {
    const { destroyed, writableLength } = this.#socket;
    const unacknowledged = destroyed ? undefined : unacknowledgedBytes(this.#fd);
    return unacknowledged === undefined ? 0 : this.#sentBytes - writableLength - unacknowledged;
  }

  /**
   * Hands the kernel what it takes at once, past Node's stream, whose objects cost as much as the system call.
   *
   * @returns how many bytes it took; 0 also after an error, which the stream then meets and reports
   */
  #sendNow(bytes: Uint8Array): number {
    if (this.#socket.writableLength > 0 || this.#fd < 0) return 0;
    return Math.max(0, send(this.#fd, bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  /** Sends what is queued and ends the connection; nothing is reported after it. */
  close(): void {
    this.flush();
    this.#silent = true;
    if (this.#socket.destroyed) return;
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once('close', () => clearTimeout(timer));
  }

  /** Drops a closed connection before its time to linger is over. */
  abandon(): void {
    this.#socket.destroy();
  }

  /** Reports a change of what waits; a connection that never waits is never reported. */
  #reportOutstanding(): void {
    const bytes = this.#socket.writableLength;
    if (this.#silent || bytes === this.#reportedOutstanding) return;
    this.#reportedOutstanding = bytes;
    this.#listener.outstanding(bytes);
  }

  /** The peer's FIN ends a BGP connection as well as any error: there is nothing left to say to it. */
  #ended(): void {
    if (!this.#silent) {
      this.#silent = true;
      this.#listener.closed(this.#error);
    }
    this.#socket.destroy();
  }
}
