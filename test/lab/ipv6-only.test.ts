/** Hosts without any IPv4 address: a mesh, a node as its reflector, and daemons that come back, all over IPv6 alone. */
import { createHash } from 'node:crypto';
import { pingAll, restartDaemon, status, stopDaemon } from '@weft/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { daemonOf, untilAway, untilBack, untilReady } from '../faults/sessions.ts';
import { topologyOf, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { Changing } from './topology-changes/changing.ts';
import { monitorRoutes, type RouteMonitor } from './topology-changes/route-monitor.ts';

const lab = useLab(
  't-ipv6-only',
  topologyOf(`
subnets: { rack: { prefixes: ["fd00:1::/64"] } }
pools: [{ name: pods, cidr: "fd00:10:244::/64" }]
hosts: { node1: { pods: 1 }, node2: { pods: 1 }, node3: { pods: 1 } }`),
);
const NODES = ['node1', 'node2', 'node3'];
const addressOf = (node: string): string => `fd00:1::${node.at(-1)}`;
const othersOf = (node: string): string[] => NODES.filter((other) => other !== node).map(addressOf);

let changing: Changing;
const monitors: RouteMonitor[] = [];
beforeAll(async () => {
  changing = await Changing.of(lab);
  for (const node of NODES) monitors.push(await monitorRoutes(lab.namespaceOf(node)));
});
afterAll(async () => {
  await Promise.all(monitors.map((monitor) => monitor.stop()));
  await changing?.close();
});

async function expectPings(): Promise<void> {
  const pings = await pingAll(lab.name, () => {});
  expect(pings.map(({ from, to, ok }) => `${from} ${to} ${ok}`)).toHaveLength(6);
  expect(pings.filter(({ ok }) => !ok)).toEqual([]);
}

/** A new start of a daemon, of which nobody's kernel takes notice. */
async function restart(node: string): Promise<void> {
  const blocks = (await Promise.all(NODES.map((host) => lab.blocksOf(host)))).flat();
  expect(blocks).toHaveLength(3);
  await stopDaemon(lab.name, node, 'SIGTERM');
  await untilAway(lab, node);
  await expectPings();
  await restartDaemon(lab.name, node);
  await untilBack(lab, node);
  await expectPings();
  expect(monitors.flatMap((monitor) => monitor.deleted(blocks))).toEqual([]);
}

it('has no IPv4 address on any host or pod', async () => {
  const { pods } = await status(lab.name);
  for (const member of [...NODES, ...pods.map(({ name }) => name)])
    expect(await lab.run(member, 'ip', '-4', '-o', 'address', 'show', 'scope', 'global')).toBe('');
});

it('has sessions over IPv6 alone, and pods reach each other', async () => {
  await changing.settle(Object.fromEntries(NODES.map((node) => [node, othersOf(node)])));
  for (const node of NODES) {
    await untilReady(lab, node);
    for (const { families } of await changing.peers(node)) expect(families).toEqual(['ipv6-unicast']);
  }
  await expectPings();
});

it('gives every node a BGP Identifier made of its name', async () => {
  const identifiers = await Promise.all(
    NODES.map(async (node) => (await (await daemonOf(lab, node)).bgpPeers()).bgpIdentifier),
  );
  const hashes = NODES.map((node) => [...createHash('sha256').update(node).digest().subarray(0, 4)]);
  expect(identifiers).toEqual(
    hashes.map(([first = 0, ...rest]) => [first > 223 ? first - 32 : first, ...rest].join('.')),
  );
});

it('keeps all routes while a daemon of the mesh is restarted', () => restart('node2'));

it('goes from the mesh to one of the nodes as reflector, and the routes lead to their owners', async () => {
  await changing.change('node1', { clusterId: '244.0.0.1', labels: { reflects: 'yes' } });
  await changing.put('BGPPeer', 'reflector', { nodeSelector: 'all()', peerSelector: 'has(reflects)' });
  await changing.put('BGPConfiguration', 'default', { nodeToNodeMeshEnabled: false });
  await changing.settle({
    node1: othersOf('node1'),
    node2: [addressOf('node1')],
    node3: [addressOf('node1')],
  });
  for (const [node, other] of [
    ['node2', 'node3'],
    ['node3', 'node2'],
  ] as const)
    for (const block of await lab.blocksOf(other))
      await waitFor(`${node} goes to ${block} by ${other}`, async () =>
        (await lab.routes(node)).some((route) => route.startsWith(`${block} via ${addressOf(other)} `)),
      );
  await expectPings();
});

it('keeps all routes while the daemon of the reflector is restarted', () => restart('node1'));
