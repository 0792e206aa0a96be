import type { OfKind } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { tunnelAttributes, tunnelHandle } from '@weft/ipam';
import type { Node } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createAll,
  hold,
  inStore,
  memoryStore,
  node,
  pool,
  reservation,
  workload,
} from '../../../test/cluster.ts';
import { dyingAfter } from '../../../test/dying-store.ts';
import { type Result, Workbench } from '../../../test/run.ts';
import { readMigration } from './file-format.ts';
import { importInto } from './import.ts';

let workbench: Workbench;

beforeEach(() => {
  workbench = new Workbench();
});

afterEach(() => workbench.remove());

function k8sNode(name: string, kubernetesName: string): OfKind<'Node'> {
  const spec: Node['spec'] = { orchRefs: [{ nodeName: kubernetesName, orchestrator: 'k8s' }] };
  return node(name, spec);
}

function migrate(file: string, ...args: string[]): Promise<Result> {
  return workbench.run(['datastore', 'migrate', ...args, '--datastore', workbench.path(file)]);
}

/** A cluster with a bit of everything in `a.db`, locked. */
async function cluster(): Promise<void> {
  await inStore(workbench.path('a.db'), async (store, ipam) => {
    await createAll(
      store,
      k8sNode('n1', 'n1'),
      pool('v4', '10.0.0.0/16', { natOutgoing: true }),
      pool('v6', 'fd00::/64'),
      reservation('10.0.3.0/24'),
      {
        apiVersion: 'projectcalico.org/v3',
        kind: 'IPAMConfiguration',
        metadata: { name: 'default' },
        spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 7, ipCooldownSeconds: 5 },
      },
      workload('w', 'n1', '10.0.0.1'),
    );
    await hold(ipam, 'n1', 'w', '10.0.0.1');
    await hold(ipam, 'n1', 'w6', 'fd00::1');
  });
  await migrate('a.db', 'lock');
}

