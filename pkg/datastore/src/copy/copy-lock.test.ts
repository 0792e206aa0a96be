/** A copy under lock: who sees "not ready", and what both stores say afterwards. */
import { describe, expect, it } from 'vitest';
import { createPool, written } from '../contract/subject.ts';
import { type Datastore, DatastoreError, type OfKind } from '../datastore.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { copyDatastore } from './copy-datastore.ts';

const key = { kind: 'ClusterInformation', name: 'default' } as const;

describe('a copy under lock', () => {
  it('says "not ready" in both stores meanwhile, and gives both the value of the source', async () => {
    const source = await storeWithPool(information(true));
    const target = memory();
    const during = await readinessDuring(source, target);
    expect(during).toEqual([false, false]);
    expect([await readiness(source), await readiness(target)]).toEqual([true, true]);
    expect((await target.get(key))?.spec.clusterGUID).toBe('guid');
  });

  it('leaves a source locked that was locked before, and locks the target', async () => {
    const source = await storeWithPool(information(false));
    const target = memory();
    await copyDatastore(source, target, { lock: true });
    expect([await readiness(source), await readiness(target)]).toEqual([false, false]);
  });

  it('leaves nothing behind in stores that had no ClusterInformation', async () => {
    const source = await storeWithPool();
    const target = memory();
    expect(await readinessDuring(source, target)).toEqual([false, false]);
    expect([await source.get(key), await target.get(key)]).toEqual([undefined, undefined]);
  });

  it('keeps the identity of a target that has one', async () => {
    const target = memory();
    written(await target.create({ ...information(true), spec: { clusterGUID: 'its own' } }));
    const report = await copyDatastore(await storeWithPool(information(true)), target, { lock: true });
    expect(report).toMatchObject({ failures: [], differences: [] });
    expect((await target.get(key))?.spec).toEqual({ clusterGUID: 'its own', datastoreReady: true });
  });

  it('that fails frees the source, and leaves the half-filled target locked', async () => {
    const source = await storeWithPool(information(true));
    const target = memory();
    const failing: Datastore = {
      get: (wanted) => target.get(wanted),
      list: (kind, options) => target.list(kind, options),
      create: (resource) =>
        resource.kind === 'IPPool'
          ? Promise.reject(new DatastoreError('full', 'no room'))
          : target.create(resource),
      update: (resource) => target.update(resource),
      delete: (wanted, revision) => target.delete(wanted, revision),
      watch: (kind, since, signal) => target.watch(kind, since, signal),
      close: () => target.close(),
    };
    await expect(copyDatastore(source, failing, { lock: true })).rejects.toMatchObject({ code: 'full' });
    expect([await readiness(source), await readiness(target)]).toEqual([true, false]);
  });
});

async function readinessDuring(source: Datastore, target: Datastore): Promise<unknown[]> {
  const seen: Promise<unknown>[] = [];
  const onProgress = () => {
    seen.push(readiness(source), readiness(target));
  };
  const report = await copyDatastore(source, target, { lock: true, onProgress });
  expect(report).toMatchObject({ failures: [], differences: [] });
  return (await Promise.all(seen)).slice(0, 2);
}

async function readiness(store: Datastore): Promise<boolean | undefined> {
  return (await store.get(key))?.spec.datastoreReady;
}

async function storeWithPool(ofCluster?: OfKind<'ClusterInformation'>): Promise<Datastore> {
  const store = memory();
  await createPool(store, 'a');
  if (ofCluster) written(await store.create(ofCluster));
  return store;
}

function information(datastoreReady: boolean): OfKind<'ClusterInformation'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'ClusterInformation',
    metadata: { name: 'default' },
    spec: { clusterGUID: 'guid', datastoreReady },
  };
}

function memory(): Datastore {
  let made = 0;
  return createMemoryStore({ now: () => 1000 * ++made, uuid: () => `uid-${++made}` });
}
