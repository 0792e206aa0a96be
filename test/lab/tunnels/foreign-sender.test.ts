/** A machine beside the nodes sends packets in VXLAN to a pod, as if it were a node: they are dropped and counted. */
import { ControlClient } from '@weft/control';
import { beforeAll, expect, it } from 'vitest';
import { topologyOf, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts:
  node1: { pods: 1, interfaces: { rack: [10.1.0.1/24] } }
  node2: { pods: 1, interfaces: { rack: [10.1.0.2/24] } }
  stranger: { runs: none, interfaces: { rack: [10.1.0.9/24] } }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: Always }
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { nodeToNodeMeshEnabled: false }
  - apiVersion: projectcalico.org/v3
    kind: FelixConfiguration
    metadata: { name: default }
    spec: {}
`);
const lab = useLab('t-tunnel-stranger', topology);

// The stranger knows all that there is to know: VNI, port, and the MAC of node1's end.
beforeAll(async () => {
  const pod = await lab.addressOf('node1-pod1');
  const [link] = JSON.parse(await lab.run('node1', 'ip', '-j', 'link', 'show', 'vxlan.calico')) as {
    address: string;
  }[];
  const ip = (...words: string[]) => lab.run('stranger', 'ip', ...words);
  const ends = ['local', '10.1.0.9', 'remote', '10.1.0.1', 'dev', 'eth0'];
  await ip('link', 'add', 'fake0', 'type', 'vxlan', 'id', '4096', 'dstport', '4789', ...ends);
  await ip('address', 'add', '10.244.255.1/32', 'dev', 'fake0');
  await ip('link', 'set', 'fake0', 'up');
  await ip('route', 'add', `${pod}/32`, 'dev', 'fake0', 'src', '10.244.255.1');
  await ip('neigh', 'add', pod, 'lladdr', link?.address ?? '', 'dev', 'fake0');
});

/** Pings that have reached the pod. */
async function arrived(): Promise<number> {
  const [names = '', values = ''] = (await lab.run('node1-pod1', 'cat', '/proc/net/snmp'))
    .split('\n')
    .filter((line) => line.startsWith('Icmp:'));
  return Number(values.split(' ')[names.split(' ').indexOf('InEchos')]);
}

async function dropped(): Promise<number> {
  const listed = await lab.run('node1', 'nft', 'list', 'counter', 'inet', 'weft', 'foreign-vxlan');
  return Number(/packets (\d+)/.exec(listed)?.[1]);
}

async function metric(): Promise<number> {
  const text = await new ControlClient(await lab.controlSocket('node1')).metrics();
  return Number(/^weft_foreign_vxlan_packets_total (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** One ping of the stranger's; no answer is expected. */
async function send(): Promise<void> {
  await lab.pings('stranger', await lab.addressOf('node1-pod1'));
}

it('drops what the stranger sends, and nothing of a node', async () => {
  const before = await arrived();
  await send();
  await waitFor('the packet is counted', async () => (await dropped()) > 0);
  expect(await arrived()).toBe(before);
  expect(await lab.pings('node2-pod1', await lab.addressOf('node1-pod1'))).toBe(true);
  expect(await arrived()).toBeGreaterThan(before);
});

it('lets in whom externalNodesList of FelixConfiguration names, and has told what it dropped until then', async () => {
  await send();
  const sent = await dropped();
  const patch = JSON.stringify({ spec: { externalNodesList: ['10.1.0.9'] } });
  const done = await weftctl('--lab', lab.name, 'patch', 'felixconfiguration', 'default', '-p', patch);
  expect(done).toMatchObject({ exitCode: 0 });
  const before = await arrived();
  await waitFor('what was dropped is told', async () => (await metric()) >= sent, 30_000, 200);
  await waitFor('the packet arrives', async () => {
    await send();
    return (await arrived()) > before;
  });
});
