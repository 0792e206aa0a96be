/**
 * The Kubernetes driver on the fault server: the contract in both API groups, and Nodes and Pods.
 */
import { type Datastore, type OnUnreadable, openDatastore, type UnreadableObject } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { crdNames, parseJson } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import type { StoredObject } from '../harness/fault-api-server/objects.ts';
import { waitFor } from '../harness/wait-for.ts';
import { describeNodesAndPods } from './kubernetes-nodes-and-pods.ts';

for (const apiGroup of ['crd.projectcalico.org/v1', 'projectcalico.org/v3'] as const) {
  datastoreContract(`kubernetes (${apiGroup})`, async (): Promise<ContractSubject> => {
    const server = await startFaultServer({ groups: [apiGroup] });
    const choice = { type: 'kubernetes', server: server.url } as const;
    const unreadable: UnreadableObject[] = [];
    const onUnreadable: OnUnreadable = (key, reason) => unreadable.push({ key, reason });
    const stores = [await openDatastore(choice, { onUnreadable })];
    return {
      store: stores[0] as NonNullable<(typeof stores)[0]>,
      namespaces: false,
      keepsHistoryInProcess: true,
      unreadable,
      ...(apiGroup === 'crd.projectcalico.org/v1' && {
        rawForm: 'crd',
        putRaw: async ({ kind }, text) => {
          server.objects.put(`${apiGroup}/${crdNames(kind, 'v1')?.plural}`, parseJson(text) as StoredObject);
        },
      }),
      connect: async () => {
        const store = await openDatastore(choice);
        stores.push(store);
        return store;
      },
      compact: async () => server.compact(),
      server: {
        kill: () => server.kill(),
        start: () => server.start(),
        cutConnections: async () => server.cutConnections(),
      },
      dispose: async () => {
        await Promise.all(stores.map((store) => store.close()));
        await server.kill();
      },
    };
  });
}

describe('nodes and pods', () => {
  let server: FaultApiServer;
  let store: Datastore;
  beforeEach(async () => {
    server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
    store = await openDatastore({ type: 'kubernetes', server: server.url });
  });
  afterEach(async () => {
    await store.close();
    await server.kill();
  });

  describeNodesAndPods(() => ({
    store,
    ask: async (method, path, body) => {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${server.url}${path}`, { method, ...sent });
      return { status: answer.status, body: await answer.json() };
    },
  }));

  function putPod(name: string, nodeName: string): void {
    server.objects.put('v1/pods', { metadata: { name, namespace: 'default' }, spec: { nodeName } });
  }

  it('asks for the Pods of one node in every page of a list and in every connection of a watch', async () => {
    for (let ordinal = 0; ordinal < 1203; ordinal++) putPod(`p${ordinal}`, ordinal % 2 === 0 ? 'n1' : 'n2');
    const { items, revision } = await store.list('WorkloadEndpoint', { node: 'n1' });
    expect(items).toHaveLength(602);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of store.watch('WorkloadEndpoint', revision, stop.signal, { node: 'n1' }))
        if (event.kind === 'put') seen.push(event.resource.spec.pod ?? '');
    })();
    for (const name of ['before', 'after']) {
      await waitFor('the watch is open', () => server.watchCount === 1);
      putPod(`other-${name}`, 'n2');
      putPod(name, 'n1');
      await waitFor(`${name} is told`, () => seen.includes(name));
      server.endWatches();
    }
    stop.abort();
    await watching;
    expect(seen).toEqual(['before', 'after']);
    const asked = server.requests.filter((line) => line.startsWith('GET /api/v1/pods'));
    expect(asked.length).toBeGreaterThanOrEqual(4);
    for (const line of asked) expect(decodeURIComponent(line)).toContain('fieldSelector=spec.nodeName=n1');
  });
});
