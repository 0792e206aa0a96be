/** Who talks on from one UDP socket reaches the container that has the published port now, and no flow outlives its address. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ControlClient } from '@weft/control';
import { address, networkAddress, prefix } from '@weft/ip';
import {
  createNetns,
  deleteNetns,
  type Flow,
  type Kernel,
  listNetns,
  netnsPath,
  openKernel,
} from '@weft/kernel';
import { resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const talker = `${import.meta.dirname}/../harness/udp-talker.ts`;
const lab = useLab('t-conntrack', smallTopology(2, 1, 90));
const node1 = { 4: '10.0.0.1', 6: 'fd00:10::1' };
const hostPort = 5353;
const names = ['first', 'second'] as const;
type Name = (typeof names)[number];
const namespaceOf = (name: Name): string => `weft.t-conntrack.${name}`;

const children: ChildProcess[] = [];
let daemon: ControlClient;
let kernel: Kernel;

beforeAll(async () => {
  const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === 'node1');
  daemon = new ControlClient(found?.controlSocket ?? '');
  kernel = openKernel({ netns: netnsPath(lab.namespaceOf('node1')) });
  for (const name of names) {
    if (listNetns().includes(namespaceOf(name))) deleteNetns(namespaceOf(name));
    createNetns(namespaceOf(name));
    await serve(namespaceOf(name), name);
  }
  await serve(lab.namespaceOf('node1-pod1'), 'untouched');
});
afterAll(async () => {
  for (const child of children) child.kill();
  kernel.close();
  for (const name of names) await daemon.detachEndpoint(name);
  for (const name of names) deleteNetns(namespaceOf(name));
});

function talk(namespace: string, ...args: string[]): ChildProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, talker, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

async function serve(namespace: string, name: string): Promise<void> {
  const { stdout } = talk(namespace, 'serve', '53', name);
  if (stdout !== null) await once(stdout, 'data');
}

/** Asks from one socket of node2 until the end of the tests; answers who has answered so far, the last one last. */
function ask(to: string, port: number): string[] {
  const heard: string[] = [];
  talk(lab.namespaceOf('node2'), 'ask', to, String(port)).stdout?.on('data', (bytes) =>
    heard.push(...String(bytes).trim().split('\n')),
  );
  return heard;
}

const hears = (heard: readonly string[], name: string): Promise<true> =>
  waitFor(`${name} answers`, () => heard.at(-1) === name);

/** Answers the IPv4 address. */
async function attach(name: Name): Promise<string> {
  const { addresses } = await daemon.attachEndpoint(name, {
    containerId: (name === 'first' ? 'a' : 'b').repeat(64),
    netns: netnsPath(namespaceOf(name)),
    interfaceName: 'eth0',
    orchestrator: 'lab',
    workload: name,
    families: ['ipv4', 'ipv6'],
    ports: [{ protocol: 'udp', hostPort, containerPort: 53 }],
  });
  return networkAddress(prefix(addresses[0] ?? ''));
}

const flowsTo = (to: string): Flow[] => kernel.flows({ family: 4, replySource: address(to) });

it('a socket that goes on talking reaches the next container, and no flow of the first one is left', async () => {
  const released = await attach('first');
  const untouched = await lab.addressOf('node1-pod1');
  const byPort = [ask(node1[4], hostPort), ask(node1[6], hostPort)];
  const direct = ask(released, 53);
  const neighbour = ask(untouched, 53);
  for (const heard of [...byPort, direct]) await hears(heard, 'first');
  await hears(neighbour, 'untouched');
  expect(flowsTo(released)).toHaveLength(2);
  const kept = flowsTo(untouched);
  expect(kept).toHaveLength(1);

  await daemon.detachEndpoint('first');
  expect(flowsTo(released)).toEqual([]);
  expect(kernel.flows({ family: 4, originalSource: address(released) })).toEqual([]);
  await attach('second');
  for (const heard of byPort) await hears(heard, 'second');
  expect(flowsTo(untouched)).toEqual(kept);
});

it('a socket that talked to the host while nobody published the port reaches the container after the next start', async () => {
  await stopDaemon(lab.name, 'node1', 'SIGKILL');
  // Somebody else's rules go on tracking.
  const foreign =
    'table inet foreign { chain c { type filter hook prerouting priority 0; ct state new accept; }; }';
  await lab.run('node1', 'nft', foreign);
  await lab.run('node1', 'nft', 'delete', 'table', 'inet', 'weft');
  const heard = ask(node1[4], hostPort);
  await waitFor('the host is asked', () =>
    flowsTo(node1[4]).some(
      ({ original, protocol }) => protocol === 17 && original.destinationPort === hostPort,
    ),
  );
  await restartDaemon(lab.name, 'node1');
  await hears(heard, 'second');
});
