/** An export, imported into a real Kubernetes API server: what `calicoctl datastore migrate import` is for. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kubeAssets, startKubeApiServer, type TestKubeApiServer } from '../harness/kube-api-server.ts';
import { weftctl } from '../harness/test-lab.ts';

if (kubeAssets === undefined)
  console.warn('KUBEBUILDER_ASSETS is not set: migrate import is not tried on a real API server.');

const CLUSTER = `
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: old-name}
spec: {bgp: {ipv4Address: 192.0.2.1/24}, orchRefs: [{nodeName: n1, orchestrator: k8s}]}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n2}
spec: {orchRefs: [{nodeName: n2, orchestrator: k8s}]}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: p}
spec: {cidr: 10.0.0.0/16, natOutgoing: true}
`;

describe.skipIf(kubeAssets === undefined)('migrate import into Kubernetes', () => {
  let server: TestKubeApiServer;
  let directory: string;

  beforeAll(async () => {
    server = await startKubeApiServer();
    await server.installCrds('v1');
    directory = mkdtempSync(join(tmpdir(), 'weft-migrate-'));
  }, 120_000);

  afterAll(async () => {
    await server?.dispose();
    if (directory) rmSync(directory, { recursive: true });
  });

  function file(name: string, text: string): string {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  }

  function kubeconfig(): string {
    const cluster = { name: 'c', cluster: { server: server.url, 'certificate-authority': server.caFile } };
    const user = { name: 'u', user: { token: server.token } };
    const context = { name: 'x', context: { cluster: 'c', user: 'u' } };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [cluster],
      users: [user],
      contexts: [context],
    };
    return file('kubeconfig', JSON.stringify({ ...config, 'current-context': 'x' }));
  }

  test('nodes get what was theirs, addresses stay, and a node that is not there is named', {
    timeout: 180_000,
  }, async () => {
    const store = join(directory, 'a.db');
    expect(await weftctl('apply', '-f', file('cluster.yaml', CLUSTER), '--datastore', store)).toMatchObject({
      exitCode: 0,
    });
    await takeAddress(store);
    await weftctl('datastore', 'migrate', 'lock', '--datastore', store);
    const exported = await weftctl('datastore', 'migrate', 'export', '--datastore', store);
    const kubernetes = `kubernetes:${kubeconfig()}`;
    await server.ask('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } });
    const path = file('export.yaml', exported.stdout);
    const imported = await weftctl('datastore', 'migrate', 'import', '-f', path, '--datastore', kubernetes);
    expect(imported.stderr).toMatch(/^Left out: Node "n2", because /m);
    expect(imported).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Successfully applied 3 IPAM resource(s)'),
    });
    const again = await weftctl('datastore', 'migrate', 'import', '-f', path, '--datastore', kubernetes);
    expect(again.exitCode).toBe(0);
    const { body } = await server.ask('GET', '/api/v1/nodes/n1');
    expect((body.metadata as { annotations: object }).annotations).toMatchObject({
      'projectcalico.org/IPv4Address': '192.0.2.1/24',
    });
    const holder = await weftctl('ipam', 'show', '--ip', '10.0.0.1', '--datastore', kubernetes);
    expect(holder.stdout).toContain('(affinity host:n1)');
    const check = await weftctl('ipam', 'check', '--show-problem-ips', '--datastore', kubernetes);
    expect(check.stdout).toMatch(/^ {2}10\.0\.0\.1 is held for default\/w, which is gone/m);
    expect(check.stdout).toMatch(/^Check complete; found 1 problems\.$/m);
    const unlocked = await weftctl('datastore', 'migrate', 'unlock', '--datastore', kubernetes);
    expect(unlocked.exitCode).toBe(0);
  });
});

/** An address of a pod on the node with two names. */
async function takeAddress(path: string): Promise<void> {
  const store = await openDatastore({ type: 'embedded', path });
  const outcome = await createIpam({ store, now: Date.now }).assignIp({
    node: 'old-name',
    handle: 'k8s-pod-network.abc',
    attributes: { pod: 'w', namespace: 'default', timestamp: '2026-01-01 00:00:00 +0000 UTC' },
    intendedUse: 'Workload',
    address: '10.0.0.1' as never,
  });
  await store.close();
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
}
