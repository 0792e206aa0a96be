/** What leaves the pools is masqueraded, and published ports lead to their containers; all of it in one table of weft's own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ControlClient } from '@weft/control';
import { createNetns, deleteNetns, listNetns, netnsPath } from '@weft/kernel';
import { resolveLab, restartDaemon, runIn, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const whoAmI = `${import.meta.dirname}/../../harness/who-am-i.ts`;
const outside = { 4: '10.0.9.9', 6: 'fd00:10::99' };
const node1 = { 4: '10.0.0.1', 6: 'fd00:10::1' };
const base = smallTopology(2, 1, 90);
const lab = useLab('t-nat', {
  ...base,
  hosts: [
    ...base.hosts,
    // A machine next to the nodes that has no route to any pool.
    {
      name: 'outside',
      runs: 'none',
      interfaces: [
        {
          name: 'eth0',
          subnet: base.subnets[0]?.name ?? '',
          addresses: [`${outside[4]}/16`, `${outside[6]}/64`],
        },
      ],
      routes: [],
      labels: {},
      pods: 0,
    },
  ],
});

const foreign =
  'table ip foreign { chain c { type filter hook forward priority 0; ip daddr 192.0.2.1 drop; }; }';
const servers: ChildProcess[] = [];
let pools: readonly string[];

beforeAll(async () => {
  await lab.run('node1', 'nft', foreign);
  pools = await poolNames();
  for (const member of ['outside', 'node2-pod1']) await serve(lab.namespaceOf(member), 80);
});
afterAll(() => {
  for (const server of servers) server.kill();
});

/** Starts a server in a namespace. */
async function serve(namespace: string, port: number): Promise<ChildProcess> {
  const command = ['netns', 'exec', namespace, process.execPath, whoAmI, 'serve', String(port)];
  const server = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(server);
  await once(server.stdout, 'data');
  return server;
}

/** As which address `from` is seen at a URL; undefined when there is no answer. */
async function seenBy(from: string, host: string, port = 80): Promise<string | undefined> {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  const { stdout, exitCode } = await runIn(lab.name, from, ['curl', '-sf', '--max-time', '2', url]);
  return exitCode === 0 ? stdout.trim() : undefined;
}

async function poolNames(): Promise<string[]> {
  const { stdout } = await weftctl('--lab', lab.name, 'get', 'ippools', '-o', 'json');
  return (JSON.parse(stdout) as { items: { metadata: { name: string } }[] }).items.map(
    ({ metadata }) => metadata.name,
  );
}

async function patchPools(spec: object): Promise<void> {
  for (const pool of pools) {
    const patch = JSON.stringify({ spec });
    const { exitCode, stderr } = await weftctl('--lab', lab.name, 'patch', 'ippool', pool, '-p', patch);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  }
}

async function tables(host: string): Promise<string[]> {
  return (await lab.run(host, 'nft', 'list', 'tables')).split('\n').filter((line) => line !== '');
}

const ownTable = 'table inet weft';

async function hasTable(host: string): Promise<boolean> {
  return (await tables(host)).includes(ownTable);
}

describe('without natOutgoing', () => {
  it('a pod does not reach who has no route back', async () => {
    expect(await seenBy('node1-pod1', outside[4])).toBeUndefined();
    expect((await tables('node1')).sort()).toEqual([ownTable, 'table ip foreign']);
  });
});

describe('with natOutgoing', () => {
  it.each([4, 6] as const)('a pod reaches the outside as its host, IPv%i', async (family) => {
    await patchPools({ natOutgoing: true });
    await waitFor(
      'the pod is answered',
      async () => (await seenBy('node1-pod1', outside[family])) === node1[family],
    );
  });

  it.each([
    ['', { disabled: false }],
    [' also while the pools are disabled', { disabled: true }],
  ])('pods see each other by their own addresses%s', async (_, spec) => {
    await patchPools(spec);
    for (const family of [4, 6] as const) {
      const own = await lab.addressOf('node1-pod1', family);
      expect(await seenBy('node1-pod1', await lab.addressOf('node2-pod1', family))).toBe(own);
    }
    await patchPools({ disabled: false });
  });

  it('the host keeps its address, and tables of others stay as they are', async () => {
    expect(await seenBy('node1', outside[4])).toBe(node1[4]);
    const table = await lab.run('node1', 'nft', 'list', 'table', 'ip', 'foreign');
    expect(table.replaceAll(/\s+/g, ' ')).toContain('ip daddr 192.0.2.1 drop');
  });

  it('the table is back when somebody deletes it', async () => {
    await lab.run('node1', 'nft', 'delete', 'table', 'inet', 'weft');
    await waitFor('the table is back', () => hasTable('node1'), 20_000, 50);
    expect(await seenBy('node1-pod1', outside[4])).toBe(node1[4]);
  });

  it('a weftd that is killed leaves the table, and the next one replaces it without a lost packet', async () => {
    const command = [
      'netns',
      'exec',
      lab.namespaceOf('node1-pod1'),
      'ping',
      '-n',
      '-q',
      '-i',
      '0.01',
      outside[4],
    ];
    const ping = execa('ip', command, { reject: false });
    const first = handleOf(await lab.run('node1', 'nft', '-j', 'list', 'tables'));
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    expect(await hasTable('node1')).toBe(true);
    await restartDaemon(lab.name, 'node1');
    await waitFor(
      'the table is the new daemon’s',
      async () => handleOf(await lab.run('node1', 'nft', '-j', 'list', 'tables')) !== first,
    );
    ping.kill('SIGINT');
    expect((await ping).stdout).toContain(' 0% packet loss');
  });
});

