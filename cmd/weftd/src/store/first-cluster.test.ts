/** A datastore that is emptied or replaced under a reflector: its clients are not believed gone. */
import { randomUUID } from 'node:crypto';
import { createMemoryStore } from '@weft/datastore';
import { apiVersion, type ClusterInformation, type Node } from '@weft/resources';
import { expect, it } from 'vitest';
import { FirstCluster } from './first-cluster.ts';
import { GuardedStore } from './guarded-store.ts';
import { LateStore } from './late-store.ts';

const clusterKey = { kind: 'ClusterInformation', name: 'default' } as const;
const information = (clusterGUID: string): ClusterInformation & { kind: 'ClusterInformation' } => ({
  apiVersion,
  kind: 'ClusterInformation',
  metadata: { name: 'default' },
  spec: { clusterGUID, datastoreReady: true },
});
const node: Node & { kind: 'Node' } = { apiVersion, kind: 'Node', metadata: { name: 'node1' }, spec: {} };

function setUp() {
  const store = createMemoryStore({ now: () => 0, uuid: randomUUID });
  return { store, guarded: new GuardedStore(new LateStore(async () => store), new FirstCluster()) };
}

it('reads a store without a cluster, and then one with the first cluster there was', async () => {
  const { guarded, store } = setUp();
  await store.create(node);
  expect((await guarded.list('Node')).items).toHaveLength(1);
  await store.create(information('abc'));
  expect((await guarded.list('Node')).items).toHaveLength(1);
  await store.delete(clusterKey);
  await store.delete({ kind: 'Node', name: 'node1' });
  await expect(guarded.list('Node')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/^It was emptied, and this route reflector .* of cluster abc.*Restore it/),
  });
  await store.create(information('other'));
  await expect(guarded.list('Node')).rejects.toThrow(/^It is that of cluster other, .* of cluster abc/);
  await store.delete(clusterKey);
  await store.create(information('abc'));
  expect((await guarded.list('Node')).items).toEqual([]);
});
