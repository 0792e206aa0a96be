/** A datastore that comes up after the daemon, and one that goes away under it. */
import { randomUUID } from 'node:crypto';
import { createMemoryStore, type Datastore, DatastoreError, mirror } from '@weft/datastore';
import { apiVersion } from '@weft/resources';
import { describe, expect, it, vi } from 'vitest';
import { FirstCluster } from './first-cluster.ts';
import { GuardedStore } from './guarded-store.ts';
import { LateStore } from './late-store.ts';
import { type Patience, patiently } from './patience.ts';

const pool = {
  apiVersion,
  kind: 'IPPool',
  metadata: { name: 'pods' },
  spec: { cidr: '10.1.0.0/16' },
} as unknown as Parameters<Datastore['create']>[0];

/** A store that is away until told otherwise, and counts who tried to open it. */
function opener() {
  const store = createMemoryStore({ now: () => 0, uuid: randomUUID });
  const state = { isThere: false, attempts: 0 };
  const late = new LateStore(async () => {
    state.attempts += 1;
    if (!state.isThere) throw new DatastoreError('unavailable', 'Nobody answers at http://127.0.0.1:2379.');
    return store;
  });
  return { late, state, store };
}

describe('a store that is not there yet', () => {
  it('refuses with what opening says, and works from the first time that opening succeeds', async () => {
    const { late, state } = opener();
    await expect(late.list('IPPool')).rejects.toMatchObject({ code: 'unavailable' });
    state.isThere = true;
    expect(await late.create(pool)).toMatchObject({ kind: 'written' });
    expect((await late.list('IPPool')).items).toHaveLength(1);
    expect(state.attempts).toBe(2);
  });

  it('is opened once by all who need it at the same time', async () => {
    const { late, state } = opener();
    state.isThere = true;
    await Promise.all([late.list('IPPool'), late.list('Node'), late.get({ kind: 'Node', name: 'node1' })]);
    expect(state.attempts).toBe(1);
  });

  it('is asked for no more than its reader asked for', async () => {
    const { late, state, store } = opener();
    state.isThere = true;
    const list = vi.spyOn(store, 'list');
    const watch = vi.spyOn(store, 'watch');
    const guarded = new GuardedStore(late, new FirstCluster());
    const selection = { node: 'n1' };
    for (const reader of [late, guarded]) {
      const { revision } = await reader.list('WorkloadEndpoint', selection);
      expect(list).toHaveBeenLastCalledWith('WorkloadEndpoint', selection);
      const stop = new AbortController();
      const event = reader
        .watch('WorkloadEndpoint', revision, stop.signal, selection)
        [Symbol.asyncIterator]()
        .next();
      await vi.waitFor(() => expect(watch).toHaveBeenCalled());
      expect(watch).toHaveBeenLastCalledWith('WorkloadEndpoint', revision, expect.anything(), selection);
      stop.abort();
      await event;
      watch.mockClear();
    }
  });

  it('is mirrored as soon as it comes', async () => {
    const { late, state, store } = opener();
    const changes: string[] = [];
    const copy = mirror(late, ['IPPool'], ({ event }) => {
      changes.push(event.kind);
      if (event.kind === 'interrupted') state.isThere = true;
    });
    await store.create(pool);
    await copy.whenInSync();
    expect(changes.slice(0, 2)).toEqual(['interrupted', 'snapshot']);
    expect(copy.objects('IPPool').size).toBe(1);
    await copy.close();
  });

  it('knows no names where the store behind it knows none', async () => {
    const { late, state } = opener();
    state.isThere = true;
    expect(await late.claimName('node1')).toBeUndefined();
  });

  it('is closed for good', async () => {
    const { late, state } = opener();
    state.isThere = true;
    await late.list('Node');
    await late.close();
    await expect(late.list('Node')).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('patience', () => {
  const pauses: number[] = [];
  const heard: string[] = [];
  const patience: Patience = {
    failed: async ({ message }) => void heard.push(message),
    sleep: async (ms) => pauses.push(ms),
  };

  it('tries again after longer and longer pauses, 5 s at most, until the store lets it', async () => {
    let attempts = 0;
    const attempt = async (): Promise<string> => {
      attempts += 1;
      if (attempts < 8) throw new DatastoreError('unavailable', `attempt ${attempts}`);
      return 'done';
    };
    expect(await patiently(attempt, patience)).toBe('done');
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    expect(heard.at(-1)).toBe('attempt 7');
  });

  it.each([new DatastoreError('newer-version', 'too new'), new TypeError('a mistake')])(
    'has none with %s',
    async (error) => {
      await expect(patiently(() => Promise.reject(error), patience)).rejects.toBe(error);
    },
  );
});
