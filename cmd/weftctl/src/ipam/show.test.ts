import { prefix } from '@weft/ip';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAll, hold, inStore, node, pool, reservation } from '../../test/cluster.ts';
import { Workbench } from '../../test/run.ts';
import { utilizationOf } from './utilization.ts';

const workbench = new Workbench();

beforeAll(async () => {
  await inStore(workbench.path('store.db'), async (store, ipam) => {
    await createAll(store, node('n1'), node('n2'), pool('v4', '10.0.0.0/16'), pool('v6', 'fd00::/48'));
    await hold(ipam, 'n1', 'a', '10.0.0.1');
    await hold(ipam, 'n1', 'b', '10.0.0.2');
    await hold(ipam, 'n2', 'c', '10.0.0.3');
    await hold(ipam, 'n1', 'd', '10.0.0.9');
    await ipam.releaseByHandle('k8s-pod-network.d');
    await hold(ipam, 'n1', 'a6', 'fd00::5');
    await createAll(store, reservation('10.0.0.0/30', '10.0.1.0/24'));
  });
});

afterAll(() => workbench.remove());

describe('ipam show', { timeout: 30_000 }, () => {
  test("draws calicoctl's table, and says what cools down", async () => {
    const { code, stdout, stderr } = await workbench.run(['ipam', 'show']);
    expect(code).toBe(0);
    expect(`\n${stdout}`).toBe(
      `
+----------+-------------+------------+------------+--------------+-------------------+
| GROUPING |    CIDR     | IPS TOTAL  | IPS IN USE | IPS RESERVED |     IPS FREE      |
+----------+-------------+------------+------------+--------------+-------------------+
| IP Pool  | 10.0.0.0/16 |      65536 |     4 (0%) |     260 (0%) |      65275 (100%) |
| IP Pool  | fd00::/48   | 1.2089e+24 |     1 (0%) |       0 (0%) | 1.2089e+24 (100%) |
+----------+-------------+------------+------------+--------------+-------------------+
`,
    );
    expect(stderr).toBe('Cooling down after their release, and counted as in use: 1.\n');
  });

  test('--show-blocks adds a row for each block below its pool', async () => {
    const { stdout } = await workbench.run(['ipam', 'show', '--show-blocks']);
    expect(stdout).toMatch(
      /\| Block +\| 10\.0\.0\.0\/26 +\| +64 \| +4 \(6%\) \| +4 \(6%\) \| +59 \(92%\) \|/,
    );
    expect(stdout.indexOf('10.0.0.0/26')).toBeLessThan(stdout.indexOf('fd00::/48'));
  });

  test('as JSON the counts are exact', async () => {
    const { stdout } = await workbench.run(['ipam', 'show', '-o', 'json']);
    expect(stdout).toContain('"total": 1208925819614629174706176');
    expect(JSON.parse(stdout).pools[0]).toMatchObject({
      name: 'v4',
      inUse: 4,
      coolingDown: 1,
      blocks: [{ cidr: '10.0.0.0/26', affinity: 'host:n1' }],
    });
  });

  test('--show-borrowed names who took from whom', async () => {
    const { stdout } = await workbench.run(['ipam', 'show', '--show-borrowed']);
    expect(stdout.split('\n').slice(3, -2)).toEqual([
      '| 10.0.0.3 | n2             | 10.0.0.0/26 | n1          | pod  | default/c    |',
    ]);
  });

  test('--show-configuration shows what is in force, and what nobody chose', async () => {
    const before = await workbench.run(['ipam', 'show', '--show-configuration']);
    expect(before.stdout).toMatch(/\| IPCooldownSeconds +\| 60 \(default\) +\|/);
    const changed = await workbench.run([
      'ipam',
      'configure',
      '--strictaffinity=true',
      '--max-blocks-per-host',
      '4',
    ]);
    expect(changed).toEqual({
      code: 0,
      stdout: 'Successfully set StrictAffinity to: true\nSuccessfully set MaxBlocksPerHost to: 4\n',
      stderr: '',
    });
    const after = await workbench.run(['ipam', 'show', '--show-configuration', '-o', 'json']);
    expect(JSON.parse(after.stdout)).toEqual({
      StrictAffinity: true,
      AutoAllocateBlocks: true,
      MaxBlocksPerHost: 4,
      KubeVirtVMAddressPersistence: 'Enabled',
      IPCooldownSeconds: 60,
    });
  });

  test.each([
    [
      '10.0.0.1',
      /^IP 10\.0\.0\.1 is in use \(reserved by IPReservation reserved\)\nHandle ID: k8s-pod-network\.a\nActive Owner Attributes:\n {2}namespace: default\n {2}node: n1\n {2}pod: a\n {2}timestamp: .*\nBlock: 10\.0\.0\.0\/26 \(affinity host:n1\)\n$/,
    ],
    ['10.0.0.9', /^10\.0\.0\.9 is not assigned; it was released at .* and cools down\n$/],
    ['10.0.0.40', /^10\.0\.0\.40 is not assigned\n$/],
    ['192.0.2.1', /^192\.0\.2\.1 is not assigned\n$/],
    ['FD00:0::5', /^IP fd00::5 is in use\n/],
  ])('--ip %s', async (ip, text) => {
    const { code, stdout } = await workbench.run(['ipam', 'show', '--ip', ip]);
    expect(stdout).toMatch(text);
    expect(code).toBe(0);
  });
});

