/**
 * The connection to one BMP collector: it is kept up, fed, and given up when the collector does not read.
 *
 *     no connection ──connect──▶ Initiation, Peer Ups ──▶ dump, slice by slice, changes between ──▶ changes
 *           ▲                                                                                         │
 *           └────── wait: 1 s after the first failure, doubled up to 60 s ◀── closed, or not read ────┘
 *
 * BGP never waits for a collector. The dump pauses while more than `DUMP_PAUSE_BYTES` are unread; changes are queued
 * whatever is unread, until that is `UNREAD_LIMIT_BYTES`. Then the connection is dropped, its memory is free, and the
 * collector gets a new dump when it is back: a collector that never reads costs at most that much.
 */

import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { TerminationReason } from '../bmp/session-messages.ts';
import type { BmpStation } from '../speaker/bmp-station.ts';
import type { BmpCollector } from '../speaker/config.ts';

/** Unread bytes above which the dump waits. */
const DUMP_PAUSE_BYTES = 1024 * 1024;
/** Most bytes a collector may leave unread, in our memory; what the kernel holds is not counted. */
export const UNREAD_LIMIT_BYTES: number = 32 * 1024 * 1024;

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
const STATISTICS_SECONDS = 60;
/** How long a collector may take to read the last bytes, in ms. */
const LINGER_MS = 1000;

/** What happens to a collector's connection. */
export type BmpReport =
  | { readonly kind: 'bmp-connected'; readonly collector: string }
  /** The connection could not be made or has ended; the next attempt follows after the wait. */
  | {
      readonly kind: 'bmp-lost';
      readonly collector: string;
      readonly cause: string;
      readonly retryMs: number;
    };

/** What a client needs of the server. */
export interface BmpHost {
  /** Makes the station of a connection, which writes where it is told to. */
  monitor(collector: BmpCollector, write: (message: Uint8Array) => void): BmpStation;
  report(report: BmpReport): void;
}

/** Tells one collector, from its making until it is stopped. */
export class BmpClient {
  readonly #collector: BmpCollector;
  readonly #name: string;
  readonly #host: BmpHost;
  #feeder: Feeder | undefined;
  #waitMs = FIRST_WAIT_MS;
  #retry: NodeJS.Timeout | undefined;

  constructor(collector: BmpCollector, host: BmpHost) {
    this.#collector = collector;
    this.#name = `${collector.address} port ${collector.port}`;
    this.#host = host;
    this.#connect();
  }

  /** Says goodbye and closes; resolves when the connection is gone, after a second at the latest. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    const feeder = this.#feeder;
    this.#feeder = undefined;
    await feeder?.terminate();
  }

  #connect(): void {
    const { address, port } = this.#collector;
    const begun = performance.now();
    const feeder = new Feeder(connect({ host: address, port }), {
      connected: (write) => {
        this.#host.report({ kind: 'bmp-connected', collector: this.#name });
        return this.#host.monitor(this.#collector, write);
      },
      ended: (cause) => {
        if (this.#feeder !== feeder) return;
        if (performance.now() - begun > LONGEST_WAIT_MS) this.#waitMs = FIRST_WAIT_MS;
        this.#retryLater(cause);
      },
      statisticsMs: (this.#collector.statisticsSeconds ?? STATISTICS_SECONDS) * 1000,
    });
    this.#feeder = feeder;
  }

  #retryLater(cause: string): void {
    this.#host.report({ kind: 'bmp-lost', collector: this.#name, cause, retryMs: this.#waitMs });
    this.#retry = setTimeout(() => this.#connect(), this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, LONGEST_WAIT_MS);
  }
}

interface FeederOptions {
  /** Makes the station once the connection is there. */
  connected(write: (message: Uint8Array) => void): BmpStation;
  /** Told once. */
  ended(cause: string): void;
  readonly statisticsMs: number;
}

/** One connection and its station. */
class Feeder {
  readonly #socket: Socket;
  readonly #options: FeederOptions;
  readonly #gone: Promise<void>;
  #station: BmpStation | undefined;
  #statistics: NodeJS.Timeout | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #dumping = true;
  #turn: NodeJS.Immediate | undefined;
  #cause: string | undefined;

  constructor(socket: Socket, options: FeederOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once('connect', () => this.#begin());
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= error.code ?? error.message;
    });
    socket.on('close', () => this.#end(this.#cause ?? 'the collector closed the connection'));
    // A collector says nothing (RFC 7854 §3.2); what it sends is read and forgotten, so that its FIN is seen.
    socket.resume();
  }

  /** Tells the collector that this was on purpose. */
  async terminate(): Promise<void> {
    this.#station?.terminate(TerminationReason.administrativelyClosed);
    this.#writeQueue();
    this.#release();
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    if (this.#socket.connecting) this.#socket.destroy();
    await this.#gone;
    clearTimeout(timer);
  }

  #begin(): void {
    this.#station = this.#options.connected((message) => this.#enqueue(message));
    this.#statistics = setInterval(() => this.#station?.reportStatistics(), this.#options.statisticsMs);
    this.#schedule();
  }

  /** Called in the middle of the speaker's work: what has to be done beyond keeping the bytes is done later. */
  #enqueue(message: Uint8Array): void {
    if (this.#cause !== undefined) return;
    this.#queue.push(message);
    this.#queuedBytes += message.length;
    if (this.#unreadBytes > UNREAD_LIMIT_BYTES) this.#cause = 'the collector does not read';
    this.#schedule();
  }

  get #unreadBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  #schedule(): void {
    this.#turn ??= setImmediate(() => this.#runTurn());
  }

  #runTurn(): void {
    this.#turn = undefined;
    if (this.#cause !== undefined) {
      this.#socket.destroy();
      return;
    }
    if (this.#dumping && this.#unreadBytes <= DUMP_PAUSE_BYTES) {
      this.#dumping = this.#station?.continueDump() ?? false;
      if (this.#dumping) this.#schedule();
    }
    this.#writeQueue();
  }

  /** Hands over what is queued as one write; when it was taken, the dump may go on. */
  #writeQueue(): void {
    if (this.#queue.length === 0) return;
    const messages = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#socket.write(Buffer.concat(messages), () => {
      if (this.#dumping && this.#station !== undefined) this.#schedule();
    });
  }

  #release(): void {
    clearInterval(this.#statistics);
    clearImmediate(this.#turn);
    this.#station?.detach();
    this.#station = undefined;
    this.#queue = [];
    this.#queuedBytes = 0;
  }

  #end(cause: string): void {
    this.#release();
    this.#options.ended(cause);
  }
}
