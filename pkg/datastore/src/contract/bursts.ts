/**
 * Contract: 10,000 changes as fast as the store takes them, or as many as it takes in a minute. A reader that keeps up, one that reads an event a turn, and one
 * that stops reading until all is written either see every change or are told `compacted`; none makes the driver hold what
 * it has not read.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type Datastore, DatastoreError, type WatchEvent } from '../datastore.ts';
import { countOf, pool, recount } from './samples.ts';
import { createPool, type UseSubject, written } from './subject.ts';

const WRITERS = 20;
const CHANGES_EACH = 500;
const LONGEST_MS = 60_000;

/** So large that 10,000 unread values, 40 MB and more, cannot hide within what a process uses anyway. */
const FILLER = 'x'.repeat(4096);
const MOST_HELD_BYTES = 20_000_000;

/** Declares the cases with a burst of writes. */
export function describeBursts(use: UseSubject): void {
  describe('10,000 changes at once', () => {
    it('reach every reader, in order and whole, or it is told that the history is compacted', async () => {
      const { store, keepsHistoryInProcess } = use();
      const stop = new AbortController();
      const { revision } = await store.list('IPPool');
      const watch = () => store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]();
      const idle = watch();
      const before = await heapBytes();
      const keepingUp = follow(watch(), async () => {});
      const slow = follow(watch(), async () => turn());
      const first = idle.next();
      const deadline = performance.now() + LONGEST_MS;
      const names = Array.from({ length: WRITERS }, (_, writer) => `w${writer}`);
      const counts = await Promise.all(names.map((name) => writeMany(store, name, deadline)));
      await createPool(store, 'end');
      const expected = new Map(names.map((name, writer) => [name, counts[writer]]));
      for (const seen of await Promise.all([keepingUp, slow])) expect(seen ?? expected).toEqual(expected);
      if (!keepsHistoryInProcess) expect((await heapBytes()) - before).toBeLessThan(MOST_HELD_BYTES);
      await first;
      const seen = await follow(idle, async () => {}, await first);
      expect(seen ?? expected).toEqual(expected);
      stop.abort();
    }, 180_000);
  });
}

/** The last number that was written. */
async function writeMany(store: Datastore, name: string, deadline: number): Promise<number> {
  const { metadata, ...rest } = pool(name);
  const annotations = { ...metadata.annotations, filler: FILLER };
  let current = written(await store.create({ ...rest, metadata: { ...metadata, annotations } }));
  for (let count = 1; count < CHANGES_EACH && performance.now() < deadline; count++) {
    current = written(await recount(store, current, count));
    // A store that answers without waiting for anything would not let the readers have a turn.
    if (count % 10 === 0) await turn();
  }
  return countOf(current);
}

/** Reads to the end, expecting of each pool the counts 0, 1, 2 …, and returns the last ones; undefined when it was `compacted`. */
async function follow(
  events: AsyncIterator<WatchEvent<'IPPool'>>,
  pause: () => Promise<void>,
  first?: IteratorResult<WatchEvent<'IPPool'>>,
): Promise<Map<string, number> | undefined> {
  const seen = new Map<string, number>();
  try {
    for (let next = first ?? (await events.next()); !next.done; next = await events.next()) {
      const event: WatchEvent<'IPPool'> = next.value;
      if (event.kind !== 'put') throw new Error('Nothing was deleted.');
      const { name } = event.resource.metadata;
      if (name === 'end') break;
      expect(countOf(event.resource)).toBe((seen.get(name) ?? -1) + 1);
      seen.set(name, countOf(event.resource));
      await pause();
    }
  } catch (error) {
    if (error instanceof DatastoreError && error.code === 'compacted') return undefined;
    throw error;
  }
  return seen;
}

/**
 * What this process holds, and not what it has not got round to forgetting: native objects, as Node's HTTP/2 streams are, go in
 * turns of the event loop after the collection that found them unused.
 */
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 4; round++) {
    collect();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
