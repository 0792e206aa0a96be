/**
 * One after the other: operations on the same thing wait for each other, others do not.
 */

/** The queues, by the name of the thing. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Whether an operation on that thing has been asked for and has not ended. */
  isTaken(name: string): boolean {
    return this.#last.has(name);
  }

  /** Runs the operation when all that were asked for before it on one of the same things have ended. */
  async run<T>(names: readonly string[], operation: () => Promise<T>): Promise<T> {
    const before = Promise.allSettled(names.map((name) => this.#last.get(name)));
    const mine = before.then(operation);
    for (const name of names) this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      for (const name of names) if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }
}
