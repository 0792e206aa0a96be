/**
 * Objects of Kubernetes itself on the fault server: reads, writes with their conflicts, selections, and following them
 * through whatever happens to a server.
 */
import { type KubernetesCluster, type ObjectEvent, openCluster } from '@weft/datastore';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';

const PODS = { apiVersion: 'v1', plural: 'pods', kind: 'Pod' };
const LEASES = { apiVersion: 'coordination.k8s.io/v1', plural: 'leases', kind: 'Lease' };

let server: FaultApiServer;
let cluster: KubernetesCluster;
beforeEach(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  cluster = openCluster({ type: 'kubernetes', server: server.url });
});
afterEach(async () => {
  cluster.close();
  await server.kill();
});

function pod(name: string, nodeName: string) {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec: { nodeName } };
}

test('an object is made, read, changed at its revision only, and removed', async () => {
  const name = { name: 'leader', namespace: 'kube-system' };
  const lease = { apiVersion: LEASES.apiVersion, kind: 'Lease', metadata: name, spec: { holder: 'a' } };
  expect(await cluster.get(LEASES, name)).toBeUndefined();
  const made = await cluster.create(LEASES, lease);
  if (made.kind !== 'written') throw new Error(made.kind);
  expect(await cluster.create(LEASES, lease)).toEqual({ kind: 'already-exists' });
  const first = made.object;
  expect(await cluster.update(LEASES, { ...first, spec: { holder: 'b' } })).toMatchObject({
    kind: 'written',
    object: { spec: { holder: 'b' } },
  });
  expect(await cluster.update(LEASES, { ...first, spec: { holder: 'c' } })).toEqual({ kind: 'conflict' });
  expect(await cluster.patch(LEASES, name, { spec: { times: 1 } })).toMatchObject({
    kind: 'written',
    object: { spec: { holder: 'b', times: 1 } },
  });
  expect(await cluster.delete(LEASES, name, { uid: 'another' })).toEqual({ kind: 'conflict' });
  expect((await cluster.delete(LEASES, name)).kind).toBe('written');
  expect(await cluster.delete(LEASES, name)).toEqual({ kind: 'not-found' });
});

test('a list is what its selectors match, over all pages', async () => {
  for (let i = 0; i < 1203; i++) server.objects.put('v1/pods', pod(`p${i}`, i % 2 === 0 ? 'even' : 'odd'));
  const { objects } = await cluster.list(PODS, { fieldSelector: 'spec.nodeName=even' });
  expect(objects).toHaveLength(602);
});

test('following sees changes of its selection only, through a cut and a compaction', async () => {
  server.objects.put('v1/pods', pod('a', 'n1'));
  server.objects.put('v1/pods', pod('b', 'n2'));
  const stop = new AbortController();
  const events = cluster.follow(PODS, stop.signal, { fieldSelector: 'spec.nodeName=n1' });
  expect(names(await next(events))).toEqual(['a']);
  const pending = events.next();
  await expect.poll(() => server.watchCount).toBe(1);
  server.objects.put('v1/pods', pod('c', 'n2'));
  server.objects.put('v1/pods', pod('d', 'n1'));
  expect(await pending).toMatchObject({ value: { kind: 'put', object: { metadata: { name: 'd' } } } });
  server.cutConnections();
  server.objects.remove('v1/pods', pod('a', 'n1'));
  expect(await next(events)).toMatchObject({ kind: 'delete', object: { metadata: { name: 'a' } } });
  await server.kill();
  server.objects.put('v1/pods', pod('e', 'n1'));
  server.compact();
  await server.start();
  expect(await next(events)).toMatchObject({ kind: 'interrupted', error: { code: 'compacted' } });
  expect(names(await next(events))).toEqual(['d', 'e']);
  stop.abort();
  expect((await events.next()).done).toBe(true);
});

test('what RBAC refuses is named by verb and resource', async () => {
  server.fail(/leases/, { kind: 'status', status: 403 });
  await expect(cluster.get(LEASES, { name: 'leader', namespace: 'kube-system' })).rejects.toThrow(
    'RBAC does not allow to get leases.coordination.k8s.io (403)',
  );
});

async function next(events: AsyncGenerator<ObjectEvent, void, undefined>): Promise<ObjectEvent> {
  const { value } = await events.next();
  if (!value) throw new Error('following has ended');
  return value;
}

function names(event: ObjectEvent): string[] {
  if (event.kind !== 'snapshot') throw new Error(`not a snapshot: ${event.kind}`);
  return event.objects.map(({ metadata }) => metadata.name ?? '');
}
