/**
 * Contract: values that other programs wrote are read: those of Calico 3.28, incomplete ones, and broken ones, which do not
 * stand in the way of the others. Runs where the subject has `putRaw` and says which `form` its raw values have.
 */
import { type Kind, stringifyJson } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../datastore.ts';
import { pool, poolKey } from './samples.ts';
import { createPool, failureCode, type RawForm, take, type UseSubject } from './subject.ts';

/** An object as Calico 3.28 stored it, in each form, and what it says. */
interface OldValue {
  readonly what: string;
  readonly key: ResourceKey;
  readonly raw: { readonly [F in RawForm]: object | string };
  readonly spec: object;
}

const freeFrom = (first: number) => Array.from({ length: 64 - first }, (_, index) => index + first);

const block = {
  cidr: '10.0.0.0/26',
  affinity: 'host:n1',
  allocations: [0, ...freeFrom(1).map(() => null)],
  unallocated: freeFrom(1),
  attributes: [{ handle_id: 'h', secondary: { node: 'n1', pod: 'p', namespace: 'default' } }],
  sequenceNumber: 1700000000123456789n,
  deleted: false,
};

const oldValues: readonly OldValue[] = [
  {
    what: 'BlockAffinity without type and labels, `deleted` as text',
    key: { kind: 'BlockAffinity', name: 'n1-10-0-0-0-26' },
    raw: {
      resource: { state: 'confirmed', node: 'n1', cidr: '10.0.0.0/26', deleted: 'false' },
      etcd: { state: 'confirmed', deleted: false },
      crd: { state: 'confirmed', node: 'n1', cidr: '10.0.0.0/26', deleted: 'false' },
    },
    spec: { state: 'confirmed', node: 'n1', type: 'host', cidr: '10.0.0.0/26', deleted: false },
  },
  {
    what: 'BlockAffinity that says nothing of its state',
    key: { kind: 'BlockAffinity', name: 'n1-10-0-0-0-26' },
    raw: {
      resource: { state: '', node: 'n1', cidr: '10.0.0.0/26' },
      etcd: '',
      crd: { state: '', node: 'n1', cidr: '10.0.0.0/26', deleted: 'false' },
    },
    spec: { state: 'confirmed', node: 'n1', cidr: '10.0.0.0/26', deleted: false },
  },
  {
    what: 'IPAMBlock without claim time and without the numbers of its allocations',
    key: { kind: 'IPAMBlock', name: '10-0-0-0-26' },
    raw: { resource: block, etcd: block, crd: block },
    spec: { ...block, sequenceNumberForAllocation: {}, strictAffinity: false },
  },
  {
    what: 'IPAMHandle',
    key: { kind: 'IPAMHandle', name: 'h' },
    raw: {
      resource: { handleID: 'h', block: { '10.0.0.0/26': 1 } },
      etcd: { block: { '10.0.0.0/26': 1 }, deleted: false },
      crd: { handleID: 'h', block: { '10.0.0.0/26': 1 }, deleted: false },
    },
    spec: { handleID: 'h', block: { '10.0.0.0/26': 1 }, deleted: false },
  },
  {
    what: 'IPPool without block size, uses and assignment mode',
    key: poolKey('old'),
    raw: {
      resource: { cidr: '10.0.0.0/16', ipipMode: 'Always' },
      etcd: { cidr: '10.0.0.0/16', ipipMode: 'Always' },
      crd: { cidr: '10.0.0.0/16', ipipMode: 'Always' },
    },
    spec: {
      cidr: '10.0.0.0/16',
      ipipMode: 'Always',
      blockSize: 26,
      allowedUses: ['Workload', 'Tunnel'],
      assignmentMode: 'Automatic',
      nodeSelector: 'all()',
    },
  },
];

/** Kinds that etcd keeps as bare values under keys of IPAM, without apiVersion, kind and metadata. */
const bareInEtcd: readonly Kind[] = ['BlockAffinity', 'IPAMBlock', 'IPAMHandle', 'IPAMConfiguration'];

/** The text to store for a spec in a form. Calico's metadata of 3.28: a creation time, or null for none. */
function rawText(key: ResourceKey, form: RawForm, spec: object | string): string {
  if (typeof spec === 'string') return spec;
  const { kind, ...names } = key;
  if (form === 'etcd' && bareInEtcd.includes(kind)) return stringifyJson(spec);
  if (form !== 'crd')
    return stringifyJson({
      kind,
      apiVersion: 'projectcalico.org/v3',
      metadata: { ...names, creationTimestamp: null },
      spec,
    });
  const annotations = { 'projectcalico.org/metadata': '{"creationTimestamp":null}' };
  return stringifyJson({
    kind,
    apiVersion: 'crd.projectcalico.org/v1',
    metadata: { ...names, annotations },
    spec,
  });
}

