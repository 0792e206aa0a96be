/**
 * One BGP session of the player: as little of a speaker as will do, so that the daemon is what is measured.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeKeepalive, encodeOpen, MessageFramer, MessageType } from 'bgp-speaker-ts';

const READ_BYTES = 65_536;
const HOLD_SECONDS = 90;

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
  readonly #framer = new MessageFramer();
  readonly #established = Promise.withResolvers<void>();
  #socket: Socket | undefined;
  #keepalive: NodeJS.Timeout | undefined;

  constructor(options: SessionOptions, listener: SessionListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** Connects, and resolves when the session is Established. */
  async open(): Promise<void> {
    const { address, daemon } = this.#options;
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
    socket.on('error', (error) => this.#listener.failed(error.message));
    socket.on('close', () => this.#listener.failed('the daemon has closed the connection'));
    await once(socket, 'connect');
    socket.write(this.#describe());
    await this.#established.promise;
  }

  /** Sends bytes of whole messages. */
  send(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  /** Ends the connection; nothing is reported any more. */
  close(): void {
    clearInterval(this.#keepalive);
    this.#socket?.removeAllListeners('close');
    this.#socket?.destroy();
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
      else this.#handle(framer.type);
    }
    if (framer.error !== undefined) this.#listener.failed(framer.error.detail);
  }

  #handle(type: number): void {
    if (type === MessageType.open) this.send(encodeKeepalive());
    else if (type === MessageType.notification) this.#listener.failed('the daemon has sent a NOTIFICATION');
    else if (type === MessageType.keepalive && this.#keepalive === undefined) {
      this.#keepalive = setInterval(() => this.send(encodeKeepalive()), (HOLD_SECONDS * 1000) / 3);
      this.#established.resolve();
    }
  }
}
