/** Copying between stores of this machine: what arrives, what is refused, and what is said about it. */
import type { Kind, ResourceOf } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { openForTest } from '../../test/temporary-store.ts';
import { countOf, endpoint, peer, pool, poolKey, recount } from '../contract/samples.ts';
import { createPool, written } from '../contract/subject.ts';
import { type Datastore, DatastoreError, type OfKind } from '../datastore.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { copyDatastore } from './copy-datastore.ts';
import { CopyInterrupted, type CopyReport } from './copy-report.ts';

const SEQUENCE_NUMBER = 1787380400123456789n;

describe('copyDatastore', () => {
  it('moves every kind, values exact, from memory to a file and on to memory', async () => {
    const source = await filledStore();
    const file = await openForTest();
    const back = memory();
    for (const report of [await copyDatastore(source, file), await copyDatastore(file, back)]) {
      expect(report).toMatchObject({ failures: [], differences: [] });
      expect(counts(report)).toEqual({
        IPPool: 'found 2 created 2',
        BGPPeer: 'found 1 created 1',
        WorkloadEndpoint: 'found 2 created 2',
        BlockAffinity: 'found 1 created 1',
        IPAMBlock: 'found 1 created 1',
      });
    }
    for (const kind of ['IPPool', 'BGPPeer', 'WorkloadEndpoint', 'BlockAffinity', 'IPAMBlock'] as const)
      expect(await contents(back, kind)).toEqual(await contents(source, kind));
    const copied = await back.get({ kind: 'IPAMBlock', name: '10-0-0-0-26' });
    expect(BigInt(copied?.spec.sequenceNumber ?? 0)).toBe(SEQUENCE_NUMBER);
  });

  it('writes what is referred to first, and blocks after handles and affinities', async () => {
    const { kinds } = await copyDatastore(await filledStore(), memory());
    expect(kinds.map(({ kind }) => kind)).toEqual([
      'IPPool',
      'BGPPeer',
      'WorkloadEndpoint',
      'BlockAffinity',
      'IPAMBlock',
    ]);
  });

  it('refuses a target that holds something, names it, and writes nothing', async () => {
    const target = memory();
    written(await target.create(peer('mine')));
    const copying = copyDatastore(await filledStore(), target);
    await expect(copying).rejects.toMatchObject({ code: 'invalid-resource' });
    await expect(copying).rejects.toThrow('BGPPeer "mine"');
    expect((await target.list('IPPool')).items).toEqual([]);
  });

  it.each([
    ['keep', 28, { IPPool: 'found 2 created 1 kept 1' }],
    ['replace', 0, { IPPool: 'found 2 created 1 replaced 1' }],
  ] as const)(
    'with existing: %s, a pool of the same name has count %d after it',
    async (existing, count, expected) => {
      const target = memory();
      await createPool(target, 'a', { count: 28 });
      await createPool(target, 'only here');
      const report = await copyDatastore(await filledStore(), target, { existing });
      expect(report).toMatchObject({ failures: [], differences: [] });
      expect(counts(report)).toMatchObject(expected);
      expect(countOf((await target.get(poolKey('a'))) as ResourceOf<'IPPool'>)).toBe(count);
      expect(await target.get(poolKey('only here'))).toBeDefined();
    },
  );

  it('repeated, finds everything unchanged', async () => {
    const source = await filledStore();
    const target = memory();
    await copyDatastore(source, target);
    const { revision } = await target.list('IPPool');
    const report = await copyDatastore(source, target, { existing: 'replace' });
    expect(counts(report)).toMatchObject({ IPPool: 'found 2 unchanged 2', IPAMBlock: 'found 1 unchanged 1' });
    expect((await target.list('IPPool')).revision).toBe(revision);
  });

  it('as a dry run tells what it would do and writes nothing', async () => {
    const target = memory();
    await createPool(target, 'a', { count: 28 });
    const { revision } = await target.list('IPPool');
    const wouldReplace = await copyDatastore(await filledStore(), target, {
      existing: 'replace',
      dryRun: true,
    });
    expect(counts(wouldReplace)).toMatchObject({ IPPool: 'found 2 created 1 replaced 1' });
    const wouldRefuse = await copyDatastore(await filledStore(), target, { dryRun: true });
    expect(wouldRefuse.failures).toEqual([
      { key: poolKey('a'), reason: 'the target holds another object of that name' },
    ]);
    expect((await target.list('IPPool')).revision).toBe(revision);
  });

  it('reports what the target cannot make, and copies the rest', async () => {
    const target = memory();
    const report = await copyDatastore(await filledStore(), withoutEndpoints(target));
    expect(report.failures).toEqual([
      { key: { kind: 'WorkloadEndpoint', namespace: 'one', name: 'x' }, reason: 'Pods are made elsewhere.' },
      { key: { kind: 'WorkloadEndpoint', namespace: 'two', name: 'x' }, reason: 'Pods are made elsewhere.' },
    ]);
    expect(report.differences).toEqual([]);
    expect(counts(report)).toMatchObject({
      WorkloadEndpoint: 'found 2 failed 2',
      IPAMBlock: 'found 1 created 1',
    });
  });

  it('completes what another program made in the target, and does not count it as "not empty"', async () => {
    const target = memory();
    const made = endpoint('one', 'x');
    written(await target.create({ ...made, spec: { ...made.spec, node: 'other' } } as typeof made));
    const report = await copyDatastore(await filledStore(), withoutEndpoints(target));
    expect(counts(report)).toMatchObject({ WorkloadEndpoint: 'found 2 replaced 1 failed 1' });
    const { items } = await target.list('WorkloadEndpoint');
    expect(items.map(({ spec }) => spec.node)).toEqual(['n1']);
  });

  it('takes it for no difference that a target fills in defaults of its own', async () => {
    const target = memory();
    const filling = overriding(target, {
      create: (resource) =>
        target.create({
          ...resource,
          spec: { ...resource.spec, filledIn: true },
        } as unknown as typeof resource),
    });
    expect(await copyDatastore(await filledStore(), filling)).toMatchObject({
      failures: [],
      differences: [],
    });
  });

  it('does not bring back what is being deleted', async () => {
    const source = memory();
    const { metadata, ...rest } = pool('a');
    written(
      await source.create({ ...rest, metadata: { ...metadata, deletionTimestamp: '2026-01-02T03:04:05Z' } }),
    );
    const { failures } = await copyDatastore(source, memory());
    expect(failures).toEqual([{ key: poolKey('a'), reason: 'it is being deleted, which a copy would undo' }]);
  });

  it('says where the stores differ when somebody wrote meanwhile', async () => {
    const source = await filledStore();
    const target = memory();
    const report = await copyDatastore(source, target, {
      onProgress: (kind) => {
        if (kind === 'IPAMBlock') void disturb(target);
      },
    });
    expect(report.differences).toEqual([
      { key: poolKey('a'), reason: 'metadata.annotations.example.org/count differs from the source' },
      { key: poolKey('b'), reason: 'it is missing in the target' },
    ]);
  });

  it('says what was done when the target went away halfway', async () => {
    const target = memory();
    const interrupted = copyDatastore(await filledStore(), failingAt(target, 'BlockAffinity'));
    const error = await interrupted.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CopyInterrupted);
    expect(error).toMatchObject({ code: 'full', message: 'The copy stopped halfway: no room' });
    expect(counts((error as CopyInterrupted).report)).toMatchObject({
      WorkloadEndpoint: 'found 2 created 2',
    });
  });

  it('stops between two pages when the signal aborts', async () => {
    const stop = new AbortController();
    const copying = copyDatastore(await filledStore(), memory(), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    const error = await copying.catch((reason: unknown) => reason);
    expect(counts((error as CopyInterrupted).report)).toEqual({ IPPool: 'found 2 created 2' });
  });
});

