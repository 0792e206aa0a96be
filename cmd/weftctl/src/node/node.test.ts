import type { ControlServer } from '@weft/control';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAll, inStore } from '../../test/cluster.ts';
import { peer, startFakeDaemon } from '../../test/fake-daemon.ts';
import { Workbench } from '../../test/run.ts';
import { readUpTo } from './lists.ts';
import { printNodeStatus } from './status.ts';

const workbench = new Workbench();
let daemon: ControlServer;

beforeAll(async () => {
  process.env.TZ = 'UTC';
  daemon = await startFakeDaemon('n1', workbench.path('weftd.sock'), [
    peer({}),
    peer({ address: 'fd00::7', type: 'global', state: 'Active', info: 'Connection refused', families: [] }),
  ]);
});

afterAll(async () => {
  await daemon.close();
  workbench.remove();
});

const status = {
  node: 'n1',
  role: 'node',
  version: '0.1.0',
  pid: 42,
  since: '2026-11-21T09:00:00Z',
  addresses: [
    { family: 4, address: '10.0.0.1/24', reason: 'first-found: 10.0.0.1/24 on eth0' },
    { family: 6, reason: 'none is to be looked for' },
  ],
  datastore: { type: 'embedded', location: '/x.db', inSync: false, detail: 'waiting for the first snapshot' },
  readiness: { ok: false, reasons: ['The datastore is not in sync.'] },
} as const;

