/**
 * The password of the mesh is another while packets go: every node makes its sessions anew with the new key (RFC 2385), at its own
 * time, and the routes stay meanwhile (RFC 4724). And a route reflector asks for the password of the BGPPeer that names it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { namespaceOf } from '@weft/lab';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultApiServer, startFaultServer } from '../../harness/fault-api-server/fault-api-server.ts';
import { LoopbackBridge } from '../../harness/loopback-bridge.ts';
import { topologyOf, useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { WeftdProcess } from '../../harness/weftd-process.ts';
import { pingStream } from './stream.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { n1: { runs: none }, n2: { runs: none }, n3: { runs: none }, reflector: { runs: none } }`);
const lab = useLab('topo-password', topology);

const CRD = 'crd.projectcalico.org/v1';
const NODES = ['n1', 'n2', 'n3'];
const REFLECTOR = 'reflector';
const weftds = new Map([...NODES, REFLECTOR].map((name) => [name, new WeftdProcess()]));
let server: FaultApiServer;
let bridges: LoopbackBridge[] = [];

const weftdOf = (name: string): WeftdProcess => weftds.get(name) as WeftdProcess;
const addressIn = (name: string): string => `10.244.${name.at(-1)}.1`;

beforeAll(async () => {
  server = await startFaultServer({ groups: [CRD] });
  const port = Number(new URL(server.url).port);
  bridges = await Promise.all(
    [...NODES, REFLECTOR].map((name) => LoopbackBridge.open(namespaceOf(lab.name, name), port)),
  );
  putPassword('hunter2');
  server.objects.put(`${CRD}/bgpconfigurations`, {
    metadata: { name: 'default' },
    spec: { nodeMeshPassword: { secretKeyRef: { name: 'bgp', key: 'mesh' } } },
  });
  server.objects.put(`${CRD}/ippools`, { metadata: { name: 'pods' }, spec: { cidr: '10.244.0.0/16' } });
  for (const name of NODES) {
    const number = name.at(-1);
    server.objects.put('v1/nodes', {
      metadata: { name },
      status: { addresses: [{ type: 'InternalIP', address: `10.1.0.${number}` }], conditions: [] },
    });
    server.objects.put(`${CRD}/blockaffinities`, {
      metadata: { name: `${name}-10-244-${number}-0-26` },
      spec: { node: name, cidr: `10.244.${number}.0/26`, state: 'confirmed', deleted: 'false' },
    });
    // It stands for a pod: others reach it by the route to its block alone.
    await lab.run(name, 'ip', 'address', 'add', `${addressIn(name)}/32`, 'dev', 'lo');
    await start(name);
  }
  for (const name of NODES) await waitFor(`${name} has its sessions`, () => isUp(name, 1), 60_000, 50);
}, 120_000);

afterAll(async () => {
  await Promise.all([...weftds.values()].map((weftd) => weftd.dispose()));
  await Promise.all(bridges.map((bridge) => bridge.close()));
  await server.kill();
});

function putPassword(text: string): void {
  const data = { mesh: Buffer.from(text).toString('base64') };
  server.objects.put('v1/secrets', { metadata: { name: 'bgp', namespace: 'kube-system' }, data });
}

async function start(name: string, ...args: string[]): Promise<void> {
  const weftd = weftdOf(name);
  const kubeconfig = join(weftd.directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: server.url } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(kubeconfig, JSON.stringify(config));
  await weftd.start({
    lab: lab.name,
    host: name,
    args,
    environment: { DATASTORE_TYPE: 'kubernetes', KUBECONFIG: kubeconfig, NODENAME: name, IP6: 'none' },
  });
  await weftd.status();
}

/** Both sessions are up, and have been so at least that often. */
async function isUp(name: string, times: number): Promise<boolean> {
  const { peers } = await weftdOf(name).control.bgpPeers();
  const up = peers.filter(({ counters, state }) => state === 'Established' && counters.established >= times);
  return up.length === NODES.length - 1;
}

it('every session is made anew with it, and no packet is lost', { timeout: 180_000 }, async () => {
  const pairs = NODES.flatMap((from) => NODES.filter((to) => to !== from).map((to) => [from, to] as const));
  for (const [from, to] of pairs)
    await waitFor(`${from} has the route to ${to}`, async () =>
      (await lab.routes(from, 'proto', 'weft')).some((route) =>
        route.includes(`10.244.${to.at(-1)}.0/26 via`),
      ),
    );
  const streams = await Promise.all(
    pairs.map(([from, to]) => pingStream(lab.namespaceOf(from), addressIn(to), 0.01)),
  );
  putPassword('hunter3');
  for (const name of NODES) await waitFor(`${name} is back`, () => isUp(name, 2), 90_000, 50);
  // Once more, with one of them away: it comes back with the new key.
  await weftdOf('n3').stop('SIGTERM');
  putPassword('hunter4');
  await waitFor('n1 has a session with n2 again', async () =>
    (await weftdOf('n1').control.bgpPeers()).peers.some(
      ({ counters, state }) => state === 'Established' && counters.established > 2,
    ),
  );
  await start('n3');
  for (const name of NODES) await waitFor(`${name} is back`, () => isUp(name, 1), 90_000, 50);
  const results = await Promise.all(streams.map((stream) => stream.stop()));
  expect(results.map(({ lost }) => lost.join(' '))).toEqual(pairs.map(() => ''));
});

it('a route reflector has its sessions with the password of the BGPPeer that names it, and with no other', {
  timeout: 120_000,
}, async () => {
  const address = (await lab.run(REFLECTOR, 'ip', '-4', '-o', 'address', 'show', 'eth0')).match(
    /inet ([\d.]+)/,
  )?.[1];
  const isWith = async (states: RegExp): Promise<boolean> => {
    const all = await Promise.all(NODES.map((name) => weftdOf(name).control.bgpPeers()));
    const ends = all.flatMap(({ peers }) => peers.filter((peer) => peer.address === address));
    return ends.length === NODES.length && ends.every(({ state }) => states.test(state));
  };
  const name = (key: string) => ({
    metadata: { name: 'reflector' },
    spec: { peerIP: address, asNumber: 64512, password: { secretKeyRef: { name: 'bgp', key } } },
  });
  await start(REFLECTOR, '--role', 'route-reflector');
  server.objects.put(`${CRD}/bgppeers`, name('mesh'));
  await waitFor('every node has a session with it', () => isWith(/^Established$/), 60_000, 50);
  // The kernel drops what comes from a node without the key (RFC 2385).
  const plain = await lab.run(
    'n1',
    'bash',
    '-c',
    `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/179'; echo $?`,
  );
  expect(plain).toBe('124');
  // Nobody knows this one: without it no session may come up.
  server.objects.put(`${CRD}/bgppeers`, name('unknown'));
  const reflector = weftdOf(REFLECTOR).control;
  await waitFor('it has no client', async () =>
    (await reflector.bgpPeers()).peers.every(({ state }) => state !== 'Established'),
  );
});
