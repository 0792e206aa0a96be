/**
 * Contract: a watch tells every change of its kind once, in order, and ends when it is told to.
 */
import { describe, expect, it } from 'vitest';
import { DatastoreError, type WatchEvent } from '../datastore.ts';
import { endpoint, peer, poolKey, recount, statusOf } from './samples.ts';
import { createPool, otherClient, take, takeUntilPool, tell, type UseSubject, written } from './subject.ts';

/** More than any sensible buffer between a store and its reader. */
const MANY_CHANGES = 1000;

/** Declares the cases about watch. */
export function describeWatches(use: UseSubject): void {
  const watchPools = async (since?: string) => {
    const { store } = use();
    const stop = new AbortController();
    const revision = since ?? (await store.list('IPPool')).revision;
    return { stop, events: store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]() };
  };

  describe('watch', () => {
    it('tells puts and deletes in order, each with its object and revision', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      const created = await createPool(store, 'a');
      const updated = written(await recount(store, created, 28));
      await store.delete(poolKey('a'));
      const [first, second, third] = await take(events, 3);
      expect(first).toEqual({ kind: 'put', resource: created, revision: created.metadata.resourceVersion });
      expect(second).toEqual({ kind: 'put', resource: updated, revision: updated.metadata.resourceVersion });
      expect(third).toMatchObject({ kind: 'delete', key: poolKey('a') });
      stop.abort();
    });

    it('waits for changes that come later', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      const pending = take(events, 1);
      await createPool(store, 'a');
      expect((await pending).map(tell)).toEqual(['put a 0']);
      stop.abort();
    });

    it('sees what other clients write', async () => {
      const { events, stop } = await watchPools();
      const pending = take(events, 1);
      await createPool(await otherClient(use()), 'a');
      expect((await pending).map(tell)).toEqual(['put a 0']);
      stop.abort();
    });

    it('tells a delete and a new object of the same name as two things', async () => {
      const { store } = use();
      const first = await createPool(store, 'a');
      const { events, stop } = await watchPools();
      await store.delete(poolKey('a'));
      const second = await createPool(store, 'a');
      const seen = await take(events, 2);
      expect(seen.map(tell)).toEqual(['delete a', 'put a 0']);
      expect((seen[1] as WatchEvent<'IPPool'> & { kind: 'put' }).resource.metadata.uid).toBe(
        second.metadata.uid,
      );
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      stop.abort();
    });

    it('tells nothing of other kinds', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      written(await store.create(peer('a')));
      await createPool(store, 'end');
      expect(await takeUntilPool(events, 'end')).toEqual([]);
      stop.abort();
    });

    it('of a node tells what is on it, and as deleted what has gone to another', async () => {
      const { store } = use();
      const { revision } = await store.list('CalicoNodeStatus', { node: 'n1' });
      const here = written(await store.create(statusOf('n1', 'here')));
      written(await store.create(statusOf('n2', 'there')));
      written(await store.update({ ...here, spec: { ...here.spec, node: 'n2' } }));
      written(await store.create(statusOf('n1', 'end')));
      const stop = new AbortController();
      const told: string[] = [];
      for await (const event of store.watch('CalicoNodeStatus', revision, stop.signal, { node: 'n1' })) {
        const { name } = event.kind === 'put' ? event.resource.metadata : event.key;
        told.push(`${event.kind} ${name}`);
        if (name === 'end') stop.abort();
      }
      const wanted = told.filter((line) => line !== 'delete there');
      expect(wanted).toEqual(['put here', 'delete here', 'put end']);
    });

    it('names the namespace in the key of a delete', async (context) => {
      const { store, namespaces } = use();
      if (!namespaces) return context.skip('this driver has no namespaced kind that can be created');
      const { revision } = await store.list('WorkloadEndpoint');
      written(await store.create(endpoint('a', 'x')));
      const key = { kind: 'WorkloadEndpoint', namespace: 'a', name: 'x' } as const;
      await store.delete(key);
      const stop = new AbortController();
      const events = store.watch('WorkloadEndpoint', revision, stop.signal)[Symbol.asyncIterator]();
      expect((await take(events, 2))[1]).toMatchObject({ kind: 'delete', key });
      stop.abort();
    });

    it('tells nothing of a write that did not succeed', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      const updated = written(await recount(store, created, 28));
      const { events, stop } = await watchPools();
      await recount(store, created, 30);
      await store.delete(poolKey('a'), created.metadata.resourceVersion);
      await store.delete(poolKey('b'));
      await createPool(store, 'end');
      expect(await takeUntilPool(events, 'end')).toEqual([]);
      expect(await store.get(poolKey('a'))).toEqual(updated);
      stop.abort();
    });

    it('from the revision of an event goes on after that event', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      for (const name of ['a', 'b', 'c']) await createPool(store, name);
      const [, second] = await take(events, 2);
      stop.abort();
      const resumed = await watchPools(second?.revision);
      await createPool(store, 'end');
      expect((await takeUntilPool(resumed.events, 'end')).map(tell)).toEqual(['put c 0']);
      resumed.stop.abort();
    });

    it('from an old revision replays all, or says that the history is compacted', async (context) => {
      const subject = use();
      const { revision } = await subject.store.list('IPPool');
      await createPool(subject.store, 'a');
      const replay = await watchPools(revision);
      expect((await take(replay.events, 1)).map(tell)).toEqual(['put a 0']);
      replay.stop.abort();
      if (!subject.compact) return context.skip('this driver cannot be made to forget its history');
      await subject.compact();
      const late = await watchPools(revision);
      await expect(late.events.next()).rejects.toMatchObject({ name: 'DatastoreError', code: 'compacted' });
    });

    it('that is up to date survives the forgetting of history, however quiet its kind is', async (context) => {
      const subject = use();
      if (!subject.compact) return context.skip('this driver cannot be made to forget its history');
      const { events, stop } = await watchPools();
      const pending = take(events, 1);
      await subject.compact();
      await createPool(subject.store, 'a');
      expect((await pending).map(tell)).toEqual(['put a 0']);
      stop.abort();
    });

    it('serves several readers, each in full', async () => {
      const { store } = use();
      const watches = [await watchPools(), await watchPools(), await watchPools()];
      const pending = watches.map(({ events }) => take(events, 2));
      await createPool(store, 'a');
      await createPool(store, 'b');
      for (const seen of await Promise.all(pending)) expect(seen.map(tell)).toEqual(['put a 0', 'put b 0']);
      for (const { stop } of watches) stop.abort();
    });

    it('gives a slow reader all it has not read, in order, or says that the history is compacted', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      let current = await createPool(store, 'a', { count: 0 });
      await take(events, 1);
      for (let count = 1; count <= MANY_CHANGES; count++)
        current = written(await recount(store, current, count));
      const expected = Array.from({ length: MANY_CHANGES }, (_, index) => `put a ${index + 1}`);
      const seen = await take(events, MANY_CHANGES).catch((error: unknown) => {
        if (error instanceof DatastoreError && error.code === 'compacted') return undefined;
        throw error;
      });
      if (seen) expect(seen.map(tell)).toEqual(expected);
      stop.abort();
    }, 60_000);
  });

  describe('the end of a watch', () => {
    it('comes promptly when the signal aborts while it waits', async () => {
      const { events, stop } = await watchPools();
      const pending = events.next();
      await use().store.list('IPPool');
      const abortedAt = performance.now();
      stop.abort();
      expect(await pending).toEqual({ done: true, value: undefined });
      expect(performance.now() - abortedAt).toBeLessThan(1000);
    });

    it('comes before the next event when the signal aborts between two', async () => {
      const { store } = use();
      const { events, stop } = await watchPools();
      await createPool(store, 'a');
      await createPool(store, 'b');
      await take(events, 1);
      stop.abort();
      expect((await events.next()).done).toBe(true);
    });

    it('comes at once when the signal had aborted before', async () => {
      const { store } = use();
      const { revision } = await store.list('IPPool');
      await createPool(store, 'a');
      const events = store.watch('IPPool', revision, AbortSignal.abort())[Symbol.asyncIterator]();
      expect((await events.next()).done).toBe(true);
    });

    it('leaves the other watches alone', async () => {
      const { store } = use();
      const one = await watchPools();
      const other = await watchPools();
      const ending = one.events.next();
      const pending = take(other.events, 1);
      one.stop.abort();
      await ending;
      await createPool(store, 'a');
      expect((await pending).map(tell)).toEqual(['put a 0']);
      other.stop.abort();
    });
  });
}
