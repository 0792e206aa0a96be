/**
 * The main thread's hold on the BFD thread.
 *
 * Packets every 50 ms cannot wait until a garbage collection or a table of a million routes is done. So sessions and
 * their sockets live in a thread of their own, which hears what to watch and tells nothing but changes; what it counts
 * stands in shared memory. It starts with the first session.
 */

import { randomInt } from 'node:crypto';
import { closeSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Address } from '@weft/ip';
import { BFD_COUNTERS, type BfdSessionConfig } from '../../bfd/types.ts';
import { eventfd } from '../syscalls.ts';
import type { BfdCommand, BfdNews, BfdThreadData } from './messages.ts';

/** Longest wait for the thread's end. */
const STOP_LIMIT_MS = 1000;
/** Longest wait for the thread's end while the process ends. */
const EXIT_LIMIT_MS = 200;
/** What an eventfd(2) takes: a number of eight octets. */
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

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
  #running: RunningThread | undefined;
  #dead = false;

  constructor(listener: BfdThreadListener) {
    this.#listener = listener;
  }

  /** Begins a session, or changes the one with this peer. */
  open(session: BfdSessionConfig): void {
    if (this.#dead) return;
    const known = this.#counters.get(session.peer);
    const counters = known ?? new Uint32Array(new SharedArrayBuffer(4 * BFD_COUNTERS));
    this.#counters.set(session.peer, counters);
    this.#running ??= this.#start();
    this.#running?.post({ kind: 'open', session, counters });
  }

  /** Ends a session; its peer is told that this is on purpose. */
  close(peer: Address): void {
    this.#counters.delete(peer);
    this.#running?.post({ kind: 'close', peer });
  }

  /** What a session has counted so far, as `BfdCounter` says. */
  counters(peer: Address): Readonly<Uint32Array> | undefined {
    return this.#counters.get(peer);
  }

  /** Tells all peers AdminDown and ends the thread. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    this.#counters.clear();
    await running?.stop();
  }

  #start(): RunningThread | undefined {
    const wake = eventfd();
    if (!wake.ok) {
      this.#die(`eventfd: ${wake.errno}`);
      return undefined;
    }
    const running: RunningThread = new RunningThread(wake.value, this.#listener.news, (error) => {
      if (this.#running === running) this.#die(error);
    });
    return running;
  }

  #die(error: string): void {
    this.#running = undefined;
    this.#dead = true;
    this.#counters.clear();
    this.#listener.died(error);
  }
}

/** A worker that sleeps in poll(2): whoever posts to it must wake it. */
class RunningThread {
  readonly #wake: number;
  readonly #ended: Int32Array = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #exit: Promise<void>;
  /** Node waits for its threads when the process ends: the thread must not sleep on. */
  readonly #atExit = (): void => {
    this.post({ kind: 'stop' });
    Atomics.wait(this.#ended, 0, 0, EXIT_LIMIT_MS);
  };

  /** @param wake an eventfd(2), closed when the thread is gone */
  constructor(wake: number, news: (news: BfdNews) => void, died: (error: string) => void) {
    this.#wake = wake;
    const workerData: BfdThreadData = { seed: randomInt(2 ** 32), wake, ended: this.#ended };
    this.#worker = new Worker(threadFile(), { name: 'bfd', workerData });
    this.#worker.unref();
    this.#worker.on('message', news);
    this.#worker.on('error', (error: Error) => died(error.message));
    process.once('exit', this.#atExit);
    this.#exit = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        process.off('exit', this.#atExit);
        closeSync(wake);
        resolve();
      });
    });
  }

  post(command: BfdCommand): void {
    this.#worker.postMessage(command);
    writeSync(this.#wake, ONE);
  }

  async stop(): Promise<void> {
    this.post({ kind: 'stop' });
    const limit = setTimeout(() => void this.#worker.terminate(), STOP_LIMIT_MS);
    await this.#exit;
    clearTimeout(limit);
  }
}

/** Where the thread's code is: from the sources a file beside this one, else the second file of the bundle. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './bfd-thread.mjs', import.meta.url);
}
