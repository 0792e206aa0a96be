/** Following a kind through compaction and failures, with time and chance in the test's hand. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { poolKey } from './contract/samples.ts';
import { createPool, take } from './contract/subject.ts';
import { type Datastore, DatastoreError } from './datastore.ts';
import { type FollowEvent, follow, type Pacing } from './follow.ts';
import { createMemoryStore } from './memory/memory-store.ts';

describe('follow', () => {
  it('yields a snapshot, then every change', async () => {
    const { store, events } = followPools();
    await createPool(store, 'a');
    expect((await take(events, 1)).map(tellFollowed)).toEqual(['snapshot a']);
    await createPool(store, 'b');
    await store.delete(poolKey('a'));
    expect((await take(events, 2)).map(tellFollowed)).toEqual(['put b', 'delete a']);
  });

  it('lists again when its history was compacted', async () => {
    const { store, events } = followPools({ historyChanges: 4 });
    await take(events, 1);
    await createPool(store, 'a');
    await take(events, 1);
    for (const name of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) await createPool(store, name);
    expect((await take(events, 2)).map(tellFollowed)).toEqual([
      'interrupted compacted',
      'snapshot a b c d e f g h i',
    ]);
  });

  it('waits longer after each failure in a row, up to ten seconds, each pause from its upper half', async () => {
    const failing = Array.from({ length: 9 }, () => new DatastoreError('unavailable', 'away'));
    const { pauses, events } = followPools({ failing, random: () => 0.5 });
    await take(events, 10);
    expect(pauses).toEqual([75, 150, 300, 600, 1200, 2400, 4800, 7500, 7500]);
  });

  it.each([
    [0, 50],
    [0.99, 100],
  ])('spreads the first pause: chance %d makes it %d ms', async (chance, pause) => {
    const failing = [new DatastoreError('unavailable', 'away')];
    const { pauses, events } = followPools({ failing, random: () => chance });
    await take(events, 2);
    expect(pauses).toEqual([pause]);
  });

  it('begins with the shortest pause again after a healthy watch', async () => {
    const failure = () => new DatastoreError('unavailable', 'away');
    const { clock, store, pauses, events, breakWatch } = followPools({ failing: [failure(), failure()] });
    await take(events, 3);
    await createPool(store, 'a');
    await take(events, 1);
    clock.now += 30_000;
    breakWatch(failure());
    await take(events, 2);
    expect(pauses).toEqual([100, 200, 100]);
  });

  it('tells which failure it waits out, and for how long', async () => {
    const error = new DatastoreError('unavailable', 'away');
    const { events } = followPools({ failing: [error] });
    expect(await take(events, 1)).toEqual([{ kind: 'interrupted', error, retryInMs: 100 }]);
  });

  it.each(['closed', 'corrupt', 'newer-version'] as const)(
    'passes on `%s`, which no waiting mends',
    async (code) => {
      const { events } = followPools({ failing: [new DatastoreError(code, 'no')] });
      await expect(events.next()).rejects.toMatchObject({ code });
    },
  );

  it('passes on a programmer’s mistake', async () => {
    const { events } = followPools({ failing: [new TypeError('oops')] });
    await expect(events.next()).rejects.toThrow('oops');
  });

  it('ends when the signal aborts, also during a pause', async () => {
    const { stop, events } = followPools({
      failing: [new DatastoreError('unavailable', 'away')],
      sleep: (_, signal) => new Promise((done) => signal.addEventListener('abort', () => done())),
    });
    await take(events, 1);
    const pending = events.next();
    stop.abort();
    expect((await pending).done).toBe(true);
  });
});

interface Scene extends Partial<Pacing> {
  /** What the first lists throw, in order. */
  readonly failing?: readonly Error[];
  readonly historyChanges?: number;
}

function followPools({ failing = [], historyChanges = 100, ...pacing }: Scene = {}) {
  const store = createMemoryStore({ now: () => 0, uuid: () => 'uid', historyChanges });
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const clock = { now: 0 };
  const pauses: number[] = [];
  const sleep = async (ms: number) => void pauses.push(ms);
  const breaking = new AbortController();
  const shaky = troubled(store, [...failing], breaking.signal);
  const test = { now: () => clock.now, random: () => 1, sleep, ...pacing };
  const events = follow(shaky, 'IPPool', stop.signal, {}, test);
  return { store, stop, clock, pauses, events, breakWatch: (reason: Error) => breaking.abort(reason) };
}

/** The store, but its first lists fail, and its first watch fails when `breaking` aborts. */
function troubled(store: Datastore, failures: Error[], breaking: AbortSignal): Datastore {
  return new Proxy(store, {
    get(target, method: Exclude<keyof Datastore, 'ownedElsewhere' | 'pages'>) {
      if (method === 'list' && failures.length > 0) return () => Promise.reject(failures.shift());
      if (method === 'watch' && !breaking.aborted) {
        return (...args: Parameters<Datastore['watch']>) => breakable(target, args, breaking);
      }
      return target[method].bind(target);
    },
  });
}

async function* breakable(store: Datastore, args: Parameters<Datastore['watch']>, breaking: AbortSignal) {
  const [kind, since, signal] = args;
  yield* store.watch(kind, since, AbortSignal.any([signal, breaking]));
  if (breaking.aborted) throw breaking.reason;
}

function tellFollowed(event: FollowEvent<'IPPool'>): string {
  switch (event.kind) {
    case 'snapshot':
      return `snapshot ${event.items.map((item) => item.metadata.name).join(' ')}`;
    case 'put':
      return `put ${event.resource.metadata.name}`;
    case 'delete':
      return `delete ${event.key.name}`;
    case 'interrupted':
      return `interrupted ${event.error.code}`;
  }
}
