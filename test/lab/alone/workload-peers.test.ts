/** A pod that speaks BGP with its host (BGPPeer `localWorkloadSelector`): real BIRD with prefixes behind it, which other hosts reach. */
import { writeFile } from 'node:fs/promises';
import { type BgpPeer, ControlClient } from '@weft/control';
import { removePod, restartDaemon, stopDaemon, type Topology } from '@weft/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { BirdDaemon } from '../../interop/daemon/bird.ts';
import { routeBecomes, startPing } from '../bfd/observe.ts';

const apiVersion = 'projectcalico.org/v3';
const HOST = { 4: '169.254.0.179', 6: 'fd00:169::179' } as const;
/** Behind the pod; what it must not announce; an address in the prefix, which the pod has. */
const CHILD = { 4: '10.99.1.0/24', 6: 'fd00:99:0:1::/64' } as const;
const FOREIGN = { 4: '10.244.200.0/26', 6: 'fd00:10:244:0:200::/122' } as const;
const BEHIND = { 4: '10.99.1.1', 6: 'fd00:99:0:1::1' } as const;
const ROUTER = 'node1-pod1';
/** With CHILD and FOREIGN as many as a pod may announce, and one more. */
const MANY = Array.from({ length: 998 }, (_, n) => `10.99.${2 + (n >> 6)}.${(n & 63) * 4}/30`);
const ONE_MORE = '10.99.200.0/30';
const FAMILIES = [4, 6] as const;
const WHY = /^sent Cease .*; more than 1000 prefixes of ipv4-unicast, again in 60 s( \(hard reset\))?$/;

const accept = (cidr: string) => [{ action: 'Accept', matchOperator: 'In', cidr }, { action: 'Reject' }];
const resources = [
  {
    apiVersion,
    kind: 'BGPConfiguration',
    metadata: { name: 'default' },
    spec: { localWorkloadPeeringIPV4: HOST[4], localWorkloadPeeringIPV6: HOST[6] },
  },
  // Prefixes are announced where they lie in a pool; nobody is given an address of these.
  ...['10.99.0.0/16', 'fd00:99::/48'].map((cidr, index) => ({
    apiVersion,
    kind: 'IPPool',
    metadata: { name: `children${index}` },
    spec: { cidr, disabled: true },
  })),
  {
    apiVersion,
    kind: 'BGPFilter',
    metadata: { name: 'children' },
    spec: { importV4: accept('10.99.0.0/16'), importV6: accept('fd00:99::/48') },
  },
  {
    apiVersion,
    kind: 'BGPPeer',
    metadata: { name: 'routers' },
    spec: { localWorkloadSelector: "app == 'router'", asNumber: 65401, filters: ['children'] },
  },
];

const topology: Topology = { ...smallTopology(2, 2, 90), resources };
const lab = useLab('t-workload', topology);

let bird: BirdDaemon;

function staticRoutes(name: string, prefixes: readonly string[]): string {
  const routes = prefixes.map((prefix) => `route ${prefix} unreachable;`);
  return `protocol static ${name} { disabled; ipv4; ${routes.join(' ')} }`;
}

function birdConfig(addresses: Readonly<Record<4 | 6, string>>): string {
  const sessions = FAMILIES.map(
    (family) => `
protocol static static${family} {
  ipv${family};
  route ${CHILD[family]} unreachable;
  route ${FOREIGN[family]} unreachable;
}
protocol bgp host${family} {
  local ${addresses[family]} as 65401;
  neighbor ${HOST[family]} as 64512;
  multihop;
  graceful restart on;
  connect delay time 1;
  connect retry time 1;
  error wait time 1, 1;
  ipv${family} { import all; export where source = RTS_STATIC; };
}`,
  );
  const more = [staticRoutes('many', MANY), staticRoutes('one_more', [ONE_MORE])];
  const head = `log stderr all;\nrouter id ${addresses[4]};\nprotocol device {}`;
  return [head, ...more, ...sessions].join('\n');
}

/** The interface of the pod on its host. */
async function hostInterface(): Promise<string> {
  const address = await lab.addressOf(ROUTER);
  const route = await lab.run('node1', 'ip', 'route', 'show', address);
  return / dev (\S+)/.exec(route)?.[1] ?? '';
}

async function endpointName(): Promise<string> {
  const { stdout } = await weftctl('--lab', lab.name, 'get', 'workloadendpoints', '-o', 'json');
  const { items } = JSON.parse(stdout) as {
    items: { metadata: { name: string }; spec: { workload?: string } }[];
  };
  return items.find(({ spec }) => spec.workload === ROUTER)?.metadata.name ?? '';
}