async function disturb(target: Datastore): Promise<void> {
  const current = (await target.get(poolKey('a'))) as ResourceOf<'IPPool'>;
  await recount(target, current, 29);
  await target.delete(poolKey('b'));
}

async function filledStore(): Promise<Datastore> {
  const store = memory();
  await createPool(store, 'a', { labels: { zone: 'east' } });
  await createPool(store, 'b');
  const objects = [peer('p'), endpoint('one', 'x'), endpoint('two', 'x'), block(), affinity()];
  for (const object of objects) written(await store.create(object as OfKind<Kind>));
  return store;
}

function memory(): Datastore {
  let made = 0;
  return createMemoryStore({ now: () => 1000 * ++made, uuid: () => `uid-${++made}` });
}

/** A store in which another program makes the WorkloadEndpoints, as in Kubernetes. */
function withoutEndpoints(store: Datastore): Datastore {
  return overriding(store, {
    ownedElsewhere: new Set(['WorkloadEndpoint'] as const),
    create: (resource) =>
      resource.kind === 'WorkloadEndpoint'
        ? Promise.reject(new DatastoreError('invalid-resource', 'Pods are made elsewhere.'))
        : store.create(resource),
  });
}

function failingAt(store: Datastore, kind: Kind): Datastore {
  return overriding(store, {
    create: (resource) =>
      resource.kind === kind ? Promise.reject(new DatastoreError('full', 'no room')) : store.create(resource),
  });
}

function overriding(store: Datastore, overrides: Partial<Datastore>): Datastore {
  return {
    get: (key) => store.get(key),
    list: (kind, options) => store.list(kind, options),
    create: (resource) => store.create(resource),
    update: (resource) => store.update(resource),
    delete: (key, revision) => store.delete(key, revision),
    watch: (kind, since, signal) => store.watch(kind, since, signal),
    close: () => store.close(),
    ...overrides,
  };
}

/** The objects of a kind, without what their store put on them. */
async function contents(store: Datastore, kind: Kind): Promise<unknown[]> {
  const { items } = await store.list(kind);
  return items.map(({ metadata, ...rest }) => {
    const { uid: _, creationTimestamp: __, resourceVersion: ___, ...own } = metadata;
    return { ...rest, metadata: own };
  });
}

/** `found 2 created 2` for each kind, zeros left out. */
function counts({ kinds }: CopyReport): Record<string, string> {
  return Object.fromEntries(
    kinds.map(({ kind, ...numbers }) => [
      kind,
      Object.entries(numbers)
        .filter(([, count]) => count > 0)
        .map(([name, count]) => `${name} ${count}`)
        .join(' '),
    ]),
  );
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
      strictAffinity: false,
    },
  } as unknown as ResourceOf<'IPAMBlock'>;
}

function affinity(): ResourceOf<'BlockAffinity'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'BlockAffinity',
    metadata: { name: 'n1-10-0-0-0-26' },
    spec: { state: 'confirmed', node: 'n1', type: 'host', cidr: '10.0.0.0/26', deleted: false },
  } as unknown as ResourceOf<'BlockAffinity'>;
}
