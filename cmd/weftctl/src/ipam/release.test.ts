import { readFileSync } from 'node:fs';
import type { Datastore } from '@weft/datastore';
import type { Ipam } from '@weft/ipam';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAll, hold, inStore, node, pool, workload } from '../../test/cluster.ts';
import { type Result, Workbench } from '../../test/run.ts';

let workbench: Workbench;

function store<Value>(use: (store: Datastore, ipam: Ipam) => Promise<Value>): Promise<Value> {
  return inStore(workbench.path('store.db'), use);
}

/** Pod `a` is alive, `b` and `c` are not. */
beforeEach(async () => {
  workbench = new Workbench();
  await store(async (store, ipam) => {
    await createAll(
      store,
      node('n1', { ipv4VXLANTunnelAddr: '10.0.0.9' as never }),
      pool('p', '10.0.0.0/16'),
    );
    await hold(ipam, 'n1', 'a', '10.0.0.1');
    await hold(ipam, 'n1', 'b', '10.0.0.2');
    await hold(ipam, 'n1', 'c', '10.0.0.3');
    await hold(ipam, 'n1', 'tunnel', '10.0.0.9');
    await createAll(store, workload('a', 'n1', '10.0.0.1'));
  });
});

afterEach(() => workbench.remove());

function release(...args: string[]): Promise<Result> {
  return workbench.run(['ipam', 'release', ...args]);
}

async function isInUse(ip: string): Promise<boolean> {
  return (await workbench.run(['ipam', 'show', '--ip', ip])).stdout.startsWith(`IP ${ip} is in use`);
}

async function report(name: string): Promise<string> {
  await workbench.run(['ipam', 'check', '-o', workbench.path(name)]);
  return workbench.path(name);
}

describe('ipam release --ip', { timeout: 60_000 }, () => {
  test('releases what nobody uses, and refuses what somebody does, by name', async () => {
    const { code, stdout, stderr } = await release(
      '--ip',
      '10.0.0.1',
      '--ip',
      '10.0.0.2',
      '--ip',
      '10.0.0.9',
      '--ip',
      '10.0.0.77',
    );
    expect(stdout).toBe('Successfully released IP address 10.0.0.2\n');
    expect(stderr).toMatch(
      /^IP address is in use by Workload\(default\/a\): 10\.0\.0\.1\n {2}Remove that first\./m,
    );
    expect(stderr).toMatch(/^IP address is in use by Node\(n1\): 10\.0\.0\.9$/m);
    expect(stderr).toMatch(/^IP address is not assigned: 10\.0\.0\.77$/m);
    expect(code).toBe(1);
    expect([await isInUse('10.0.0.1'), await isInUse('10.0.0.2')]).toEqual([true, false]);
  });

  test('--force releases what is in use', async () => {
    expect(await release('--ip', '10.0.0.1', '--force')).toEqual({
      code: 0,
      stdout: 'Successfully released IP address 10.0.0.1\n',
      stderr: '',
    });
    expect(await isInUse('10.0.0.1')).toBe(false);
  });

  test('a second time it says that it is done already', async () => {
    await release('--ip', '10.0.0.2');
    const { code, stderr } = await release('--ip', '10.0.0.2');
    expect(stderr).toBe('IP address is not assigned: 10.0.0.2\n  It was released already and cools down.\n');
    expect(code).toBe(1);
  });
});