async function label(...change: string[]): Promise<void> {
  const name = await endpointName();
  const { exitCode, stderr } = await weftctl(
    '--lab',
    lab.name,
    'label',
    'workloadendpoints',
    name,
    ...change,
  );
  expect([exitCode, stderr]).toEqual([0, '']);
}

/** The sessions of node1 with workloads. */
async function sessionsWithWorkloads(): Promise<readonly BgpPeer[]> {
  const { peers } = await new ControlClient(await lab.controlSocket('node1')).bgpPeers();
  return peers.filter(({ type }) => type === 'local workload');
}

async function sessionStates(): Promise<string[]> {
  return (await sessionsWithWorkloads()).map(({ state }) => state);
}

async function bothAreUp(): Promise<void> {
  const areUp = async (): Promise<boolean> => `${await sessionStates()}` === 'Established,Established';
  await waitFor('both sessions with the pod are up', areUp, 60_000, 50);
}

/** Waits until both hosts have so many IPv4 routes to what is behind the pod. */
async function childrenOf4Become(count: number): Promise<void> {
  for (const host of ['node1', 'node2']) {
    const has = async (): Promise<boolean> =>
      (await lab.routes(host)).filter((route) => route.startsWith('10.99.')).length === count;
    await waitFor(`${host} has ${count} routes to prefixes of the pod`, has, 60_000, 100);
  }
}

async function childrenBecome(wanted: 'there' | 'gone'): Promise<void> {
  for (const host of ['node1', 'node2'])
    for (const family of FAMILIES) await routeBecomes(lab, host, CHILD[family], wanted, 60_000);
}

beforeAll(async () => {
  for (const family of FAMILIES)
    await lab.run(
      ROUTER,
      'ip',
      'address',
      'add',
      `${BEHIND[family]}/${family === 4 ? 32 : 128}`,
      'dev',
      'lo',
    );
  const config = birdConfig({ 4: await lab.addressOf(ROUTER, 4), 6: await lab.addressOf(ROUTER, 6) });
  bird = new BirdDaemon({ end: { netns: lab.namespaceOf(ROUTER) }, config });
  await bird.start();
});
afterAll(() => bird?.remove());

