/**
 * Contract: what becomes of a write, and what the store stamps on an object.
 */
import { describe, expect, it } from 'vitest';
import { countOf, pool, poolKey, recount } from './samples.ts';
import { createPool, failureCode, type UseSubject, written } from './subject.ts';

/** Declares the cases about get, create, update and delete. */
export function describeWrites(use: UseSubject): void {
  describe('create', () => {
    it('stores an object and returns it with a uid, a creation time and a revision', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      expect(created).toMatchObject(pool('a'));
      expect(created.metadata.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(created.metadata.resourceVersion).toBeTruthy();
      expect(await store.get(poolKey('a'))).toEqual(created);
    });

    it('answers already-exists, and leaves what is there alone', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      expect(await store.create(pool('a', { count: 28 }))).toEqual({ kind: 'already-exists' });
      expect(await store.get(poolKey('a'))).toEqual(created);
    });

    it('refuses an object that carries a revision', async () => {
      const { store } = use();
      const { metadata, ...rest } = pool('a');
      const carrying = { ...rest, metadata: { ...metadata, resourceVersion: '1' } };
      expect(await failureCode(store.create(carrying))).toBe('invalid-resource');
    });

    it('gives a new uid to a name that comes back, even to the same text', async () => {
      const { store } = use();
      const first = await createPool(store, 'a');
      await store.delete(poolKey('a'));
      const { resourceVersion: _, ...metadata } = first.metadata;
      const second = written(await store.create({ ...first, metadata }));
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
    });
  });

  describe('get', () => {
    it('returns undefined for a name that is not there, also when another kind has it', async () => {
      const { store } = use();
      await createPool(store, 'a');
      expect(await store.get(poolKey('b'))).toBeUndefined();
      expect(await store.get({ kind: 'BGPPeer', name: 'a' })).toBeUndefined();
    });
  });

  describe('update', () => {
    it('replaces the object it was read from, under a new revision', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      const updated = written(await recount(store, created, 28));
      expect(countOf(updated)).toBe(28);
      expect(updated.metadata.resourceVersion).not.toBe(created.metadata.resourceVersion);
      expect(await store.get(poolKey('a'))).toEqual(updated);
    });

    it('answers conflict to an older revision, and keeps the newer object', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      const updated = written(await recount(store, created, 28));
      expect(await recount(store, created, 30)).toEqual({ kind: 'conflict' });
      expect(await store.get(poolKey('a'))).toEqual(updated);
    });

    it('answers not-found when the object is gone', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      await store.delete(poolKey('a'));
      expect(await recount(store, created, 28)).toEqual({ kind: 'not-found' });
      expect(await store.get(poolKey('a'))).toBeUndefined();
    });

    it('answers conflict when the object was deleted and made again', async () => {
      const { store } = use();
      const first = await createPool(store, 'a');
      await store.delete(poolKey('a'));
      await createPool(store, 'a');
      expect(await recount(store, first, 28)).toEqual({ kind: 'conflict' });
    });

    it('keeps the uid and the creation time', async () => {
      const { store } = use();
      const { metadata, ...rest } = await createPool(store, 'a');
      const { uid, creationTimestamp, ...bare } = metadata;
      const updated = written(await store.update({ ...rest, metadata: bare }));
      expect(updated.metadata).toMatchObject({ uid, creationTimestamp });
    });

    it('refuses an object without a revision', async () => {
      const { store } = use();
      await createPool(store, 'a');
      expect(await failureCode(store.update(pool('a')))).toBe('invalid-resource');
    });
  });

  describe('delete', () => {
    it('removes the object and returns what it was', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      expect(await store.delete(poolKey('a'))).toEqual({ kind: 'written', resource: created });
      expect(await store.get(poolKey('a'))).toBeUndefined();
    });

    it('answers not-found when there is nothing', async () => {
      expect(await use().store.delete(poolKey('a'))).toEqual({ kind: 'not-found' });
    });

    it('with a revision removes that one only', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      const updated = written(await recount(store, created, 28));
      expect(await store.delete(poolKey('a'), created.metadata.resourceVersion)).toEqual({
        kind: 'conflict',
      });
      expect(await store.get(poolKey('a'))).toEqual(updated);
      written(await store.delete(poolKey('a'), updated.metadata.resourceVersion));
      expect(await store.get(poolKey('a'))).toBeUndefined();
    });
  });
}
