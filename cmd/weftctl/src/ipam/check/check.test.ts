import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Datastore, OfKind } from '@weft/datastore';
import { prefix } from '@weft/ip';
import type { Ipam } from '@weft/ipam';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAll, hold, inStore, node, pool, workload } from '../../../test/cluster.ts';
import { Workbench } from '../../../test/run.ts';

let workbench: Workbench;

beforeEach(() => {
  workbench = new Workbench();
});

afterEach(() => workbench.remove());

function store<Result>(use: (store: Datastore, ipam: Ipam) => Promise<Result>): Promise<Result> {
  return inStore(workbench.path('store.db'), use);
}

/** Two nodes, a pool, and a pod with an address of its own on the first. */
function sound(): Promise<void> {
  return store(async (store, ipam) => {
    await createAll(store, node('n1'), node('n2'), pool('p', '10.0.0.0/16'));
    await hold(ipam, 'n1', 'a', '10.0.0.1');
    await createAll(store, workload('a', 'n1', '10.0.0.1'));
  });
}

const goNow = () => `${new Date().toISOString().replace('T', ' ').replace('Z', '')} +0000 UTC`;

function handle(name: string, block: Record<string, number>): OfKind<'IPAMHandle'> {
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: 'IPAMHandle',
    metadata: { name },
    spec: { handleID: name, block: block as never, deleted: false },
  };
}

/** The sound cluster, and one of everything that can be wrong. */
async function broken(): Promise<void> {
  await sound();
  await store(async (store, ipam) => {
    await hold(ipam, 'n1', 'leaked', '10.0.0.2');
    await hold(ipam, 'n1', 'young', '10.0.0.3', goNow());
    await ipam.assignIp({
      node: 'n1',
      handle: 'by-hand',
      attributes: { node: 'n1' },
      intendedUse: 'Workload',
      address: '10.0.0.4' as never,
    });
    await createAll(
      store,
      workload('unallocated', 'n1', '10.0.0.9'),
      workload('outside', 'n1', '192.0.2.9'),
      workload('twin', 'n2', '10.0.0.1'),
      handle('idle', { '10.0.0.0/26': 1 }),
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'BlockAffinity',
        metadata: { name: 'n2-10-0-5-0-26' },
        spec: { state: 'confirmed', node: 'n2', type: 'host', cidr: prefix('10.0.5.0/26'), deleted: false },
      },
    );
    await store.delete({ kind: 'IPAMHandle', name: 'k8s-pod-network.leaked' });
  });
}

async function addressesInUse(): Promise<string[]> {
  const { stdout } = await workbench.run(['ipam', 'check', '--show-all-ips']);
  return [...stdout.matchAll(/^ {2}(\S+) allocated/gm)].map(([, ip]) => ip as string);
}

