/**
 * Watches that a daemon keeps routes while something else happens: it asks again and again, without a pause.
 */
import type { Daemon } from './daemon.ts';

/** A watch that goes on until `end`. */
export class RouteWatch {
  readonly #daemon: Daemon;
  readonly #prefixes: readonly string[];
  readonly #lost: Set<string> = new Set();
  readonly #done: Promise<void>;
  #looks = 0;
  #ended = false;

  /** @param prefixes what the daemon must have at every look */
  constructor(daemon: Daemon, prefixes: readonly string[]) {
    this.#daemon = daemon;
    this.#prefixes = prefixes;
    this.#done = this.#watch();
    // An error is told by `end`.
    this.#done.catch(() => {});
  }

  /** Ends the watch: what was missing at some look, and how often it looked. */
  async end(): Promise<{ readonly lost: readonly string[]; readonly looks: number }> {
    this.#ended = true;
    await this.#done;
    return { lost: [...this.#lost].toSorted(), looks: this.#looks };
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      const present = new Set((await this.#daemon.routes()).map(({ prefix }) => prefix));
      for (const prefix of this.#prefixes) if (!present.has(prefix)) this.#lost.add(prefix);
      this.#looks += 1;
    }
  }
}
