/**
 * The controller on a real kube-apiserver with RBAC, as the ServiceAccount of manifests/ and with no right more than that.
 */
import { type Datastore, openDatastore } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { createIpam, hostOwner, type Ipam, workloadAttributes } from '@weft/ipam';
import { apiVersion } from '@weft/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../harness/free-port.ts';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../../harness/kube-api-server.ts';
import { MANIFESTS, manifestsOf } from '../../harness/manifests.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { TestController } from './stage.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: weft-controller is not tried on a real API server.');

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const PLACES: Readonly<Record<string, string>> = {
  ServiceAccount: '/api/v1/namespaces/kube-system/serviceaccounts',
  ClusterRole: `${RBAC}/clusterroles`,
  ClusterRoleBinding: `${RBAC}/clusterrolebindings`,
  Role: `${RBAC}/namespaces/kube-system/roles`,
  RoleBinding: `${RBAC}/namespaces/kube-system/rolebindings`,
};

describe.skipIf(kubeAssets === undefined)('on a real API server', () => {
  let server: TestKubeApiServer;
  let store: Datastore;
  let ipam: Ipam;
  let token: string;
  beforeAll(async () => {
    server = await startKubeApiServer();
    await server.installCrds('v1');
    for (const object of manifestsOf(MANIFESTS)) {
      const place = PLACES[object.kind];
      if (place === undefined || object.metadata.name !== 'weft-controller') continue;
      expect(await server.ask('POST', place, object)).toMatchObject({ status: 201 });
    }
    const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
    const answer = await server.ask('POST', `${PLACES.ServiceAccount}/weft-controller/token`, request);
    token = answer.body.status.token;
    store = await openDatastore(clusterWith(server.token));
    ipam = createIpam({ store, now: Date.now });
    await seed();
  });
  afterAll(async () => {
    await store?.close();
    await server?.dispose();
  });

  const clusterWith = (credential: string) =>
    ({
      type: 'kubernetes',
      server: server.url,
      token: credential,
      tls: { ca: { file: server.caFile } },
    }) as const;

  async function seed(): Promise<void> {
    const spec = { cidr: prefix('10.1.0.0/24'), blockSize: 28 };
    await store.create({ apiVersion, kind: 'IPPool', metadata: { name: 'pods' }, spec } as Parameters<
      Datastore['create']
    >[0]);
    await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
    for (const name of ['node1', 'node2']) await server.ask('POST', '/api/v1/nodes', { metadata: { name } });
  }

  /** A Pod that runs; `podIP` as its kubelet would report it. */
  async function runPod(name: string, nodeName: string): Promise<void> {
    const containers = [{ name: 'c', image: 'i' }];
    const pod = { metadata: { name, namespace: 'shop' }, spec: { nodeName, containers } };
    expect((await server.ask('POST', '/api/v1/namespaces/shop/pods', pod)).status).toBe(201);
    const outcome = await ipam.autoAssign({
      node: nodeName,
      handle: `k8s-pod-network.${name}`,
      attributes: workloadAttributes({ node: nodeName, pod: name, namespace: 'shop', now: Date.now() }),
      num4: 1,
      intendedUse: 'Workload',
    });
    if (outcome.kind !== 'assigned') throw new Error(outcome.message);
    const podIP = outcome.addresses[0]?.address;
    const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }] };
    await server.ask('PATCH', `/api/v1/namespaces/shop/pods/${name}/status`, { status });
  }

  /** Takes it away as the kubelet does in the end. */
  async function removePod(name: string): Promise<void> {
    await server.ask('DELETE', `/api/v1/namespaces/shop/pods/${name}?gracePeriodSeconds=0`);
  }

  async function holders(): Promise<string> {
    const { items } = await store.list('IPAMHandle');
    return items
      .map(({ spec }) => spec.handleID.replace('k8s-pod-network.', ''))
      .sort()
      .join();
  }

  it('takes back leaks, a dead node and an idle block, and passes its Lease on', async () => {
    await runPod('stays', 'node1');
    await runPod('leaks', 'node1');
    await runPod('lost', 'node2');
    await ipam.claimAffinity({ cidr: prefix('10.1.0.240/28'), owner: hostOwner('node1') });
    const control = async () =>
      new TestController(server.url, await freePort('127.0.0.1'), { cluster: clusterWith(token) });
    const first = await control();
    const second = await control();
    try {
      await waitFor('one of them looks', () => first.looks + second.looks > 1);
      await removePod('leaks');
      await removePod('lost');
      await server.ask('DELETE', '/api/v1/nodes/node2');
      await waitFor('only one Pod holds an address', async () => (await holders()) === 'stays', 60_000, 50);
      const owners = async () =>
        (await store.list('BlockAffinity')).items.map(({ spec }) => spec.node).join();
      await waitFor('one block is left', async () => (await owners()) === 'node1', 60_000, 50);
      const [leader, other] = first.looks > 0 ? [first, second] : [second, first];
      expect(other.looks).toBe(0);
      await leader.stop();
      await waitFor('the other looks', () => other.looks > 0, 30_000);
      const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/weft-controller';
      expect((await server.ask('GET', lease)).body.spec).toMatchObject({
        leaseTransitions: 1,
        leaseDurationSeconds: 1,
      });
      const refused = [...first.lines, ...second.lines].filter(({ msg }) => msg.includes('(403)'));
      expect(refused).toEqual([]);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});
