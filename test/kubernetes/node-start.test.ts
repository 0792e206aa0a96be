/** What a node does at its start, against a real API server: the condition of its Node, default pools, passwords. */
import { type KubernetesCluster, openCluster, openDatastore } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PasswordWatch } from '../../cmd/weftd/src/secrets/password-watch.ts';
import { ensureDefaultPools } from '../../cmd/weftd/src/startup/default-pools.ts';
import { tellNetworkAvailable } from '../../cmd/weftd/src/startup/network-condition.ts';
import { readPoolSettings } from '../../cmd/weftd/src/startup/pool-settings.ts';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: the start of a node is not tried on a real API server.');

const log = createLogger({ name: 'test', level: 'error' });

describe.skipIf(kubeAssets === undefined)('a node that starts, on a real API server', () => {
  let server: TestKubeApiServer;
  let cluster: KubernetesCluster;

  beforeAll(async () => {
    server = await startKubeApiServer();
    await server.installCrds('v1');
    await server.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    cluster = openCluster(choice());
  }, 120_000);
  afterAll(async () => {
    cluster?.close();
    await server?.dispose();
  });

  function choice() {
    const tls = { ca: { file: server.caFile } };
    return { type: 'kubernetes', server: server.url, token: server.token, tls } as const;
  }

  test('tells that its network works, beside the conditions of others', async () => {
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }];
    await server.ask('PATCH', '/api/v1/nodes/n1/status', { status: { conditions } });
    const { signal } = new AbortController();
    await tellNetworkAvailable({ nodeName: 'n1', cluster: () => cluster, log, isReady: () => true, signal });
    const { body } = await server.ask('GET', '/api/v1/nodes/n1');
    expect(body.status.conditions).toMatchObject([
      { type: 'Ready', status: 'True' },
      { type: 'NetworkUnavailable', status: 'False', reason: 'CalicoIsUp' },
    ]);
  });

  test("makes one pool of the Pods' range of kubeadm, and so do ten that start at once", async () => {
    const data = { ClusterConfiguration: 'networking:\n  podSubnet: 10.244.0.0/16\n' };
    const metadata = { name: 'kubeadm-config', namespace: 'kube-system' };
    await server.ask('POST', '/api/v1/namespaces/kube-system/configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data,
    });
    const store = await openDatastore(choice());
    const options = {
      settings: readPoolSettings({}),
      store,
      cluster: () => cluster,
      facts: () => ({ interfaces: [], routes: [] }),
      hasIpv6: () => true,
      log,
    };
    await Promise.all(Array.from({ length: 10 }, () => ensureDefaultPools(options)));
    const { items } = await store.list('IPPool');
    await store.close();
    expect(items.map(({ metadata: { name }, spec: { cidr } }) => [name, cidr])).toEqual([
      ['default-ipv4-ippool', '10.244.0.0/16'],
      ['default-ipv6-ippool', expect.stringMatching(/^fd.*::\/48$/)],
    ]);
  });

  test('reads a password from a Secret, and its change', async () => {
    const path = '/api/v1/namespaces/kube-system/secrets';
    const metadata = { name: 'bgp', namespace: 'kube-system' };
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { mesh: 'first' } };
    await server.ask('POST', path, secret);
    const options = { log, namespace: 'kube-system', cluster: () => cluster, changed: () => undefined };
    const watch = new PasswordWatch(options);
    watch.want(new Set(['bgp']));
    await watch.whenRead();
    expect([...watch.values()]).toEqual([['bgp/mesh', 'first']]);
    await server.ask('PATCH', `${path}/bgp`, { stringData: { mesh: 'second' } });
    await vi.waitFor(() => expect([...watch.values()]).toEqual([['bgp/mesh', 'second']]), 10_000);
    watch.close();
  });
});
