/**
 * Contract: what closing does.
 */
import { describe, expect, it } from 'vitest';
import { poolKey } from './samples.ts';
import { createPool, failureCode, take, type UseSubject } from './subject.ts';

/** Declares the cases about closing. */
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
}
