/**
 * The Kubernetes driver on the fault server: the contract in both API groups, and Nodes and Pods.
 */
import { type Datastore, type OnUnreadable, openDatastore, type UnreadableObject } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { crdNames, parseJson } from '@weft/resources';
import { afterEach, beforeEach, describe } from 'vitest';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';
import type { StoredObject } from '../harness/fault-api-server/objects.ts';
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
});