describe('ipam check', { timeout: 60_000 }, () => {
  test('a sound cluster has no problems, and exit code 0', async () => {
    await sound();
    const { code, stdout, stderr } = await workbench.run(['ipam', 'check', '--show-all-ips']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(`\n${stdout}`).toBe(`
Checking IPAM for inconsistencies...

Loading all IPAM blocks...
Found 1 IPAM blocks.
 IPAM block 10.0.0.0/26 affinity=host:n1
  10.0.0.1 allocated; attrs Main:k8s-pod-network.a Extra:namespace=default,node=n1,pod=a,timestamp=2026-01-01 00:00:00 +0000 UTC
IPAM blocks record 1 allocations.

Loading all IPAM pools...
  10.0.0.0/16
Found 1 active IP pools.

Loading all nodes.
Found 0 node tunnel IPs.
Loading all service load balancer IPs.
No block belongs to a load balancer, skipping service check.
Loading all workload endpoints.
  10.0.0.1 belongs to Workload(default/a)
Found 1 workload IPs.
Workloads and nodes are using 1 IPs.

Looking for top (up to 20) nodes by allocations...
  n1 has 1 allocations
Node with most allocations has 1; median is 1

Scanning for IPs that are allocated but not actually in use...
Found 0 IPs that are allocated in IPAM but not actually in use.

Scanning for IPs that are in use by a workload or node but not allocated in IPAM...
Found 0 in-use IPs that are not in active IP pools.
Found 0 in-use IPs that are in active IP pools but have no corresponding IPAM allocation.
Found 0 IPs that several workloads or nodes use at once.

Scanning for IPAM handles with no matching IPs...
Found 0 handles with no matching IPs (and 1 handles with matches).
Scanning for IPs with missing handle...
Found 0 handles mentioned in blocks with no matching handle resource.
Found 0 handles that do not count what the blocks hold for them.

Comparing blocks with affinities...
Found 0 blocks and affinities that do not agree.

Validating IPAMBlock structures...
Found 0 invalid IPAMBlocks.

Check complete; found 0 problems.
`);
  });

  test('every problem is listed with what to do, and makes exit code 1', async () => {
    await broken();
    const { code, stdout, stderr } = await workbench.run(['ipam', 'check', '--show-problem-ips']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^IPAM has 8 problem\(s\)\n/);
    for (const line of [
      /^ {2}10\.0\.0\.2 is held for default\/leaked, which is gone\./m,
      /^Another 1 were allocated in the last minutes/m,
      /^ {2}10\.0\.0\.4 is allocated .* cannot tell whether it is leaked/m,
      /^Found 2 IPs that are allocated in IPAM but not actually in use\.$/m,
      /^ {2}10\.0\.0\.9 is in use by Workload\(default\/unallocated\) and has no allocation/m,
      /^ {2}192\.0\.2\.9 is in use by Workload\(default\/outside\) and lies in no active IP pool/m,
      /^ {2}10\.0\.0\.1 is in use by Workload\(default\/a\), Workload\(default\/twin\) at once/m,
      /^ {2}Handle idle counts 1 addresses of block 10\.0\.0\.0\/26, which holds 0 for it/m,
      /^Found 1 handles with no matching IPs \(and 3 handles with matches\)\.$/m,
      /^Found 1 handles mentioned in blocks with no matching handle resource\.$/m,
      /^ {2}The affinity of node n2 to block 10\.0\.5\.0\/26 is stale/m,
      /^Check complete; found 8 problems\.$/m,
    ])
      expect(stdout).toMatch(line);
  });

  test('a block that contradicts itself is a problem, and hides nothing else', async () => {
    await broken();
    await store(async (store) => {
      const block = await store.get({ kind: 'IPAMBlock', name: '10-0-0-0-26' });
      if (!block) throw new Error('no block');
      await createAll(store, {
        ...block,
        metadata: { name: '10-0-9-0-26' },
        spec: { ...block.spec, cidr: prefix('10.0.9.0/26'), unallocated: [1, 1] },
      } as OfKind<'IPAMBlock'>);
    });
    const { stdout } = await workbench.run(['ipam', 'check']);
    expect(stdout).toMatch(/^ {2}Block 10\.0\.9\.0\/26 contradicts itself:/m);
    expect(stdout).toMatch(/^Found 1 invalid IPAMBlocks\.$/m);
    expect(stdout).toMatch(/^Found 2 IPs that are allocated/m);
  });

  test('what cannot be read is a problem, and nothing is repaired or released while it is there', async () => {
    await sound();
    await store((_, ipam) => hold(ipam, 'n1', 'leaked', '10.0.0.2'));
    const database = new DatabaseSync(workbench.path('store.db'));
    database.exec(
      `UPDATE object SET value = replace(value, '"10.0.0.1/32"', '"somewhere"') WHERE kind = 'WorkloadEndpoint'`,
    );
    database.close();
    const { code, stdout, stderr } = await workbench.run(['ipam', 'check', '--fix', '--yes']);
    expect(stdout).toMatch(/^ {2}WorkloadEndpoint "default\/a" cannot be read: .*ipNetworks/m);
    expect(stdout).toMatch(/10\.0\.0\.1 is held .*\n {3}Left alone: what cannot be read/);
    expect(stderr).toMatch(/3 problem\(s\) that were not repaired/);
    expect(code).toBe(1);
    const release = await workbench.run(['ipam', 'release', '--ip', '10.0.0.1']);
    expect(release.stderr).toMatch(/^Cannot tell who uses which address: 1 object\(s\)/);
    expect(await addressesInUse()).toEqual(['10.0.0.1', '10.0.0.2']);
  });

  test("-o writes calicoctl's report, with every digit of the sequence numbers", async () => {
    await broken();
    await workbench.run(['datastore', 'migrate', 'lock']);
    const path = workbench.path('report.json');
    await workbench.run(['ipam', 'check', '-o', path]);
    const text = readFileSync(path, 'utf8');
    const report = JSON.parse(text);
    expect(report).toMatchObject({
      version: '0.1.0',
      clusterGUID: expect.stringMatching(/^[0-9a-f]{32}$/),
      datastoreLocked: true,
      leakedHandles: [{ ID: 'idle', UID: expect.any(String), Revision: expect.any(String) }],
    });
    expect(report.allocations['10.0.0.1']).toMatchObject([
      { handle: 'k8s-pod-network.a', pod: 'a', namespace: 'default', node: 'n1', inUse: true },
    ]);
    expect(report.allocations['10.0.0.2']).toMatchObject([{ inUse: false, owners: [] }]);
    const { stdout } = await workbench.run(['ipam', 'show', '--ip', '10.0.0.2', '-o', 'json']);
    const [, sequenceNumber] = /"sequenceNumber": (\d{19})/.exec(stdout) ?? [];
    expect(text).toContain(`"sequenceNumber": ${sequenceNumber}`);
  });

  test('a report that cannot be written is one clear error', async () => {
    await sound();
    const { code, stderr } = await workbench.run(['ipam', 'check', '-o', '/nonexistent/report.json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The report cannot be written: \/nonexistent\/report\.json\n {2}ENOENT/);
  });

  test('names from the store reach the terminal without control characters', async () => {
    await sound();
    await store(async (_, ipam) => hold(ipam, 'n1', 'evil\u001b[31m', '10.0.0.7'));
    const { stdout } = await workbench.run(['ipam', 'check', '--show-all-ips']);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('evil\\u001b[31m');
  });
});

describe('ipam check --fix', { timeout: 60_000 }, () => {
  test('without a terminal it shows the plan and changes nothing', async () => {
    await broken();
    const { code, stdout, stderr } = await workbench.run(['ipam', 'check', '--fix']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Nothing was changed: 4 repair\(s\) .*\n {2}.*--yes\.\n$/);
    expect(stdout).toMatch(
      /^1\. 10\.0\.0\.2 is held .*\n {3}Will release 10\.0\.0\.2 \(handle k8s-pod-network\.leaked, sequence number \d+\)\.\n {3}Safe: /m,
    );
    expect(stdout).toMatch(/^\d\. 10\.0\.0\.4 is allocated .*\n {3}Left alone: /m);
    expect(await addressesInUse()).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
  });

  test('--yes repairs what can be repaired, and says what is left', async () => {
    await broken();
    const { code, stdout, stderr } = await workbench.run(['ipam', 'check', '--fix', '--yes']);
    expect(stdout).toMatch(/^Released 10\.0\.0\.2\.$/m);
    expect(stdout).toMatch(/^Repaired handle idle \(handle-count\)\.$/m);
    expect(stdout).toMatch(/^Repaired block 10\.0\.5\.0\/26 \(affinity-stale\)\.$/m);
    expect(stdout).toMatch(/^4 problem\(s\) left\.$/m);
    expect(stderr).toMatch(/^IPAM has 4 problem\(s\) that were not repaired\n/);
    expect(code).toBe(1);
    const { stdout: holder } = await workbench.run(['ipam', 'show', '--ip', '10.0.0.2']);
    expect(holder).toMatch(/^10\.0\.0\.2 is not assigned; it was released/);
    const { stdout: kept } = await workbench.run(['ipam', 'show', '--ip', '10.0.0.1']);
    expect(kept).toMatch(/^IP 10\.0\.0\.1 is in use/);
  });

  test('with everything repaired it succeeds', async () => {
    await sound();
    await store((_, ipam) => hold(ipam, 'n1', 'leaked', '10.0.0.2'));
    const first = await workbench.run(['ipam', 'check', '--fix', '--yes']);
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    const second = await workbench.run(['ipam', 'check', '--fix', '--yes']);
    expect(second.stdout).toMatch(/Nothing to repair\.\n$/);
    expect(second.code).toBe(0);
  });
});
