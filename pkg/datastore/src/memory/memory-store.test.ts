/** The memory driver: the contract, and what simulations rely on. */
import { describe, expect, it } from 'vitest';
import { datastoreContract } from '../contract/index.ts';
import { peer, poolKey } from '../contract/samples.ts';
import { createPool, take, written } from '../contract/subject.ts';
import { createMemoryStore } from './memory-store.ts';

const HISTORY_CHANGES = 2000;

datastoreContract('memory', async () => {
  const store = makeStore(HISTORY_CHANGES);
  return {
    store,
    namespaces: true,
    keepsHistoryInProcess: true,
    async compact() {
      for (let changes = 0; changes < 2 * HISTORY_CHANGES; changes += 2) {
        await store.create(peer('filler'));
        await store.delete({ kind: 'BGPPeer', name: 'filler' });
      }
    },
    dispose: () => store.close(),
  };
});

describe('the memory store', () => {
  it('takes time and identifiers only from its options', async () => {
    const created = await createPool(makeStore(), 'a');
    expect(created.metadata).toMatchObject({
      name: 'a',
      uid: '00000000-0000-4000-8000-000000000001',
      creationTimestamp: '2026-01-02T03:04:05Z',
      resourceVersion: '1',
    });
  });

  it('numbers revisions alike in every run', async () => {
    const store = makeStore();
    await createPool(store, 'a');
    written(await store.delete(poolKey('a')));
    expect((await store.list('IPPool')).revision).toBe('2');
  });

  it('keeps at least the changes it was told to, and counts on beyond those it forgot', async () => {
    const store = makeStore(4);
    for (let round = 1; round <= 10; round++) {
      await createPool(store, 'a');
      await store.delete(poolKey('a'));
      expect((await store.list('IPPool')).revision).toBe(String(2 * round));
    }
    const eventsFrom = (since: string) =>
      store.watch('IPPool', since, new AbortController().signal)[Symbol.asyncIterator]();
    expect((await take(eventsFrom('16'), 4)).map((event) => event.revision)).toEqual([
      '17',
      '18',
      '19',
      '20',
    ]);
    await expect(eventsFrom('10').next()).rejects.toMatchObject({ code: 'compacted' });
  });

  it.each(['3', '-1', 'abc', ''])('has no history from the foreign revision "%s"', async (since) => {
    const store = makeStore();
    const events = store.watch('IPPool', since, new AbortController().signal)[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'compacted' });
  });
});

function makeStore(historyChanges?: number) {
  let made = 0;
  return createMemoryStore({
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    uuid: () => `00000000-0000-4000-8000-${String(++made).padStart(12, '0')}`,
    ...(historyChanges === undefined ? {} : { historyChanges }),
  });
}
