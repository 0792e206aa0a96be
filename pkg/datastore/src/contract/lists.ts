/**
 * Contract: what a list holds, and in which order.
 */
import { describe, expect, it } from 'vitest';
import { endpoint, peer, statusOf } from './samples.ts';
import { createPool, type UseSubject, written } from './subject.ts';

/** Declares the cases about list. */
export function describeLists(use: UseSubject): void {
  describe('list', () => {
    it('of an empty store is empty, and has a revision to watch from', async () => {
      const { items, revision } = await use().store.list('IPPool');
      expect(items).toEqual([]);
      expect(revision).toBeTruthy();
    });

    it('holds the objects of one kind, sorted by name', async () => {
      const { store } = use();
      for (const name of ['b', 'a-1', 'a', 'c', 'a.1']) await createPool(store, name);
      written(await store.create(peer('a')));
      await store.delete({ kind: 'IPPool', name: 'c' });
      const { items } = await store.list('IPPool');
      expect(items.map((item) => item.metadata.name)).toEqual(['a', 'a-1', 'a.1', 'b']);
      expect(await store.get({ kind: 'IPPool', name: 'a-1' })).toEqual(items[1]);
    });

    it('with labels holds only what carries all of them', async () => {
      const { store } = use();
      await createPool(store, 'both', { labels: { zone: 'east', tier: 'gold' } });
      await createPool(store, 'one', { labels: { zone: 'east' } });
      await createPool(store, 'other', { labels: { zone: 'west', tier: 'gold' } });
      await createPool(store, 'none');
      const names = async (labels: Record<string, string>) =>
        (await store.list('IPPool', { labels })).items.map((item) => item.metadata.name);
      expect(await names({ zone: 'east' })).toEqual(['both', 'one']);
      expect(await names({ zone: 'east', tier: 'gold' })).toEqual(['both']);
      expect(await names({})).toEqual(['both', 'none', 'one', 'other']);
    });

    it('of a node holds only what is on it', async () => {
      const { store } = use();
      for (const [node, name] of [
        ['n1', 'b'],
        ['n2', 'c'],
        ['n1', 'a'],
      ] as const)
        written(await store.create(statusOf(node, name)));
      const names = async (node: string) =>
        (await store.list('CalicoNodeStatus', { node })).items.map(({ metadata }) => metadata.name);
      expect([await names('n1'), await names('n2'), await names('n')]).toEqual([['a', 'b'], ['c'], []]);
    });

    it('in pages holds the same, at most as many at a time as asked for', async (context) => {
      const { store } = use();
      if (!store.pages) return context.skip('this driver has no pages');
      const names = Array.from({ length: 25 }, (_, index) => `p${index}`);
      for (const name of names) await createPool(store, name);
      const pages = await Array.fromAsync(store.pages('IPPool', 10));
      expect(Math.max(...pages.map((page) => page.items.length))).toBeLessThanOrEqual(10);
      const paged = pages.flatMap((page) => page.items);
      const { items } = await store.list('IPPool');
      expect(paged).toHaveLength(items.length);
      expect(paged).toEqual(expect.arrayContaining(items));
      expect(await Array.fromAsync(store.pages('BGPPeer', 10))).toEqual([]);
    });

    it('of a namespaced kind is sorted by namespace first, and can be one namespace', async (context) => {
      const { store, namespaces } = use();
      if (!namespaces) return context.skip('this driver has no namespaced kind that can be created');
      for (const [namespace, name] of [
        ['b', 'x'],
        ['a', 'z'],
        ['a', 'y'],
      ] as const) {
        written(await store.create(endpoint(namespace, name)));
      }
      const keys = async (namespace?: string) =>
        (await store.list('WorkloadEndpoint', namespace === undefined ? {} : { namespace })).items.map(
          ({ metadata }) => `${metadata.namespace}/${metadata.name}`,
        );
      expect(await keys()).toEqual(['a/y', 'a/z', 'b/x']);
      expect(await keys('a')).toEqual(['a/y', 'a/z']);
    });

    it('keeps one name in two namespaces apart', async (context) => {
      const { store, namespaces } = use();
      if (!namespaces) return context.skip('this driver has no namespaced kind that can be created');
      const one = written(await store.create(endpoint('a', 'x')));
      const other = written(await store.create(endpoint('b', 'x')));
      written(await store.delete({ kind: 'WorkloadEndpoint', namespace: 'a', name: 'x' }));
      expect(one.metadata.uid).not.toBe(other.metadata.uid);
      expect((await store.list('WorkloadEndpoint')).items).toEqual([other]);
      expect(await store.get({ kind: 'WorkloadEndpoint', namespace: 'b', name: 'x' })).toEqual(other);
    });
  });
}
