/**
 * Descriptors one thread waits for, and who reads each: poll(2).
 *
 * The thread blocks in the call, so this is for a thread that has nothing else to do. In exchange one system call says which
 * of all sockets have something, without a turn of Node's event loop for each.
 */

import { poll } from '../syscalls.ts';

const POLLIN = 1;
/** `struct pollfd`: descriptor, events wanted, events seen. */
const ENTRY_BYTES = 8;
const EVENTS = 4;
const SEEN = 6;

/** What is waited for. */
export class PollSet {
  readonly #readers: Map<number, () => void> = new Map();
  #entries: DataView = new DataView(new ArrayBuffer(0));

  /** Waits for a descriptor too; `read` must read until nothing is left, or is called again. */
  add(fd: number, read: () => void): void {
    this.#readers.set(fd, read);
    this.#build();
  }

  /** Waits for a descriptor no more; to be called before it is closed. */
  remove(fd: number): void {
    this.#readers.delete(fd);
    this.#build();
  }

  /** Blocks until something can be read or the time is over, and lets all be read that can. */
  wait(timeoutMs: number): void {
    const entries = this.#entries;
    const ready = poll(new Uint8Array(entries.buffer), this.#readers.size, timeoutMs);
    if (!ready.ok || ready.value === 0) return;
    for (let offset = 0; offset < entries.byteLength; offset += ENTRY_BYTES) {
      if (entries.getInt16(offset + SEEN, true) !== 0) this.#readers.get(entries.getInt32(offset, true))?.();
    }
  }

  #build(): void {
    const entries = new DataView(new ArrayBuffer(this.#readers.size * ENTRY_BYTES));
    [...this.#readers.keys()].forEach((fd, index) => {
      entries.setInt32(index * ENTRY_BYTES, fd, true);
      entries.setInt16(index * ENTRY_BYTES + EVENTS, POLLIN, true);
    });
    this.#entries = entries;
  }
}
