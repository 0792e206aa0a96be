/**
 * One BGP session of the player: as little of a speaker as will do, so that the daemon is what is measured.
 */
import { connect, type Socket } from 'node:net';
import { encodeKeepalive, encodeOpen, MessageFramer, MessageType } from 'bgp-speaker-ts';

const READ_BYTES = 65_536;
const HOLD_SECONDS = 90;
const RETRY_MS = 100;

/** Who hears of a session. */
export interface SessionListener {
  /** The body of an UPDATE, `bytes[start…end)`. */
  update(bytes: Uint8Array, start: number, end: number): void;
  failed(reason: string): void;
}

/** Where a session goes and as whom. */
export interface SessionOptions {
  readonly address: string;
  readonly asn: number;
  readonly daemon: string;
  readonly identifier: number;
}

/** A session from its first packet on. */
export class PlayedSession {
  readonly #options: SessionOptions;
  readonly #listener: SessionListener;
  #framer = new MessageFramer();
  #socket: Socket | undefined;
  #keepalive: NodeJS.Timeout | undefined;
  /** Says that the session is Established, or that it did not come to that. */
  #settle: (established: boolean) => void = () => {};

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Connects until the session is Established: a daemon with a short queue refuses some at first. */
  async open(): Promise<void> {
    while (!(await this.#attempt())) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    this.#keepalive = setInterval(() => this.send(encodeKeepalive()), (HOLD_SECONDS * 1000) / 3);
  }

  /** Sends bytes of whole messages. */
  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** Ends the connection; nothing is reported any more. */
  close(): void {
    clearInterval(this.#keepalive);
    this.#keepalive = undefined;
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
  }

  #attempt(): Promise<boolean> {
    const { address, daemon } = this.#options;
    this.#framer = new MessageFramer();
    const socket = connect({
      host: daemon,
      port: 179,
      localAddress: address,
      noDelay: true,
      onread: {
        buffer: new Uint8Array(READ_BYTES),
        callback: (length, bytes) => {
          this.#receive(bytes.subarray(0, length));
          return true;
        },
      },
    });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.once('connect', () => socket.write(this.#describe()));
    socket.once('close', () => this.#end('the connection is closed'));
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #describe(): Uint8Array {
    const { asn, identifier } = this.#options;
    return encodeOpen({
      version: 4,
      asn,
      holdTimeSeconds: HOLD_SECONDS,
      identifier,
      capabilities: [
        { kind: 'multiprotocol', afi: 1, safi: 1 },
        { kind: 'route-refresh' },
        { kind: 'four-octet-as', asn },
      ],
    });
  }

  #receive(chunk: Uint8Array): void {
    const framer = this.#framer;
    framer.push(chunk);
    while (framer.next()) {
      if (framer.type === MessageType.update) this.#listener.update(framer.bytes, framer.start, framer.end);
      else if (framer.type === MessageType.open) this.send(encodeKeepalive());
      else if (framer.type === MessageType.keepalive) this.#settle(true);
      else this.#end('the daemon has sent a NOTIFICATION');
    }
    if (framer.error !== undefined) this.#end(framer.error.detail);
  }

  /** Before the session is there another attempt follows; after that nothing may end it. */
  #end(reason: string): void {
    if (this.#keepalive !== undefined) this.#listener.failed(reason);
    this.#settle(false);
  }
}