describe('a pod that speaks BGP', { timeout: 120_000 }, () => {
  it('has no session before it is selected', async () => {
    expect(await sessionStates()).toEqual([]);
    expect(await lab.run('node1', 'ip', '-4', 'address', 'show', 'dev', await hostInterface())).toBe('');
  });

  it('has a session for each family once it has the label, with an address of the host on its own interface', async () => {
    await label('app=router');
    await bothAreUp();
    const name = await hostInterface();
    expect(await lab.run('node1', 'ip', '-o', '-4', 'address', 'show', 'dev', name)).toContain(
      `inet ${HOST[4]}/32 scope link ${name}`,
    );
    expect(await lab.run('node1', 'ip', '-o', '-6', 'address', 'show', 'dev', name)).toContain(
      `inet6 ${HOST[6]}/128 `,
    );
    const { stdout } = await weftctl('--lab', lab.name, 'node', 'status', 'node1');
    expect(stdout).toMatch(/\| 10\.244\.\S+ +\| local workload +\| up +\|.*Established/);
  });

  it('has its prefixes in the kernels of all hosts, by way of itself and of its host', async () => {
    await childrenBecome('there');
    const name = await hostInterface();
    for (const family of FAMILIES) {
      const address = await lab.addressOf(ROUTER, family);
      const show = (host: string) => lab.run(host, 'ip', `-${family}`, 'route', 'show', CHILD[family]);
      expect(await show('node1')).toContain(`via ${address} dev ${name} proto weft`);
      expect(await show('node2')).toContain(`via ${family === 4 ? '10.0.0.1' : 'fd00:10::1'} dev eth0`);
    }
  });

  it('is told the blocks, with its host as next hop', async () => {
    const [block = ''] = (await lab.blocksOf('node2')).filter((text) => !text.includes(':'));
    const isThere = async (): Promise<boolean> =>
      (await bird.ask('show', 'route', block, 'all')).includes(HOST[4]);
    await waitFor(`BIRD knows ${block}`, isThere, 30_000, 100);
  });

  it('is reached at addresses behind it, from its own host and from others, and sends from them', async () => {
    for (const family of FAMILIES) {
      for (const from of ['node2-pod1', 'node1-pod2', 'node2'])
        await waitFor(`${from} reaches ${BEHIND[family]}`, () => lab.pings(from, BEHIND[family]), 20_000);
      const target = await lab.addressOf('node2-pod2', family);
      await lab.run(ROUTER, 'ping', '-c', '1', '-W', '2', '-n', '-I', BEHIND[family], target);
    }
  });

  it('announces nothing that the filters of its BGPPeer do not let through', async () => {
    for (const host of ['node1', 'node2'])
      for (const family of FAMILIES)
        expect((await lab.routes(host)).filter((route) => route.startsWith(FOREIGN[family]))).toEqual([]);
  });

  it('loses no packet while weftd of its host is killed and comes back', async () => {
    const ping = startPing(lab, 'node2-pod1', BEHIND[4]);
    await stopDaemon(lab.name, 'node1', 'SIGKILL');
    await restartDaemon(lab.name, 'node1');
    await bothAreUp();
    await childrenBecome('there');
    expect(await ping.loss()).toBe('0% packet loss');
  });

  it('announces as many prefixes as it may, to all hosts, and with one more its session ends and nothing is kept', async () => {
    const others = [
      startPing(lab, 'node2-pod1', await lab.addressOf('node1-pod2')),
      startPing(lab, 'node2-pod1', await lab.addressOf(ROUTER)),
      startPing(lab, 'node1-pod2', BEHIND[6]),
    ];
    await bird.ask('enable', 'many');
    await childrenOf4Become(MANY.length + 1);
    await bird.ask('enable', 'one_more');
    await childrenOf4Become(0);
    const [session] = (await sessionsWithWorkloads()).filter(({ address }) => !address.includes(':'));
    expect(session).toMatchObject({ state: 'Idle', info: expect.stringMatching(WHY) });
    const cease = 'host4: Received: Maximum number of prefixes reached';
    await waitFor('BIRD has the Cease', () => bird.logTail().includes(cease));
    const fuse = await weftctl('--lab', lab.name, 'fuse', 'show', '-o', 'json');
    const { nodes } = JSON.parse(fuse.stdout) as { nodes: { held: unknown[] }[] };
    expect(nodes.flatMap(({ held }) => held)).toEqual([]);
    for (const host of ['node1', 'node2']) await routeBecomes(lab, host, CHILD[6], 'there');
    expect(await Promise.all(others.map(({ loss }) => loss()))).toEqual(Array(3).fill('0% packet loss'));
  });

  it('has the reason in node status and in explain', async () => {
    const { stdout } = await weftctl('--lab', lab.name, 'node', 'status', 'node1');
    expect(stdout).toMatch(
      /\| 10\.244\.\S+ +\| local workload +\| start +\|.*Idle .*more than 1000 prefixes of ipv4-unicast/,
    );
    const address = await lab.addressOf(ROUTER);
    const explained = await weftctl('--lab', lab.name, 'explain', address, '--from', 'node1');
    expect(explained.stdout).toMatch(
      /session +its BGP session with node1 is Idle: .*more than 1000 prefixes/,
    );
    await bird.ask('disable', 'many');
    await bird.ask('disable', 'one_more');
  });

  it('has no session, no prefix and no address of the host without the label, and is reached all the while', async () => {
    const ping = startPing(lab, 'node2-pod1', await lab.addressOf(ROUTER));
    await label('app-');
    await childrenBecome('gone');
    expect(await sessionStates()).toEqual([]);
    const name = await hostInterface();
    const noAddress = async (): Promise<boolean> =>
      !(await lab.run('node1', 'ip', 'address', 'show', 'dev', name)).includes(HOST[4]);
    await waitFor('the address is gone', noAddress);
    expect(await ping.loss()).toBe('0% packet loss');
  });

  it('has none either when its BGPPeer goes, and again with the next', async () => {
    await label('app=router');
    await bothAreUp();
    await weftctl('--lab', lab.name, 'delete', 'bgppeer', 'routers');
    await waitFor('the sessions are gone', async () => (await sessionStates()).length === 0);
    await childrenBecome('gone');
  });

  it('takes its prefixes along when it goes', async () => {
    const file = `/run/weft/lab/${lab.name}/routers.json`;
    await writeFile(file, JSON.stringify(resources.at(-1)));
    await weftctl('--lab', lab.name, 'apply', '-f', file);
    await bothAreUp();
    await childrenBecome('there');
    await removePod(lab.name, ROUTER);
    await childrenBecome('gone');
    expect(await sessionStates()).toEqual([]);
  });
});
