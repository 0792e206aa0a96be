/**
 * The Kubernetes driver on a real kube-apiserver and etcd, found by KUBEBUILDER_ASSETS: the contract in both API groups,
 * and what only a real server can tell.
 */
import { type Datastore, type OpenOptions, openDatastore, type UnreadableObject } from '@weft/datastore';
import { type ContractSubject, datastoreContract } from '@weft/datastore/contract';
import { apiVersion, crdNames, kindNames } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';
import { describeNodesAndPods } from './kubernetes-nodes-and-pods.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: the Kubernetes driver is not tried on a real API server.');

type Group = 'v1' | 'v3';
const GROUPS = { v1: 'crd.projectcalico.org/v1', v3: 'projectcalico.org/v3' } as const;

describe.skipIf(kubeAssets === undefined)('on a real API server', () => {
  let server: TestKubeApiServer;
  beforeAll(async () => {
    // Without its cache the server forgets what etcd forgets, and the cases of compaction mean something.
    server = await startKubeApiServer(['--watch-cache=false']);
  });
  afterAll(() => server?.dispose());

  const open = (group?: Group, options?: OpenOptions): Promise<Datastore> =>
    openDatastore(
      {
        type: 'kubernetes',
        server: server.url,
        token: server.token,
        tls: { ca: { file: server.caFile } },
        ...(group && { apiGroup: GROUPS[group] }),
      },
      options,
    );

  it('says which CRDs to install where there are none', async () => {
    const store = await open();
    await expect(store.list('IPPool')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/does not know ippools.*kubectl apply -f manifests\/crds\/v1/),
    });
    await store.close();
  });

  it('uses the v3 CRDs where only those are installed, and the v1 CRDs as soon as they are', async () => {
    await server.installCrds('v3');
    const onlyV3 = await open();
    await onlyV3.create(configuration);
    expect((await server.ask('GET', '/apis/projectcalico.org/v3/ipamconfigurations/default')).status).toBe(
      200,
    );
    await server.installCrds('v1');
    const both = await open();
    await both.create(configuration);
    const stored = await server.ask('GET', '/apis/crd.projectcalico.org/v1/ipamconfigs/default');
    expect(stored.body.kind).toBe('IPAMConfig');
    await Promise.all([onlyV3.close(), both.close()]);
  });

  for (const group of ['v1', 'v3'] as const)
    datastoreContract(`kubernetes (${GROUPS[group]})`, () => subject(group));

  describe('nodes and pods', () => {
    let store: Datastore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store?.close());

    describeNodesAndPods(() => ({ store, ask: (...args) => server.ask(...args) }));
  });

  it.each(['v1', 'v3'] as const)('stores a report, whose status the %s CRDs keep apart', async (group) => {
    await empty(group);
    const store = await open(group);
    const key = { kind: 'CalicoNodeStatus', name: 'of-node1' } as const;
    const spec = { node: 'node1', classes: ['Agent'], updatePeriodSeconds: 10 } as const;
    const made = await store.create({
      apiVersion,
      kind: key.kind,
      metadata: { name: key.name },
      spec: { ...spec, classes: ['Agent'] },
    });
    if (made.kind !== 'written') throw new Error(made.kind);
    const status = { lastUpdated: '2026-11-21T10:00:00Z', agent: { birdV4: { state: 'Ready' } } } as const;
    const reported = await store.update({ ...made.resource, status });
    expect(reported).toMatchObject({ kind: 'written', resource: { spec, status } });
    const stored = await store.get(key);
    expect(stored).toMatchObject({ spec, status });
    expect(await store.update({ ...made.resource, status: {} })).toEqual({ kind: 'conflict' });
    if (!stored) throw new Error('it is there');
    expect((await store.update({ ...stored, spec: { ...stored.spec, updatePeriodSeconds: 20 } })).kind).toBe(
      'written',
    );
    expect(await store.get(key)).toMatchObject({ spec: { updatePeriodSeconds: 20 }, status });
    await store.close();
  });

  async function subject(group: Group): Promise<ContractSubject> {
    await empty(group);
    const unreadable: UnreadableObject[] = [];
    const store = await open(group, { onUnreadable: (key, reason) => unreadable.push({ key, reason }) });
    const stores = [store];
    return {
      store,
      namespaces: false,
      unreadable,
      ...(group === 'v1' && {
        rawForm: 'crd',
        // Beside the API server, which would refuse what is broken.
        putRaw: ({ kind, name }, text) =>
          server.etcd.put(`/registry/crd.projectcalico.org/${crdNames(kind, group)?.plural}/${name}`, text),
      }),
      connect: async () => {
        const other = await open(group);
        stores.push(other);
        return other;
      },
      compact: async () => {
        // The newest change survives a compaction; it must be another one.
        await server.etcd.put('/weft/newest', '');
        await server.etcd.compact();
      },
      server: { kill: () => server.kill('SIGKILL'), start: () => server.restart() },
      dispose: async () => {
        await Promise.all(stores.map((one) => one.close()));
      },
    };
  }

  async function empty(group: Group): Promise<void> {
    const names = kindNames.flatMap((kind) => crdNames(kind, group) ?? []);
    await Promise.all(names.map(({ plural }) => server.ask('DELETE', `/apis/${GROUPS[group]}/${plural}`)));
  }
});

const configuration = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'IPAMConfiguration',
  metadata: { name: 'default' },
  spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 0 },
} as const;
