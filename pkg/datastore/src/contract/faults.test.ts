/** The cases about failing servers, against a simulated one that fails as they say, and one that fails them. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Datastore, DatastoreError } from '../datastore.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { describeFaults, expectCountingThrough } from './faults.ts';
import { type ContractSubject, currentSubject } from './subject.ts';

describe('memory behind a server that fails', () => {
  const holder = currentSubject();
  beforeEach(() => holder.set(failingSubject()));
  afterEach(() => holder.get().dispose());
  describeFaults(holder.get);
});

describe('the contract about failing servers', () => {
  it.each(['repeats', 'misses', 'forgets writes'] as const)('catches a driver that %s', async (fault) => {
    const subject = failingSubject(fault);
    const cut = async () => subject.server?.cutConnections?.();
    await expect(expectCountingThrough(() => subject, cut)).rejects.toThrow(/expected/);
    await subject.dispose();
  });
});

type Fault = 'repeats' | 'misses' | 'forgets writes';

/**
 * A memory store behind a connection. While the server is killed every call is `unavailable`; a cut loses the answers of the
 * calls under way, half of them after they took effect. `fault` is what the driver does wrong after a cut.
 */
function failingSubject(fault?: Fault): ContractSubject {
  let made = 0;
  const store = createMemoryStore({
    now: Date.now,
    uuid: () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
  });
  let isUp = true;
  let connection = new AbortController();
  let calls = 0;
  const cut = () => {
    connection.abort();
    connection = new AbortController();
  };
  const call = async <T>(perform: () => Promise<T>): Promise<T> => {
    const { signal } = connection;
    const isLostBefore = ++calls % 2 === 0;
    await new Promise((done) => setImmediate(done));
    if (!isUp || (signal.aborted && isLostBefore)) throw away();
    const answer = await perform();
    if (signal.aborted) throw away();
    return answer;
  };
  const client: Datastore = {
    get: (key) => call(() => store.get(key)),
    list: (kind, options) => call(() => store.list(kind, options)),
    create: (resource) => call(() => store.create(resource)),
    update: (resource) =>
      fault === 'forgets writes' && calls > 600
        ? Promise.resolve({ kind: 'written', resource } as never)
        : call(() => store.update(resource)),
    delete: (key, revision) => call(() => store.delete(key, revision)),
    async *watch(kind, since, signal) {
      if (!isUp) throw away();
      const { signal: broken } = connection;
      const isFirst = since === '0';
      let place = since;
      if (!isFirst && fault === 'repeats') place = String(Number(since) - 1);
      if (!isFirst && fault === 'misses') place = String(Number(since) + 1);
      yield* store.watch(kind, place, AbortSignal.any([signal, broken]));
      if (broken.aborted && !signal.aborted) throw away();
    },
    close: () => store.close(),
  };
  return {
    store: client,
    namespaces: true,
    keepsHistoryInProcess: true,
    server: {
      kill: async () => {
        isUp = false;
        cut();
      },
      start: async () => {
        isUp = true;
      },
      cutConnections: async () => cut(),
    },
    dispose: () => store.close(),
  };
}

function away(): DatastoreError {
  return new DatastoreError('unavailable', 'The server is away.');
}
