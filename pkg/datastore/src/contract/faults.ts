/**
 * Contract: a server that dies and comes back, and connections that break anywhere, cost time and nothing else. Runs where
 * the subject has a `server`.
 *
 * Each pool has one writer, which counts it up by compare-and-swap. A write that ended in `unavailable` may have happened;
 * the writer reads, and goes on from there. Whatever happened, each number is then written exactly once: a watch that
 * misses or repeats anything shows a gap.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Datastore, DatastoreError, type Revision, type WatchEvent } from '../datastore.ts';
import { countOf, pool, poolKey, recount } from './samples.ts';
import { type ContractServer, createPool, failureCode, otherClient, type UseSubject } from './subject.ts';

const POOLS = 4;
const COUNTS = 150;

/** Between two attempts at a store that is away. */
const RETRY_MS = 20;

/** Declares the cases with a server that fails. */
export function describeFaults(use: UseSubject): void {
  const serverOf = (skip: (note: string) => never): ContractServer =>
    use().server ?? skip('this driver has no server');

  describe('a server that is killed and comes back', () => {
    it('costs no watch a change, and no writer an acknowledged write', async (context) => {
      const server = serverOf((note) => context.skip(note));
      await expectCountingThrough(use, async () => {
        await server.kill();
        await server.start();
      });
    }, 180_000);

    it('is `unavailable` while it is away, for reads and writes, and serves the same client again', async (context) => {
      const server = serverOf((note) => context.skip(note));
      const { store } = use();
      const created = await createPool(store, 'a');
      await server.kill();
      const calls = [
        store.get(poolKey('a')),
        store.list('IPPool'),
        store.create(pool('b')),
        recount(store, created, 1),
        store.delete(poolKey('a')),
      ];
      expect(await Promise.all(calls.map(failureCode))).toEqual(calls.map(() => 'unavailable'));
      await server.start();
      expect(await again(() => store.get(poolKey('a')))).toEqual(created);
      expect(await again(() => store.get(poolKey('b')))).toBeUndefined();
    }, 120_000);

    it('ends a waiting watch with `unavailable`, or lets it go on when it is back', async (context) => {
      const server = serverOf((note) => context.skip(note));
      const { store } = use();
      const { revision } = await store.list('IPPool');
      const watching = countsOf(store, revision);
      await createPool(store, 'a');
      await watching.until('a', 0);
      await server.kill();
      await server.start();
      await again(() => store.create(pool('b')));
      await watching.until('b', 0);
      await watching.end();
      expect(watching.told).toEqual(['a 0', 'b 0']);
    }, 120_000);
  });

  describe('connections that are cut anywhere', () => {
    it('cost no watch a change, and no writer an acknowledged write', async (context) => {
      const server = serverOf((note) => context.skip(note));
      const cut = server.cutConnections?.bind(server);
      if (!cut) return context.skip('this driver’s connections cannot be cut');
      await expectCountingThrough(use, cut);
    }, 180_000);
  });
}

/** Counts some pools up while `disturb` is called a few times, and expects every number at every reader, once, in order. */
export async function expectCountingThrough(use: UseSubject, disturb: () => Promise<void>): Promise<void> {
  const { store } = use();
  const clients = [store, await otherClient(use())] as const;
  const { revision } = await store.list('IPPool');
  const readers = clients.map((client) => countsOf(client, revision));
  const names = Array.from({ length: POOLS }, (_, index) => `p${index}`);
  const progress = new Map(names.map((name) => [name, -1]));
  const total = () => [...progress.values()].reduce((sum, count) => sum + count, 0);
  const writing = Promise.all(
    names.map((name, index) => countUp(clients[index % 2] as Datastore, name, progress)),
  );
  try {
    for (const part of [0.2, 0.4, 0.6, 0.8]) {
      while (total() < part * POOLS * COUNTS) await Promise.race([writing, sleep(1)]);
      await disturb();
    }
    await writing;
    for (const reader of readers) await expectAllTold(reader, names);
  } finally {
    await Promise.allSettled([writing, ...readers.map((reader) => reader.end())]);
  }
}

async function expectAllTold(reader: ReturnType<typeof countsOf>, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await reader.until(name, COUNTS);
    expect(reader.told.filter((line) => line.startsWith(`${name} `))).toEqual(
      Array.from({ length: COUNTS + 1 }, (_, count) => `${name} ${count}`),
    );
  }
}

/** Creates the pool and counts it up; what `unavailable` left open is decided by reading. */
async function countUp(store: Datastore, name: string, progress: Map<string, number>): Promise<void> {
  while ((progress.get(name) ?? -1) < COUNTS) {
    const current = await again(() => store.get(poolKey(name)));
    const count = current ? countOf(current) : -1;
    // An acknowledged number never goes back, and an open one is one ahead at most.
    expect([0, 1]).toContain(count - (progress.get(name) ?? -1));
    progress.set(name, count);
    if (count === COUNTS) return;
    const outcome = await unlessAway(current ? recount(store, current, count + 1) : store.create(pool(name)));
    if (outcome?.kind === 'written') progress.set(name, count + 1);
  }
}

/** A reader that goes on after each failure from the last event it saw, or from a new list when that is compacted. */
function countsOf(store: Datastore, since: Revision) {
  const stop = new AbortController();
  const told: string[] = [];
  const last = new Map<string, number>();
  const tell = (name: string, count: number) => {
    told.push(`${name} ${count}`);
    last.set(name, count);
  };
  const reading = (async () => {
    let place = since;
    while (!stop.signal.aborted) {
      try {
        for await (const event of store.watch('IPPool', place, stop.signal)) {
          tell(...nameAndCount(event));
          place = event.revision;
        }
      } catch (error) {
        if (!(error instanceof DatastoreError)) throw error;
        if (error.code === 'compacted') place = await again(() => relist(store, last, tell));
        else if (error.code !== 'unavailable') throw error;
        await sleep(RETRY_MS);
      }
    }
  })();
  return {
    told,
    /** Waits until the pool was told with this number; a reader that fails fails the wait. */
    until: async (name: string, count: number) => {
      while ((last.get(name) ?? -1) < count) await Promise.race([reading, sleep(5)]);
    },
    end: async () => {
      stop.abort();
      await reading;
    },
  };
}

function nameAndCount(event: WatchEvent<'IPPool'>): [string, number] {
  if (event.kind === 'delete') throw new Error(`Nobody deleted ${event.key.name}.`);
  return [event.resource.metadata.name, countOf(event.resource)];
}

/** What a list shows of numbers that were not told stands for all of them up to it: nobody can know the others. */
async function relist(
  store: Datastore,
  last: ReadonlyMap<string, number>,
  tell: (name: string, count: number) => void,
): Promise<Revision> {
  const { items, revision } = await store.list('IPPool');
  for (const item of items) {
    const { name } = item.metadata;
    for (let count = (last.get(name) ?? -1) + 1; count <= countOf(item); count++) tell(name, count);
  }
  return revision;
}

/** The answer, as soon as the store is there. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await unlessAway(ask().then((value) => ({ value })));
    if (answer) return answer.value;
    await sleep(RETRY_MS);
  }
}

/** Undefined for `unavailable`; every other failure is one. */
async function unlessAway<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof DatastoreError && error.code === 'unavailable') return undefined;
    throw error;
  }
}
