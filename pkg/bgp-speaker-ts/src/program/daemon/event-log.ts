/**
 * Events as JSON lines on a file descriptor, without ever making the event loop wait for a slow reader.
 *
 * Node writes to a pipe synchronously; a reader that stops would stop every BGP session. Lines are therefore collected
 * and written by one asynchronous call at a time; what does not fit is dropped and counted.
 */

import { write } from 'node:fs';

/** Lines that wait for a slow reader before further ones are dropped. */
const MAX_WAITING_LINES = 10_000;

/** A stream of events. */
export class EventLog {
  readonly #fd: number;
  #waiting: string[] = [];
  #dropped = 0;
  #writing: Promise<void> | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Writes one event; its values must survive JSON. */
  tell(event: string, values: Readonly<Record<string, unknown>> = {}): void {
    if (this.#waiting.length >= MAX_WAITING_LINES) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(line(event, values));
    this.#writing ??= this.#drain();
  }

  /** Resolves when all is written. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // What else is told in this turn goes along.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      if (this.#dropped > 0) lines.push(line('events-dropped', { count: this.#dropped }));
      this.#dropped = 0;
      await this.#write(Buffer.from(lines.join('')));
    }
    this.#writing = undefined;
  }

  /** Writes all bytes; a descriptor that takes none any more (EPIPE) loses them, and the speaker goes on. */
  async #write(bytes: Buffer): Promise<void> {
    for (let written = 0; written < bytes.length; ) {
      const count = await new Promise<number>((resolve) =>
        write(this.#fd, bytes, written, (error, length) => resolve(error === null ? length : 0)),
      );
      if (count === 0) return;
      written += count;
    }
  }
}

function line(event: string, values: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ time: new Date().toISOString(), event, ...values })}\n`;
}
