/**
 * Wakes the watches of one process when something of their kind changed. It carries no changes: a watch that wakes
 * pulls them from the history, so that a slow reader costs no memory.
 */

interface Waiter {
  readonly kind: string;
  readonly resolve: (revision: number) => void;
  readonly reject: (error: unknown) => void;
}

/** Says how far the history is known, and who waits for more. */
export class ChangeFeed {
  #revision = 0;
  #end: { readonly reason: unknown } | undefined;
  readonly #waiters = new Set<Waiter>();

  /** Everything up to here was announced. */
  get revision(): number {
    return this.#revision;
  }

  /** Announces that the history now reaches `revision`, and which kinds changed on the way there. */
  advance(revision: number, changedKinds: ReadonlySet<string>): void {
    const before = this.#revision;
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (changedKinds.has(waiter.kind)) waiter.resolve(before);
    }
  }

  /** Ends every wait with this error; later waits start afresh. */
  fail(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }

  /** Ends every wait with this error, now and for ever: a reader that was busy when it happened learns it, too. */
  end(reason: unknown): void {
    this.#end = { reason };
    this.fail(reason);
  }

  /**
   * Waits for a change of the kind beyond `revision`, or for the signal.
   *
   * @returns a revision up to which the kind did not change while this waited: a watch of a quiet kind moves its
   * place there, or the history it never needed would be forgotten under it
   */
  async wait(kind: string, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return this.#revision;
    if (this.#end) throw this.#end.reason;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const waiter = { kind, resolve, reject };
    const stop = () => resolve(0);
    this.#waiters.add(waiter);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await promise;
    } finally {
      this.#waiters.delete(waiter);
      signal.removeEventListener('abort', stop);
    }
  }
}