/** Declares the cases about what other programs wrote. */
export function describeOldValues(use: UseSubject): void {
  describe('what Calico 3.28 wrote', () => {
    it.for(oldValues)('is read: $what', async ({ key, raw, spec }, context) => {
      const { store, putRaw, rawForm } = use();
      if (!putRaw || !rawForm) return context.skip('this driver has no way to store a raw value');
      const { revision } = await store.list(key.kind);
      await putRaw(key, rawText(key, rawForm, raw[rawForm]));
      const got = await store.get(key);
      expect(got).toMatchObject({ kind: key.kind, metadata: { name: key.name }, spec });
      expect((await store.list(key.kind)).items).toEqual([got]);
      const stop = new AbortController();
      const [event] = await take(store.watch(key.kind, revision, stop.signal)[Symbol.asyncIterator](), 1);
      stop.abort();
      expect(event).toMatchObject({ kind: 'put', resource: got });
    });

    it('can be replaced and removed', async (context) => {
      const { store, putRaw, rawForm } = use();
      if (!putRaw || !rawForm) return context.skip('this driver has no way to store a raw value');
      for (const { key, raw } of oldValues.filter(({ key }) => key.kind !== 'IPPool')) {
        await putRaw(key, rawText(key, rawForm, raw[rawForm]));
        const old = await store.get(key);
        expect(await store.update({ ...old } as never)).toMatchObject({ kind: 'written' });
        expect(await store.delete(key)).toMatchObject({ kind: 'written' });
        expect(await store.get(key)).toBeUndefined();
      }
    });
  });

  describe('what nobody can read', () => {
    it('is left out of lists, told once, and named by get', async (context) => {
      const { store, putRaw, rawForm, unreadable } = use();
      if (!putRaw || !rawForm) return context.skip('this driver has no way to store a raw value');
      await createPool(store, 'good');
      await putRaw(poolKey('bad'), rawText(poolKey('bad'), rawForm, { cidr: 'nonsense' }));
      for (let time = 0; time < 3; time++) {
        const { items } = await store.list('IPPool');
        expect(items.map(({ metadata }) => metadata.name)).toEqual(['good']);
      }
      expect(await failureCode(store.get(poolKey('bad')))).toBe('corrupt');
      await expect(store.get(poolKey('bad'))).rejects.toThrow(/bad.*spec\.cidr/);
      if (unreadable)
        expect(unreadable).toEqual([
          { key: poolKey('bad'), reason: expect.stringContaining('spec.cidr') as string },
        ]);
    });

    it('is named by pages', async (context) => {
      const { store, putRaw, rawForm } = use();
      if (!putRaw || !rawForm || !store.pages)
        return context.skip('this driver has no raw values, or no pages');
      await putRaw(poolKey('bad'), rawText(poolKey('bad'), rawForm, { cidr: 'nonsense' }));
      const pages = await Array.fromAsync(store.pages('IPPool', 10));
      expect(pages.flatMap((page) => page.items)).toEqual([]);
      expect(pages.flatMap((page) => page.unreadable)).toMatchObject([{ key: poolKey('bad') }]);
    });

    it('stops no watch, which tells the object as gone', async (context) => {
      const { store, putRaw, rawForm } = use();
      if (!putRaw || !rawForm) return context.skip('this driver has no way to store a raw value');
      await createPool(store, 'turns-bad');
      const { revision } = await store.list('IPPool');
      await putRaw(poolKey('turns-bad'), rawText(poolKey('turns-bad'), rawForm, { cidr: 'nonsense' }));
      await createPool(store, 'good');
      const stop = new AbortController();
      const events = await take(store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator](), 2);
      stop.abort();
      expect(events).toMatchObject([
        { kind: 'delete', key: poolKey('turns-bad') },
        { kind: 'put', resource: { metadata: { name: 'good' } } },
      ]);
    });

    it('can be removed, and its name is taken until then', async (context) => {
      const { store, putRaw, rawForm } = use();
      if (!putRaw || !rawForm) return context.skip('this driver has no way to store a raw value');
      await putRaw(poolKey('a'), rawText(poolKey('a'), rawForm, { cidr: 'nonsense' }));
      expect(await store.create(pool('a'))).toEqual({ kind: 'already-exists' });
      expect(await store.delete(poolKey('a'))).toMatchObject({ kind: 'written' });
      await createPool(store, 'a');
    });
  });
}