describe('node status', { timeout: 30_000 }, () => {
  test("shows the daemon and calicoctl's two tables", () => {
    const bgp = { asn: 64512, bgpIdentifier: '10.0.0.1', peers: [peer({})] };
    const now = new Date('2026-11-21T10:00:00Z');
    expect(`\n${printNodeStatus({ status, bgp }, false, now)}`).toBe(`
weftd is running on n1: version 0.1.0, pid 42, since 2026-11-21 09:00:00.
AS 64512, BGP identifier 10.0.0.1. Datastore embedded /x.db, not in sync: waiting for the first snapshot.
IPv4 address 10.0.0.1/24: first-found: 10.0.0.1/24 on eth0.
IPv6 address none: none is to be looked for.
Not ready: The datastore is not in sync.

IPv4 BGP status
+--------------+-------------------+-------+----------+-------------+
| PEER ADDRESS |     PEER TYPE     | STATE |  SINCE   |    INFO     |
+--------------+-------------------+-------+----------+-------------+
| 10.0.0.2     | node-to-node mesh | up    | 09:05:07 | Established |
+--------------+-------------------+-------+----------+-------------+

IPv6 BGP status
No IPv6 peers found.`);
  });

  test('wide, it has the state of BFD and the time in which a silent peer is noticed', () => {
    const since = '2026-11-21T09:05:08Z';
    const down = { state: 'Down', since, diagnostic: 'Control Detection Time Expired' } as const;
    const peers = [
      peer({ bfd: { state: 'Up', since, detectionTimeMs: 900 } }),
      peer({ address: '10.0.0.3', bfd: down }),
      peer({ address: '10.0.0.4' }),
    ];
    const bgp = { asn: 64512, bgpIdentifier: '10.0.0.1', peers };
    const text = printNodeStatus({ status, bgp }, true, new Date('2026-11-21T10:00:00Z'));
    const cells = text
      .split('\n')
      .flatMap((line) => /\| 10\.0\.0\.. .*\| (\S.*?) +\|$/.exec(line)?.[1] ?? []);
    expect(cells).toEqual(['Up 900ms', 'Down Control Detection Time Expired', '-']);
  });

  test('asks the daemon on the control socket', async () => {
    const { code, stdout, stderr } = await workbench.run(['node', 'status']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('weftd is running on n1');
    expect(stdout).toMatch(/\| fd00::7 +\| global +\| start \| .* \| Active Connection refused \|/);
    expect(stdout).not.toContain('\u001b');
  });

  test('as JSON it holds what the daemon said', async () => {
    const { stdout } = await workbench.run(['node', 'status', 'n1', '-o', 'json']);
    expect(JSON.parse(stdout).nodes).toMatchObject([{ status: { node: 'n1' }, bgp: { asn: 64512 } }]);
  });

  test('another node than the one on the socket is an error that says so', async () => {
    const { code, stdout, stderr } = await workbench.run(['node', 'status', 'n2']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('The daemon on this socket is that of node n1: node n2\n');
  });

  test('without a daemon it names the socket and what to do, with exit code 1', async () => {
    const { code, stderr } = await workbench.run(['node', 'status', '--socket', '/nonexistent/s']);
    expect(code).toBe(1);
    expect(stderr).toBe(
      'There is no control socket: /nonexistent/s\n  Is weftd running? Start it, or name its socket.\n',
    );
  });
});

describe('routes and rib', { timeout: 30_000 }, () => {
  test('routes show desired against kernel with the reason', async () => {
    const { code, stdout } = await workbench.run(['routes']);
    expect(code).toBe(0);
    expect(`\n${stdout}`).toBe(`
PREFIX         VIA         DEV    STATE       REASON
10.1.0.0/26    blackhole   -      in-kernel   own block
10.1.0.64/26   10.0.0.2    eth0   failed      the kernel has no way to 10.0.0.2 (ENETUNREACH)
`);
  });

  test('--limit cuts, and says that it did', async () => {
    const { stdout, stderr } = await workbench.run(['routes', '--limit', '1']);
    expect(stdout.trim().split('\n')).toHaveLength(2);
    expect(stderr).toBe('1 of 2 on n1; --limit shows more.\n');
  });

  test('rib shows the best path and what decided', async () => {
    const { stdout } = await workbench.run(['rib', 'n1', '-o', 'wide']);
    expect(`\n${stdout}`).toBe(`
PREFIX         NEXTHOP    FROM       LOCALPREF    MED   ASPATH        ORIGIN   COMMUNITIES   PATHS   REASON
10.1.0.64/26   10.0.0.2   10.0.0.2   2147482623   -     65001 65002   igp      65001:1       2       lowest BGP identifier
`);
  });

  test('a limit between two pages is kept', async () => {
    const items = Array.from({ length: 2500 }, (_, i) => i);
    const { items: shown, total } = await readUpTo(1500, async ({ after = '0', limit = 256 }) => {
      const end = Number(after) + limit;
      return { items: items.slice(Number(after), end), total: items.length, next: String(end) };
    });
    expect({ shown: shown.length, last: shown.at(-1), total }).toEqual({
      shown: 1500,
      last: 1499,
      total: 2500,
    });
  });

  test('version names both programs, and succeeds without a daemon', async () => {
    const { stdout } = await workbench.run(['version']);
    expect(stdout).toBe('Client Version:   0.1.0\nDaemon Version:   0.1.0 (n1)\n');
    const client = await workbench.run(['version', '--client']);
    expect(client).toEqual({ code: 0, stdout: 'Client Version:   0.1.0\n', stderr: '' });
    const alone = await workbench.run(['version', '--socket', '/nonexistent/s']);
    expect(alone).toMatchObject({ code: 0, stdout: 'Client Version:   0.1.0\n' });
    expect(alone.stderr).toContain('There is no control socket');
  });

  test('version tells what the cluster is', async () => {
    const datastore = workbench.path('cluster.db');
    const information = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'ClusterInformation',
      metadata: { name: 'default' },
      spec: { calicoVersion: 'v3.30.0', clusterType: 'k8s,bgp' },
    } as const;
    await inStore(datastore, (store) => createAll(store, information));
    const text = await workbench.run(['version', '--datastore', datastore]);
    expect(text.stdout).toMatch(/\nCluster Version: {2}v3\.30\.0\nCluster Type: {5}k8s,bgp\n$/);
    const json = await workbench.run(['version', '--datastore', datastore, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toEqual({
      client: '0.1.0',
      daemons: [{ node: 'n1', version: '0.1.0' }],
      cluster: { version: 'v3.30.0', type: 'k8s,bgp' },
    });
  });
});
