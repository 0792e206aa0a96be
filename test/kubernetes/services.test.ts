/** Following Services on the fault server: only while wanted, through a server that dies, and without the right to. */
import { type KubernetesCluster, openCluster } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ServiceWatch } from '../../cmd/weftd/src/services/service-watch.ts';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';

let server: FaultApiServer;
let cluster: KubernetesCluster;
let watch: ServiceWatch;
const changed = vi.fn();
const log = createLogger({ name: 'test', level: 'error' });

beforeEach(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  cluster = openCluster({ type: 'kubernetes', server: server.url });
  watch = new ServiceWatch({ nodeName: 'node1', log, cluster: () => cluster, changed });
  changed.mockClear();
});
afterEach(async () => {
  watch.close();
  cluster.close();
  await server.kill();
});

function putService(name: string): void {
  server.objects.put('v1/services', {
    metadata: { name, namespace: 'default' },
    spec: { type: 'ClusterIP', clusterIP: '10.96.0.9', externalTrafficPolicy: 'Local' },
  });
}

function putSlice(name: string, nodeName: string): void {
  server.objects.put('discovery.k8s.io/v1/endpointslices', {
    metadata: { name: `${name}-a`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ nodeName, conditions: { ready: true } }],
  });
}

function ready(): Record<string, readonly number[]> {
  return Object.fromEntries(watch.services().map(({ name, readyHere }) => [name, readyHere]));
}

test('asks for nothing until it is wanted, and forgets all when it no longer is', async () => {
  putService('web');
  expect(watch.services()).toEqual([]);
  expect(server.requests).toEqual([]);
  watch.want(true);
  await watch.whenRead();
  expect(ready()).toEqual({ 'default/web': [] });
  watch.want(false);
  expect(watch.services()).toEqual([]);
  await vi.waitFor(() => expect(server.watchCount).toBe(0));
});

test('an endpoint that comes to this node and leaves it, while the server dies between', async () => {
  putService('web');
  watch.want(true);
  await watch.whenRead();
  putSlice('web', 'node1');
  await vi.waitFor(() => expect(ready()).toEqual({ 'default/web': [4] }));
  await server.kill();
  putSlice('web', 'node2');
  expect(ready()).toEqual({ 'default/web': [4] });
  await server.start();
  await vi.waitFor(() => expect(ready()).toEqual({ 'default/web': [] }), { timeout: 20_000 });
});

test('without the right to list them nothing hangs, and it goes on when the right is given', async () => {
  server.fail(/endpointslices/, { kind: 'status', status: 403 });
  putService('web');
  watch.want(true);
  await watch.whenRead();
  expect(watch.services()).toEqual([]);
  server.heal();
  await vi.waitFor(() => expect(ready()).toEqual({ 'default/web': [] }), { timeout: 20_000 });
});
