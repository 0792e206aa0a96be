/** The operator's commands on a real etcd: what they print does not depend on the kind of datastore. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';
import { weftctl } from '../harness/test-lab.ts';

const CLUSTER = `
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1}
spec: {orchRefs: [{nodeName: n1, orchestrator: k8s}]}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: p}
spec: {cidr: 10.0.0.0/16, natOutgoing: true}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: n1-k8s-w-eth0, namespace: default}
spec: {node: n1, orchestrator: k8s, pod: w, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.0.0.1/32]}
`;

let etcd: TestEtcd;
let directory: string;

beforeAll(async () => {
  etcd = await startEtcd();
  directory = mkdtempSync(join(tmpdir(), 'weft-operator-'));
}, 60_000);

afterAll(async () => {
  await etcd.dispose();
  rmSync(directory, { recursive: true });
});

async function succeed(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await weftctl(...args);
  expect({ args, stderr, exitCode }).toEqual({ args, stderr: expect.anything(), exitCode: 0 });
  return stdout;
}

describe('the operator on etcd', () => {
  test('copy, check, split and export do there what they do in a file', { timeout: 120_000 }, async () => {
    const file = join(directory, 'a.db');
    const url = `etcd://${etcd.choice.endpoints[0]?.replace('http://', '')}`;
    const yaml = join(directory, 'cluster.yaml');
    writeFileSync(yaml, CLUSTER);
    await succeed('apply', '-f', yaml, '--datastore', file);
    await takeAddress(file);
    await succeed('datastore', 'migrate', 'lock', '--datastore', file);
    expect(await succeed('datastore', 'copy', '--from', file, '--to', url)).toContain('compared and agree');
    for (const command of [
      ['ipam', 'show', '--show-blocks'],
      ['ipam', 'check', '--show-all-ips'],
      ['ipam', 'show', '--ip', '10.0.0.1'],
      ['datastore', 'migrate', 'export'],
    ])
      expect(await succeed(...command, '--datastore', url)).toBe(
        await succeed(...command, '--datastore', file),
      );
    await succeed('ipam', 'split', '2', '--name', 'p', '--datastore', url);
    expect(await succeed('ipam', 'check', '--datastore', url)).toContain('found 0 problems');
    await succeed('ipam', 'configure', '--ip-cooldown-seconds', '5', '--datastore', url);
    await succeed('ipam', 'release', '--ip', '10.0.0.1', '--force', '--datastore', url);
    expect(await succeed('ipam', 'show', '--ip', '10.0.0.1', '--datastore', url)).toContain(
      'is not assigned',
    );
  });

  test('a store that is away is one clear line, soon', { timeout: 60_000 }, async () => {
    const { stdout, stderr, exitCode } = await weftctl('ipam', 'show', '--datastore', 'etcd://127.0.0.1:1');
    expect({ stdout, exitCode, lines: stderr.trim().split('\n').length }).toEqual({
      stdout: '',
      exitCode: 1,
      lines: 1,
    });
    expect(stderr).toContain('127.0.0.1:1');
  });
});

async function takeAddress(path: string): Promise<void> {
  const store = await openDatastore({ type: 'embedded', path });
  const outcome = await createIpam({ store, now: Date.now }).assignIp({
    node: 'n1',
    handle: 'k8s-pod-network.abc',
    attributes: { pod: 'w', namespace: 'default' },
    intendedUse: 'Workload',
    address: '10.0.0.1' as never,
  });
  await store.close();
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
}