async function exported(file: string): Promise<string> {
  const { code, stdout, stderr } = await migrate(file, 'export');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

describe('datastore migrate', { timeout: 60_000 }, () => {
  test("export writes calicoctl's three parts, with etcd's keys and every digit", async () => {
    await cluster();
    const text = await exported('a.db');
    const [lists = '', information = '', ipam = ''] = text.split('===\n');
    expect([...lists.matchAll(/^kind: (\w+List)$/gm)].map(([, kind]) => kind)).toEqual([
      'IPPoolList',
      'BGPPeerList',
      'NodeList',
      'BGPConfigurationList',
      'FelixConfigurationList',
      'IPReservationList',
      'BGPFilterList',
    ]);
    expect(JSON.parse(information)).toMatchObject({
      kind: 'ClusterInformation',
      spec: { datastoreReady: false },
    });
    expect(JSON.parse(ipam)).toMatchObject({
      block_affinities: [
        { Key: '/calico/ipam/v2/host/n1/ipv4/block/10.0.0.0-26', Value: { state: 'confirmed' }, TTL: 0 },
        {},
      ],
      blocks: [
        { Key: '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26', Value: { affinity: 'host:n1' } },
        {},
      ],
      handles: [
        { Key: '/calico/ipam/v2/handle/k8s-pod-network.w', Value: { block: { '10.0.0.0/26': 1 } } },
        {},
      ],
      config: { Key: '/calico/ipam/v2/config', Value: { strict_affinity: true, maxBlocksPerHost: 7 } },
    });
    expect(ipam).toMatch(/"sequenceNumber": \d{19}/);
  });

  test('export, import, export gives the same file', async () => {
    await cluster();
    const text = await exported('a.db');
    const file = workbench.file('export.yaml', text);
    const { code, stdout, stderr } = await migrate('b.db', 'import', '-f', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Successfully applied 4 resource\(s\)\nSuccessfully applied 7 IPAM resource\(s\)\n/,
    );
    expect(await exported('b.db')).toBe(text);
    const again = await migrate('b.db', 'import', '-f', file);
    expect(again.code).toBe(0);
    expect(await exported('b.db')).toBe(text);
    const { stdout: holder } = await workbench.run([
      'ipam',
      'show',
      '--ip',
      'fd00::1',
      '--datastore',
      workbench.path('b.db'),
    ]);
    expect(holder).toMatch(/^IP fd00::1 is in use\nHandle ID: k8s-pod-network\.w6\n/);
  });

  test('nodes take the names Kubernetes knows them by, and what names them follows', async () => {
    await inStore(workbench.path('a.db'), async (store, ipam) => {
      await createAll(store, k8sNode('old', 'new'), node('bare'), pool('v4', '10.0.0.0/16'));
      await hold(ipam, 'old', 'w', '10.0.0.1');
      await ipam.assignIp({
        node: 'old',
        handle: tunnelHandle('vxlan', 'old'),
        attributes: tunnelAttributes('vxlan', 'old'),
        intendedUse: 'Tunnel',
        address: '10.0.0.2' as never,
      });
    });
    await migrate('a.db', 'lock');
    const { stdout, stderr } = await migrate('a.db', 'export');
    expect(stderr).toMatch(/^Node old is named new in the file/);
    expect(stderr).toMatch(/^Kubernetes is not known to run on bare /m);
    expect(stdout).not.toMatch(/(host:|host\/|node": "|-addr-|name: )old/);
    await migrate('b.db', 'import', '-f', workbench.file('e.yaml', stdout));
    const problems = await inStore(workbench.path('b.db'), (_, ipam) => ipam.inspect());
    expect(problems).toEqual([]);
    const { stdout: holder } = await workbench.run([
      'ipam',
      'show',
      '--ip',
      '10.0.0.2',
      '--datastore',
      workbench.path('b.db'),
    ]);
    expect(holder).toContain('Handle ID: vxlan-tunnel-addr-new\n');
  });

  test('an import that is cut off after any write is finished by another', async () => {
    await cluster();
    const read = readMigration(await exported('a.db'));
    if (!read.ok) throw new Error('unreadable');
    const whole = memoryStore();
    await importInto(whole, read.migration);
    const wanted = (await whole.list('IPAMBlock')).items.map(({ spec }) => spec);
    for (let writes = 0; ; writes++) {
      const target = memoryStore();
      const ended = await importInto(dyingAfter(target, writes), read.migration).then(
        () => true,
        () => false,
      );
      await importInto(target, read.migration);
      expect((await target.list('IPAMBlock')).items.map(({ spec }) => spec)).toEqual(wanted);
      const information = await target.get({ kind: 'ClusterInformation', name: 'default' });
      expect(information?.spec).toEqual(read.migration.information?.spec);
      if (ended) break;
    }
  });

  test('a file that is cut anywhere is refused, and nothing is made', async () => {
    await cluster();
    const text = await exported('a.db');
    for (let end = 0; end < text.trimEnd().length; end += 97)
      expect(readMigration(text.slice(0, end)).ok, `cut at ${end}`).toBe(false);
    const cut = workbench.file('cut.yaml', text.slice(0, text.length / 2));
    const { code, stdout, stderr } = await migrate('b.db', 'import', '-f', cut);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/is it whole|is the file whole/);
    expect((await workbench.run(['get', 'ippools', '--datastore', workbench.path('b.db')])).code).toBe(1);
  });

  test('a datastore that holds something else is refused as it is', async () => {
    await cluster();
    const file = workbench.file('export.yaml', await exported('a.db'));
    await inStore(workbench.path('b.db'), (store) => createAll(store, pool('other', '10.7.0.0/16')));
    const { code, stderr } = await migrate('b.db', 'import', '-f', file);
    expect(stderr).toMatch(
      /^The datastore is not empty: it holds 1 IPPool\(s\) that are not those of the file\n/,
    );
    expect(code).toBe(1);
    const { items } = await inStore(workbench.path('b.db'), (store) => store.list('IPPool'));
    expect(items.map(({ spec }) => spec.cidr)).toEqual([prefix('10.7.0.0/16')]);
  });

  test('kinds that weft does not know are left out only when told', async () => {
    await cluster();
    const tiers =
      'apiVersion: projectcalico.org/v3\nkind: TierList\nitems:\n- apiVersion: projectcalico.org/v3\n  kind: Tier\n  metadata:\n    name: default\n  spec:\n    order: 100\n---\n';
    const file = workbench.file('calico.yaml', tiers + (await exported('a.db')));
    const refused = await migrate('b.db', 'import', '-f', file);
    expect(refused.stderr).toMatch(
      /^The file holds 1 object\(s\) of kinds that weft does not know: Tier "default"\n/,
    );
    expect(refused.code).toBe(1);
    const told = await migrate('b.db', 'import', '-f', file, '--skip-unsupported');
    expect(told).toMatchObject({ code: 0, stderr: 'Left out: Tier "default".\n' });
  });

  test('a datastore that is not locked is not exported', async () => {
    await cluster();
    await migrate('a.db', 'unlock');
    const { code, stdout, stderr } = await migrate('a.db', 'export');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The datastore is not locked: .*\n {2}Lock it before you export it:/);
  });

  test.each([
    ['no file named', ['import'], 2, /required option '-f/],
    [
      'a file that is not there',
      ['import', '-f', '/nonexistent.yaml'],
      2,
      /The file cannot be read: \/nonexistent\.yaml/,
    ],
    ['a store that is away', ['export', '--datastore', '/nonexistent/x.db'], 1, /\/nonexistent\/x\.db/],
    ['no verb', [], 2, /Usage: weftctl datastore migrate/],
  ])('%s', async (_, args, code, message) => {
    const result = await workbench.run(['datastore', 'migrate', ...args]);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
  });
});
