/**
 * One after the other: operations on the same thing wait for each other, others do not.
 */

/** The queues, by the name of the thing. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the operation when all that were asked for before it on the same thing have ended. */
  async run<T>(name: string, operation: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(operation, operation);
    this.#last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === mine) this.#last.delete(name);
    }
  }
}
