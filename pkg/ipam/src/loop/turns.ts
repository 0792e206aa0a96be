/**
 * Lets the operations of one process take turns on one block, so that they do not spend their compare-and-swap
 * attempts on each other. It is a courtesy, not a lock: correctness rests on the store alone.
 *
 * The queue holds one entry per operation that is under way, so its callers bound it.
 */
export class Turns {
  /** Per key, what resolves when the last one in the queue has finished. */
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `work` after everything that asked for the same key before. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key);
    const { promise: after, resolve: finish } = Promise.withResolvers<void>();
    this.#tails.set(key, after);
    try {
      await before;
      return await work();
    } finally {
      if (this.#tails.get(key) === after) this.#tails.delete(key);
      finish();
    }
  }
}