describe('ipam: bad input', { timeout: 30_000 }, () => {
  test.each([
    ['an address that is none', ['show', '--ip', '10.0.0.256'], /This is no IP address: 10\.0\.0\.256/],
    ['a prefix for an address', ['show', '--ip', '10.0.0.0/26'], /without a prefix length/],
    ['two views at once', ['show', '--ip', '10.0.0.1', '--show-blocks'], /cannot be used with/],
    ['no setting', ['configure'], /No setting is named/],
    ['a boolean that is none', ['configure', '--strictaffinity=perhaps'], /must be true or false/],
    ['a number that is none', ['configure', '--max-blocks-per-host=-1'], /whole number/],
    ['a choice that is none', ['configure', '--kubevirt-ip-persistence=Maybe'], /Enabled, Disabled/],
    ['an argument too many', ['show', 'pools'], /too many arguments/],
  ])('%s is exit code 2', async (_, args, message) => {
    const { code, stdout, stderr } = await workbench.run(['ipam', ...args]);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('settings that make no sense together change nothing', async () => {
    const before = await workbench.run(['get', 'ipamconfig', '-o', 'json']);
    const { code, stderr } = await workbench.run(['ipam', 'configure', '--ip-cooldown-seconds', '5000']);
    expect(stderr).toMatch(
      /^The settings stay as they are: .*: IPAMConfiguration "default", spec\.ipCooldownSeconds\n/,
    );
    expect(code).toBe(1);
    expect(await workbench.run(['get', 'ipamconfig', '-o', 'json'])).toEqual(before);
  });

  test('a store that is away is one line', async () => {
    const { code, stdout, stderr } = await workbench.run([
      'ipam',
      'show',
      '--datastore',
      '/nonexistent/x.db',
    ]);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({
      code: 1,
      stdout: '',
      lines: 1,
    });
  });
});

describe('utilization', () => {
  const cooldown = { seconds: 60, now: 0 };

  test('reservations that lie in each other, or around the pool, count once', () => {
    const of = (...cidrs: string[]) =>
      utilizationOf([pool('p', '10.0.0.0/24')], [], [reservation(...cidrs)], cooldown).pools[0];
    expect(of('10.0.0.0/28', '10.0.0.0/30', '10.0.0.0/28')).toMatchObject({ reserved: 16n, free: 240n });
    expect(of('10.0.0.0/8')).toMatchObject({ reserved: 256n, free: 0n });
  });

  test('a block of no pool is not lost', () => {
    const block = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPAMBlock',
      metadata: { name: '192-0-2-0-30' },
      spec: {
        cidr: prefix('192.0.2.0/30'),
        allocations: [0, null, null, null],
        unallocated: [1, 2, 3],
        attributes: [{ handle_id: 'h' }],
        sequenceNumber: 5n,
        sequenceNumberForAllocation: {},
        deleted: false,
        strictAffinity: false,
      },
    } as const;
    const { pools, blocksWithoutPool } = utilizationOf([pool('p', '10.0.0.0/24')], [block], [], cooldown);
    expect(pools[0]?.blocks).toEqual([]);
    expect(blocksWithoutPool).toMatchObject([{ cidr: '192.0.2.0/30', affinity: null, inUse: 1n, free: 3n }]);
  });
});