describe('ipam release --from-report', { timeout: 60_000 }, () => {
  async function locked(): Promise<void> {
    await workbench.run(['datastore', 'migrate', 'lock']);
  }

  test('releases what the report calls unused', async () => {
    await locked();
    const path = await report('r.json');
    const { code, stdout, stderr } = await release('--from-report', path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      "Releasing 2 old IPs...\nReleased 2 IPs successfully\nReport didn't contain any handles to clean up.\nYou may now unlock the data store.\n",
    );
    expect([await isInUse('10.0.0.1'), await isInUse('10.0.0.2'), await isInUse('10.0.0.9')]).toEqual([
      true,
      false,
      true,
    ]);
    expect((await workbench.run(['ipam', 'check'])).code).toBe(0);
  });

  test('of several reports only what all of them say', async () => {
    await locked();
    const first = await report('1.json');
    await store((store) => createAll(store, workload('b', 'n1', '10.0.0.2')));
    const second = await report('2.json');
    await store((store) => store.delete({ kind: 'WorkloadEndpoint', namespace: 'default', name: 'b' }));
    const { stdout } = await release('--from-report', first, '--from-report', second);
    expect(stdout).toMatch(/^Released 1 IPs successfully$/m);
    expect([await isInUse('10.0.0.2'), await isInUse('10.0.0.3')]).toEqual([true, false]);
  });

  test('an address in use by now, or given out again, is kept', async () => {
    await locked();
    const path = await report('r.json');
    await store(async (store, ipam) => {
      await createAll(store, workload('b', 'n1', '10.0.0.2'));
      await ipam.releaseByHandle('k8s-pod-network.c');
      await hold(ipam, 'n1', 'next', '10.0.0.3');
    });
    const { stdout } = await release('--from-report', path);
    expect(stdout).toMatch(/^Released 0 IPs successfully$/m);
    expect(stdout).toMatch(/^Kept 10\.0\.0\.2: it is in use by now\.$/m);
    expect(stdout).toMatch(/^Did not release 10\.0\.0\.3: it belongs to/m);
    expect([await isInUse('10.0.0.2'), await isInUse('10.0.0.3')]).toEqual([true, true]);
  });

  test('a handle without addresses goes too, if it has not changed', async () => {
    await store((store) =>
      createAll(store, {
        apiVersion: 'projectcalico.org/v3',
        kind: 'IPAMHandle',
        metadata: { name: 'idle' },
        spec: { handleID: 'idle', block: { '10.0.0.0/26': 1 } as never, deleted: false },
      }),
    );
    await locked();
    const { stdout } = await release('--from-report', await report('r.json'));
    expect(stdout).toMatch(/^Released 1 handles; 0 skipped, missing or changed\.$/m);
    const gone = await store((store) => store.get({ kind: 'IPAMHandle', name: 'idle' }));
    expect(gone).toBeUndefined();
  });

  test.each<[string, (path: string) => Promise<string>, readonly string[], RegExp]>([
    [
      'another cluster',
      (path) => edited(path, { clusterGUID: 'f'.repeat(32) }),
      ['--force'],
      /report is of another cluster/,
    ],
    [
      'another version',
      (path) => edited(path, { version: '9.9' }),
      [],
      /another version \(9\.9, not 0\.1\.0\)/,
    ],
    [
      'a stale report',
      (path) => edited(path, { clusterInformationRevision: '1' }),
      ['--force'],
      /All reports are stale/,
    ],
    [
      'a file cut in the middle',
      async (path) => workbench.file('cut.json', readFileSync(path, 'utf8').slice(0, 200)),
      [],
      /no report of ipam check: it is not JSON/,
    ],
    [
      'a file of something else',
      async () => workbench.file('else.json', '{"kind": "IPPool"}'),
      [],
      /no report of ipam check: it lacks version/,
    ],
    ['no file', async () => '/nonexistent.json', [], /The report cannot be read: \/nonexistent\.json/],
  ])('refuses, and releases nothing: %s', async (_, prepare, more, message) => {
    await locked();
    const path = await prepare(await report('r.json'));
    const { code, stdout, stderr } = await release('--from-report', path, ...more);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await isInUse('10.0.0.2')).toBe(true);
  });

  test('an unlocked datastore needs --force, which says so', async () => {
    await locked();
    await workbench.run(['datastore', 'migrate', 'unlock']);
    const path = await report('r.json');
    expect((await release('--from-report', path)).stderr).toMatch(/^The datastore is not locked/);
    const { code, stderr } = await release('--from-report', path, '--force');
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'Ignored because of --force: the datastore is not locked.\n',
    });
    expect(await isInUse('10.0.0.2')).toBe(false);
  });

  async function edited(path: string, changes: object): Promise<string> {
    const text = readFileSync(path, 'utf8');
    const lines = Object.entries(changes).reduce(
      (sum, [name, value]) =>
        sum.replace(new RegExp(`"${name}": .*,`), `"${name}": ${JSON.stringify(value)},`),
      text,
    );
    return workbench.file('edited.json', lines);
  }
});

describe('ipam release: bad input', { timeout: 30_000 }, () => {
  test.each([
    ['nothing named', [], /Nothing to release is named/],
    ['no address', ['--ip', 'pod1'], /This is no IP address: pod1/],
    ['both', ['--ip', '10.0.0.1', '--from-report', 'x'], /cannot be used with/],
  ])('%s is exit code 2', async (_, args, message) => {
    const { code, stderr } = await release(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
