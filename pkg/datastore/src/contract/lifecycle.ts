/**
 * Contract: what closing does, and what a restart of the other side must not do.
 */
import { describe, expect, it } from 'vitest';
import { follow } from '../follow.ts';
import { poolKey } from './samples.ts';
import { createPool, failureCode, take, type UseSubject } from './subject.ts';

/** Declares the cases about closing and restarting. */
export function describeLifecycle(use: UseSubject): void {
  describe('close', () => {
    it('refuses every later call, and may be repeated', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      await store.close();
      await store.close();
      const { signal } = new AbortController();
      const calls = [
        store.get(poolKey('a')),
        store.list('IPPool'),
        store.update(created),
        store.delete(poolKey('a')),
        store.watch('IPPool', '0', signal)[Symbol.asyncIterator]().next(),
      ];
      expect(await Promise.all(calls.map(failureCode))).toEqual(calls.map(() => 'closed'));
    });

    it('ends a waiting watch with `closed`', async () => {
      const { store } = use();
      const { revision } = await store.list('IPPool');
      const pending = store
        .watch('IPPool', revision, new AbortController().signal)
        [Symbol.asyncIterator]()
        .next();
      const code = failureCode(pending);
      await store.list('IPPool');
      await store.close();
      expect(await code).toBe('closed');
    });

    it('ends a watch with `closed` whose reader was busy meanwhile', async () => {
      const { store } = use();
      const { revision } = await store.list('IPPool');
      await createPool(store, 'a');
      const events = store.watch('IPPool', revision, new AbortController().signal)[Symbol.asyncIterator]();
      await take(events, 1);
      await store.close();
      expect(await failureCode(events.next())).toBe('closed');
    });
  });

  describe('a restart of the store', () => {
    it('keeps the data, and whoever follows a kind goes on', async (context) => {
      const { store, restart } = use();
      if (!restart) return context.skip('nothing serves this store that could be restarted');
      const created = await createPool(store, 'a');
      const stop = new AbortController();
      const events = follow(store, 'IPPool', stop.signal)[Symbol.asyncIterator]();
      expect(await take(events, 1)).toMatchObject([{ kind: 'snapshot', items: [created] }]);
      await restart();
      const later = await createPool(store, 'b');
      for (;;) {
        const [event] = await take(events, 1);
        if (event?.kind === 'snapshot' && event.items.length === 2) break;
        if (event?.kind === 'put' && event.resource.metadata.uid === later.metadata.uid) break;
      }
      stop.abort();
      expect(await store.get(poolKey('a'))).toEqual(created);
    }, 60_000);
  });
}