function handleOf(listing: string): unknown {
  const { nftables } = JSON.parse(listing) as { nftables: { table?: { name: string; handle: number } }[] };
  return nftables.find(({ table }) => table?.name === 'weft')?.table?.handle;
}

describe('published ports', () => {
  const id = 'web';
  const namespace = 'weft.t-nat.web';
  let daemon: ControlClient;

  beforeAll(async () => {
    const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === 'node1');
    daemon = new ControlClient(found?.controlSocket ?? '');
    if (listNetns().includes(namespace)) deleteNetns(namespace);
    createNetns(namespace);
    await serve(namespace, 80);
    await daemon.attachEndpoint(id, {
      containerId: 'f'.repeat(64),
      netns: netnsPath(namespace),
      interfaceName: 'eth0',
      orchestrator: 'lab',
      workload: 'web',
      families: ['ipv4', 'ipv6'],
      ports: [
        { protocol: 'tcp', hostPort: 8080, containerPort: 80 },
        { protocol: 'udp', hostPort: 8080, containerPort: 80 },
        { protocol: 'tcp', hostAddress: node1[4], hostPort: 8081, containerPort: 80 },
      ],
    });
  });
  afterAll(async () => {
    await daemon.detachEndpoint(id);
    deleteNetns(namespace);
  });

  it.each([
    ['outside', outside],
    ['node2', { 4: '10.0.0.2', 6: 'fd00:10::2' }],
  ])('are reached from %s, whose address the container sees', async (from, addresses) => {
    for (const family of [4, 6] as const)
      expect(await seenBy(from, node1[family], 8080)).toBe(addresses[family]);
  });

  it('are reached by UDP', async () => {
    const ask = [process.execPath, whoAmI, 'ask', node1[4], '8080'];
    expect((await lab.run('outside', ...ask)).trim()).toBe(outside[4]);
  });

  it.each(['127.0.0.1', node1[4], node1[6]])('are reached from the host itself by %s', async (address) => {
    expect(await seenBy('node1', address, 8080)).toMatch(/^(10\.0\.0\.1|fd00:10::1)$/);
  });

  it('of one address are reached by that alone', async () => {
    expect(await seenBy('outside', node1[4], 8081)).toBe(outside[4]);
    expect(await seenBy('node1', '127.0.0.1', 8081)).toBeUndefined();
    expect(await seenBy('outside', node1[6], 8081)).toBeUndefined();
  });

  it('are reached by a pod of the host, and by the container itself', async () => {
    expect(await seenBy('node1-pod1', node1[4], 8080)).toBe(await lab.addressOf('node1-pod1'));
    const { stdout } = await execa('ip', [
      ...['netns', 'exec', namespace],
      ...['curl', '-sf', '--max-time', '2', `http://${node1[4]}:8080/`],
    ]);
    expect(stdout).toBe(node1[4]);
  });

  it('do not open what listens on 127.0.0.1 of the host to containers', async () => {
    const heard: string[] = [];
    const server = await serve(lab.namespaceOf('node1'), 7777);
    server.stdout?.on('data', (bytes) => heard.push(String(bytes)));
    expect(await seenBy('node1', '127.0.0.1', 7777)).toBe('127.0.0.1');
    const inside = (...command: string[]) => execa('ip', ['netns', 'exec', namespace, ...command]);
    await inside('sysctl', '-qw', 'net.ipv4.conf.eth0.route_localnet=1', 'net.ipv4.conf.all.rp_filter=0');
    await inside('ip', 'route', 'del', 'local', '127.0.0.0/8', 'table', 'local', 'dev', 'lo');
    await inside('ip', 'route', 'del', 'local', '127.0.0.1', 'table', 'local', 'dev', 'lo');
    await inside('ip', 'route', 'add', '127.0.0.0/8', 'via', '169.254.1.1', 'dev', 'eth0', 'onlink');
    // The answer would not find back in either case: what counts is who was heard.
    const ask = [process.execPath, whoAmI, 'ask', '127.0.0.1', '7777'];
    await execa('ip', ['netns', 'exec', namespace, ...ask], { reject: false });
    expect((await lab.run('node1', ...ask)).trim()).toBe('127.0.0.1');
    expect(heard.join('')).toBe('asked by 127.0.0.1\n');
  });

  it('are kept by the next weftd', async () => {
    await restartDaemon(lab.name, 'node1');
    expect(await seenBy('outside', node1[4], 8080)).toBe(outside[4]);
    await expect(
      daemon.attachEndpoint('other', {
        containerId: 'e'.repeat(64),
        netns: netnsPath(lab.namespaceOf('node1-pod1')),
        interfaceName: 'eth1',
        orchestrator: 'lab',
        families: ['ipv4'],
        ports: [{ protocol: 'tcp', hostPort: 8080, containerPort: 1 }],
      }),
    ).rejects.toMatchObject({ code: 'conflict', what: 'port 8080/tcp of the host is published by web' });
  });
});

describe('when nothing is translated any more', () => {
  it('pods keep their addresses, and tables of others stay', async () => {
    await patchPools({ natOutgoing: false });
    const masquerades = async (): Promise<boolean> =>
      (await lab.run('node1', 'nft', 'list', 'table', 'inet', 'weft')).includes('@masquerade');
    await waitFor('nothing is masqueraded', async () => !(await masquerades()));
    expect((await tables('node1')).sort()).toEqual([ownTable, 'table ip foreign']);
    expect(await seenBy('node1-pod1', outside[4])).toBeUndefined();
  });
});
