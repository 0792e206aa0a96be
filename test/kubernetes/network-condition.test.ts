/** The condition NetworkUnavailable on the fault server. */
import { type KubernetesCluster, openCluster } from '@weft/datastore';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type NetworkConditionOptions,
  tellNetworkAvailable,
} from '../../cmd/weftd/src/startup/network-condition.ts';
import { type FaultApiServer, startFaultServer } from '../harness/fault-api-server/fault-api-server.ts';

const kubeletsOwn = { type: 'Ready', status: 'True', reason: 'KubeletReady' };
const ofCloud = { type: 'NetworkUnavailable', status: 'True', reason: 'NoRouteCreated' };

let server: FaultApiServer;
let cluster: KubernetesCluster;
let stop: AbortController;
let lines: string[];

beforeEach(async () => {
  server = await startFaultServer({ groups: ['crd.projectcalico.org/v1'] });
  cluster = openCluster({ type: 'kubernetes', server: server.url });
  stop = new AbortController();
  lines = [];
  putNode([kubeletsOwn, ofCloud]);
});
afterEach(async () => {
  stop.abort();
  cluster.close();
  await server.kill();
});

function putNode(conditions: object[]): void {
  server.objects.put('v1/nodes', { metadata: { name: 'n1' }, status: { conditions, phase: 'x' } });
}

function tell(more: Partial<NetworkConditionOptions> = {}): Promise<void> {
  const destination = { write: (line: string) => lines.push(line) };
  const log = createLogger({ name: 'test', level: 'debug', destination });
  const common = { nodeName: 'n1', cluster: () => cluster, log, isReady: () => true, signal: stop.signal };
  return tellNetworkAvailable({ ...common, ...more });
}

interface Status {
  readonly conditions: readonly { readonly type: string }[];
}
const statusOf = (): Status => server.objects.get('v1/nodes', 'n1')?.status as Status;
const writes = (): string[] => server.requests.filter((line) => line.startsWith('PATCH'));

test('is False from the moment the node is ready, and nothing else of the status is touched', async () => {
  let ready = false;
  const told = tell({ isReady: () => ready });
  await cluster.list({ apiVersion: 'v1', plural: 'nodes', kind: 'Node' });
  expect(writes()).toEqual([]);
  ready = true;
  await told;
  expect(writes()).toEqual(['PATCH /api/v1/nodes/n1/status']);
  expect(statusOf()).toEqual({
    phase: 'x',
    conditions: [
      kubeletsOwn,
      {
        type: 'NetworkUnavailable',
        status: 'False',
        reason: 'CalicoIsUp',
        message: 'Calico is running on this node',
        lastHeartbeatTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        lastTransitionTime: expect.stringMatching(/Z$/),
      },
    ],
  });
});

test('is not written again by a daemon that starts again', async () => {
  await tell();
  await tell();
  expect(writes()).toHaveLength(1);
});

test('is written after another has changed the Node in between', async () => {
  server.fail(/PATCH/, { kind: 'status', status: 409 }, 1);
  await tell();
  expect(statusOf().conditions.map(({ type }) => type)).toEqual(['Ready', 'NetworkUnavailable']);
  expect(writes()).toHaveLength(2);
});

test('is written after the deadline by a node that does not get ready', async () => {
  await tell({ isReady: () => false, readyDeadlineMs: 0 });
  expect(lines.join()).toContain('network-not-ready');
  expect(writes()).toHaveLength(1);
});

test('names the right that is missing, and goes on when it is given', async () => {
  server.fail(/PATCH/, { kind: 'status', status: 403 }, 1);
  const told = tell({ retryMs: 10 });
  await vi.waitFor(() => expect(lines.join()).toContain('RBAC does not allow to patch nodes/status (403)'));
  await told;
  expect(writes()).toHaveLength(2);
});

test('ends at once when the daemon does', async () => {
  const told = tell({ isReady: () => false });
  stop.abort();
  await told;
  expect(writes()).toEqual([]);
});
