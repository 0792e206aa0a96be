import { createMemoryStore } from '@weft/datastore';
import { apiVersion, type Node } from '@weft/resources';
import { expect, it } from 'vitest';
import { fencedStore } from './fenced-store.ts';

const node: Node = { apiVersion, kind: 'Node', metadata: { name: 'node1' }, spec: {} };

it('a store is written by a leader only, and read by everybody', async () => {
  const state = { leads: true };
  const store = fencedStore(createMemoryStore({ now: () => 0, uuid: () => 'uid' }), () => state.leads);
  const made = await store.create(node);
  if (made.kind !== 'written') throw new Error(made.kind);
  state.leads = false;
  const refusal = { code: 'unavailable', message: expect.stringContaining('does not lead any more') };
  await expect(store.create({ ...node, metadata: { name: 'node2' } })).rejects.toMatchObject(refusal);
  await expect(store.update(made.resource)).rejects.toMatchObject(refusal);
  await expect(store.delete({ kind: 'Node', name: 'node1' })).rejects.toMatchObject(refusal);
  expect((await store.list('Node')).items).toEqual([made.resource]);
  state.leads = true;
  expect((await store.delete({ kind: 'Node', name: 'node1' })).kind).toBe('written');
});
