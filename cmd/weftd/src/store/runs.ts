/** Reads a stream ahead of whoever works on it: what has come by then is one run. */

/**
 * Yields the items in their order: each at once, but for those that `begins` a run, which come with all that were there by then, at
 * most `most`. Throws what the stream throws; what came before that and was not yielded is lost.
 *
 * @param open the stream, which ends when its signal aborts
 */
export async function* runsOf<Item>(
  open: (signal: AbortSignal) => AsyncIterable<Item>,
  signal: AbortSignal,
  begins: (item: Item) => boolean,
  most: number,
): AsyncGenerator<readonly Item[], void, undefined> {
  const left = new AbortController();
  const items = open(AbortSignal.any([signal, left.signal]))[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<Item>> => {
    const next = items.next();
    // It may fail while nobody waits for it; who asks next is told.
    next.catch(() => undefined);
    return next;
  };
  try {
    let next = ask();
    for (let first = await next; first.done !== true; first = await next) {
      const run = [first.value];
      for (next = ask(); begins(first.value) && run.length < most; next = ask()) {
        const another = await Promise.race([next, nothingYet()]);
        if (another === undefined || another.done === true) break;
        run.push(another.value);
      }
      yield run;
    }
  } finally {
    left.abort();
    await items.return?.();
  }
}

/** After everything that is on its way within this process. */
function nothingYet(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(() => resolve(undefined)));
}
