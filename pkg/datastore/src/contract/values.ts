/**
 * Contract: a value comes back as it was given, whatever it holds.
 */
import type { ResourceOf } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { pool, poolKey } from './samples.ts';
import { createPool, type UseSubject, written } from './subject.ts';

/** Calico starts a block's sequence number at the nanoseconds since the epoch, beyond 2^53. */
const SEQUENCE_NUMBER = 1787380400123456789n;

/** Declares the cases about what is stored. */
export function describeValues(use: UseSubject): void {
  describe('values', () => {
    it('keep fields that nobody here knows, through create and update', async () => {
      const { store } = use();
      const { metadata, spec, ...rest } = pool('a');
      const unknown = { list: [1, null, { deep: 'é\u2028"\\' }], empty: {}, flag: false, text: '' };
      const strange = {
        ...rest,
        metadata: { ...metadata, annotations: { 'example.org/new': '{"x":1}' } },
        spec: { ...spec, fromTheFuture: unknown },
      } as typeof rest & { metadata: typeof metadata; spec: typeof spec };
      const created = written(await store.create(strange));
      expect(created).toMatchObject(strange);
      written(await store.update({ ...created, spec: { ...created.spec, disabled: true } }));
      expect(await store.get(poolKey('a'))).toMatchObject({
        metadata: { annotations: { 'example.org/new': '{"x":1}' } },
        spec: { disabled: true, fromTheFuture: unknown },
      });
    });

    it('keep integers beyond 2^53 exact, by get, list and watch', async () => {
      const { store } = use();
      const { revision } = await store.list('IPAMBlock');
      written(await store.create(block()));
      const { items } = await store.list('IPAMBlock');
      const stop = new AbortController();
      const events = store.watch('IPAMBlock', revision, stop.signal)[Symbol.asyncIterator]();
      const watched = await events.next();
      stop.abort();
      const read = [
        await store.get({ kind: 'IPAMBlock', name: '10-0-0-0-26' }),
        items[0],
        watched.value?.kind === 'put' ? watched.value.resource : undefined,
      ];
      for (const one of read) expect(BigInt(one?.spec.sequenceNumber ?? 0)).toBe(SEQUENCE_NUMBER);
    });

    it('may be large', async () => {
      const { store } = use();
      const text = 'x'.repeat(200_000);
      const { metadata, ...rest } = pool('a');
      await store.create({ ...rest, metadata: { ...metadata, annotations: { large: text } } });
      expect((await store.get(poolKey('a')))?.metadata.annotations).toEqual({ large: text });
    });

    it('belong to the caller: changing a returned object changes nothing in the store', async () => {
      const { store } = use();
      const created = (await createPool(store, 'a', { labels: { zone: 'east' } })) as { spec: object };
      const listed = (await store.list('IPPool')).items[0] as { spec: object };
      Object.assign(created.spec, { blockSize: 1 });
      Object.assign(listed.spec, { blockSize: 2 });
      expect((await store.get(poolKey('a')))?.spec.blockSize).toBe(26);
    });
  });
}

function block(): ResourceOf<'IPAMBlock'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMBlock',
    metadata: { name: '10-0-0-0-26' },
    spec: {
      cidr: '10.0.0.0/26',
      affinity: 'host:n1',
      allocations: Array.from({ length: 64 }, () => null),
      unallocated: Array.from({ length: 64 }, (_, ordinal) => ordinal),
      attributes: [],
      sequenceNumber: SEQUENCE_NUMBER,
      sequenceNumberForAllocation: {},
      deleted: false,
    },
  } as unknown as ResourceOf<'IPAMBlock'>;
}
