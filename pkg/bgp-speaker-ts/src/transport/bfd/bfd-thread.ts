/**
 * The main thread's hold on the BFD thread.
 *
 * Packets every 50 ms cannot wait until a garbage collection or a table of a million routes is done. So sessions and
 * their sockets live in a thread of their own, which hears what to watch and tells nothing but changes; what it counts
 * stands in shared memory. It starts with the first session.
 */

import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { Address } from '@weft/ip';
import { BFD_COUNTERS, type BfdSessionConfig } from '../../bfd/types.ts';
import type { BfdCommand, BfdNews, BfdThreadData } from './messages.ts';

/** Longest wait for the thread's end. */
const STOP_LIMIT_MS = 1000;

/** What the owner of the thread hears. */
export interface BfdThreadListener {
  readonly news: (news: BfdNews) => void;
  /** The thread has ended by itself: no session runs any more. */
  readonly died: (error: string) => void;
}

/** The thread, once there is something to watch. */
export class BfdThread {
  readonly #listener: BfdThreadListener;
  readonly #counters: Map<Address, Uint32Array> = new Map();
  #worker: Worker | undefined;
  #exit: Promise<void> = Promise.resolve();

  constructor(listener: BfdThreadListener) {
    this.#listener = listener;
  }

  /** Begins a session, or changes the one with this peer. */
  open(session: BfdSessionConfig): void {
    const known = this.#counters.get(session.peer);
    const counters = known ?? new Uint32Array(new SharedArrayBuffer(4 * BFD_COUNTERS));
    this.#counters.set(session.peer, counters);
    this.#worker ??= this.#start();
    this.#post({ kind: 'open', session, counters });
  }

  /** Ends a session; its peer is told that this is on purpose. */
  close(peer: Address): void {
    this.#counters.delete(peer);
    this.#post({ kind: 'close', peer });
  }

  /** What a session has counted so far, as `BfdCounter` says. */
  counters(peer: Address): Readonly<Uint32Array> | undefined {
    return this.#counters.get(peer);
  }

  /** Tells all peers AdminDown and ends the thread. */
  async stop(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    this.#counters.clear();
    worker.postMessage({ kind: 'stop' } satisfies BfdCommand);
    const limit = setTimeout(() => void worker.terminate(), STOP_LIMIT_MS);
    await this.#exit;
    clearTimeout(limit);
  }

  #post(command: BfdCommand): void {
    this.#worker?.postMessage(command);
  }

  #start(): Worker {
    const workerData: BfdThreadData = { seed: randomInt(2 ** 32) };
    const worker = new Worker(threadFile(), { name: 'bfd', workerData });
    worker.unref();
    worker.on('message', (news: BfdNews) => this.#listener.news(news));
    worker.on('error', (error: Error) => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#listener.died(error.message);
    });
    this.#exit = new Promise((resolve) => worker.once('exit', () => resolve()));
    return worker;
  }
}

/** Where the thread's code is: from the sources a file beside this one, else the second file of the bundle. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './bfd-thread.mjs', import.meta.url);
}
