/**
 * Contract: a value comes back as it was given, whatever it holds, with the defaults of its kind filled in.
 */
import { type Kind, kindNames, type ResourceOf } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import type { OfKind, ResourceKey } from '../datastore.ts';
import { sampleOf } from './kind-samples.ts';
import { pool, poolKey } from './samples.ts';
import {
  type ContractSubject,
  createPool,
  failureCode,
  otherClient,
  type UseSubject,
  written,
} from './subject.ts';

/** Declares the cases about what is stored. */
export function describeValues(use: UseSubject): void {
  describe('values', () => {
    it.for(kindNames)(
      'of kind %s keep fields that nobody here knows, at any depth',
      async (kind, context) => {
        const subject = use();
        if (!canCreate(subject, kind)) return context.skip(`this driver cannot create a ${kind}`);
        const sample = sampleOf(kind) as OfKind<Kind>;
        const created = written(await subject.store.create(sample));
        expect(created).toMatchObject(sample);
        for (const read of await readEverywhere(subject, created)) expect(read).toEqual(created);
      },
    );

    it.for(kindNames)('of kind %s keep them through an update, too', async (kind, context) => {
      const subject = use();
      if (!canCreate(subject, kind)) return context.skip(`this driver cannot create a ${kind}`);
      const created = written(await subject.store.create(sampleOf(kind) as OfKind<Kind>));
      const annotations = { ...created.metadata.annotations, 'example.org/new': '{"x":1}' };
      const changed = { ...created, metadata: { ...created.metadata, annotations } } as OfKind<Kind>;
      const updated = written(await subject.store.update(changed));
      expect(updated.spec).toEqual(created.spec);
      expect(updated.metadata.annotations).toMatchObject({ 'example.org/new': '{"x":1}' });
      for (const read of await readEverywhere(subject, updated)) expect(read).toEqual(updated);
    });

    it.each([
      ['beyond 2^53', 1787380400123456789n],
      ['the greatest of Kubernetes', 9223372036854775807n],
      ['small', 7n],
      ['zero', 0n],
    ])('have sequence numbers as exact bigint: %s', async (_, sequenceNumber) => {
      const subject = use();
      const sample = sampleOf('IPAMBlock') as OfKind<'IPAMBlock'>;
      const spec = { ...sample.spec, sequenceNumber, sequenceNumberForAllocation: { 0: sequenceNumber } };
      const created = written(await subject.store.create<'IPAMBlock'>({ ...sample, spec }));
      for (const read of [created, ...(await readEverywhere<'IPAMBlock'>(subject, created))]) {
        expect(read.spec.sequenceNumber).toBe(sequenceNumber);
        expect(read.spec.sequenceNumberForAllocation['0']).toBe(sequenceNumber);
      }
    });

    it('have the defaults of their kind filled in', async () => {
      const subject = use();
      const { spec, ...rest } = pool('a');
      const created = written(
        await subject.store.create({ ...rest, spec: { cidr: spec.cidr } } as unknown as ResourceOf<'IPPool'>),
      );
      for (const read of [created, ...(await readEverywhere(subject, created))])
        expect(read.spec).toMatchObject({
          blockSize: 26,
          allowedUses: ['Workload', 'Tunnel'],
          disabled: false,
        });
    });

    it('that nobody could read back are refused, and change nothing', async () => {
      const { store } = use();
      const created = await createPool(store, 'a');
      const bad = { ...created, spec: { ...created.spec, cidr: 'nonsense' } } as unknown as typeof created;
      expect(await failureCode(store.update(bad))).toBe('invalid-resource');
      const { resourceVersion: _, ...metadata } = bad.metadata;
      const fresh = { ...bad, metadata: { ...metadata, name: 'b' } };
      expect(await failureCode(store.create(fresh))).toBe('invalid-resource');
      expect((await store.list('IPPool')).items).toEqual([created]);
    });

    it('may be large', async () => {
      const { store } = use();
      const text = 'x'.repeat(200_000);
      const { metadata, ...rest } = pool('a');
      await store.create({ ...rest, metadata: { ...metadata, annotations: { large: text } } });
      expect((await store.get(poolKey('a')))?.metadata.annotations).toMatchObject({ large: text });
    });

    it('belong to the caller: changing a returned object changes nothing in the store', async () => {
      const { store } = use();
      const given = pool('a', { labels: { zone: 'east' } });
      const created = written(await store.create(given)) as { spec: object };
      const listed = (await store.list('IPPool')).items[0] as { spec: object };
      for (const object of [given, created, listed]) Object.assign(object.spec, { disabled: true });
      expect((await store.get(poolKey('a')))?.spec.disabled).toBe(false);
    });
  });
}

function canCreate({ store, namespaces }: ContractSubject, kind: Kind): boolean {
  const isCore = kind === 'Node' || kind === 'WorkloadEndpoint';
  return !store.ownedElsewhere?.has(kind) && (namespaces || !isCore);
}

/** The object by get, list, pages and watch, and by get of another client. */
async function readEverywhere<K extends Kind>(
  subject: ContractSubject,
  { kind, metadata: { name, namespace, resourceVersion = '' } }: ResourceOf<K>,
): Promise<ResourceOf<K>[]> {
  const { store } = subject;
  const key = (namespace === undefined ? { kind, name } : { kind, name, namespace }) as ResourceKey<K>;
  const { items } = await store.list(key.kind);
  const pages = store.pages ? await Array.fromAsync(store.pages(key.kind, 10)) : [];
  const reads = [
    await store.get(key),
    await (await otherClient(subject)).get(key),
    ...items,
    ...pages.flatMap((page) => page.items),
    await watchedBeside(subject, key, resourceVersion),
  ];
  expect(reads).not.toContain(undefined);
  return reads as ResourceOf<K>[];
}

/** The object as a watch tells it when it is written once more. */
async function watchedBeside<K extends Kind>(
  { store }: ContractSubject,
  key: ResourceKey<K>,
  revision: string,
): Promise<ResourceOf<K> | undefined> {
  const stop = new AbortController();
  const events = store.watch(key.kind, revision, stop.signal)[Symbol.asyncIterator]();
  const current = (await store.get(key)) as OfKind<K>;
  const annotations = { ...current.metadata.annotations, 'example.org/again': 'yes' };
  const next = { ...current, metadata: { ...current.metadata, annotations } } as unknown as OfKind<K>;
  const again = written(await store.update(next));
  const { value: event } = await events.next();
  stop.abort();
  if (event?.kind !== 'put') return undefined;
  expect(event.resource).toEqual(again);
  return { ...event.resource, metadata: current.metadata } as ResourceOf<K>;
}
