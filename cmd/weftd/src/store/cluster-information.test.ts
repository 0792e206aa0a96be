import { createMemoryStore } from '@weft/datastore';
import { apiVersion, type ClusterInformation } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { ensureClusterInformation, isLocked } from './cluster-information.ts';

const drawn = '01234567-89ab-4def-8123-456789abcdef';
const key = { kind: 'ClusterInformation', name: 'default' } as const;

async function setUp(spec?: ClusterInformation['spec']) {
  const store = createMemoryStore({ now: () => 0, uuid: () => 'uid' });
  if (spec) await store.create({ apiVersion, kind: key.kind, metadata: { name: key.name }, spec });
  return store;
}

describe('ClusterInformation', () => {
  it('is made with an identity of 32 hexadecimal digits where it is missing', async () => {
    const store = await setUp();
    await ensureClusterInformation(store, 'etcd', () => drawn);
    expect((await store.get(key))?.spec).toEqual({
      clusterGUID: '0123456789ab4def8123456789abcdef',
      clusterType: 'weft',
      datastoreReady: true,
    });
  });

  it('keeps what is there, and gets what it lacks', async () => {
    const store = await setUp({ clusterType: 'k8s,bgp', calicoVersion: 'v3.30.0' });
    await ensureClusterInformation(store, 'kubernetes', () => drawn);
    expect((await store.get(key))?.spec).toEqual({
      clusterGUID: '0123456789ab4def8123456789abcdef',
      clusterType: 'k8s,bgp',
      calicoVersion: 'v3.30.0',
      datastoreReady: true,
    });
  });

  it('is not touched when it is whole, nor while it is locked', async () => {
    for (const spec of [{ clusterGUID: 'abc', datastoreReady: true }, { datastoreReady: false }]) {
      const store = await setUp(spec);
      const before = await store.get(key);
      expect(await ensureClusterInformation(store, 'etcd', () => drawn)).toEqual(before);
      expect(await store.get(key)).toEqual(before);
    }
  });

  it('has one identity however many daemons start at once', async () => {
    const store = await setUp();
    let count = 0;
    const results = await Promise.all(
      Array.from({ length: 8 }, () => ensureClusterInformation(store, 'etcd', () => `guid${count++}`)),
    );
    expect(new Set(results.map((result) => result?.spec.clusterGUID)).size).toBe(1);
  });

  it('is locked by false alone', () => {
    const locked = (datastoreReady?: boolean): boolean =>
      isLocked({
        apiVersion,
        kind: key.kind,
        metadata: { name: key.name },
        spec: datastoreReady === undefined ? {} : { datastoreReady },
      });
    expect([locked(false), locked(true), locked(), isLocked(undefined)]).toEqual([true, false, false, false]);
  });
});
