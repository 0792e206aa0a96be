/**
 * A pod sends tunnel packets to another node. By masquerading they would come from the address of its own node, which is let in: they are
 * dropped where the pod is, and counted, unless FelixConfiguration allows them.
 */
import { ControlClient } from '@weft/control';
import { beforeAll, expect, it } from 'vitest';
import { topologyOf, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts:
  node1: { pods: 1, interfaces: { rack: [10.1.0.1/24] } }
  node2: { pods: 1, interfaces: { rack: [10.1.0.2/24] } }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: Always, natOutgoing: true }
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { nodeToNodeMeshEnabled: false }
  - apiVersion: projectcalico.org/v3
    kind: FelixConfiguration
    metadata: { name: default }
    spec: {}
`);
const lab = useLab('t-tunnel-workload', topology);

/** Where the inner packets say that they come from. */
const forged = '10.244.255.1';
/** The pod sends its pings there as IPIP. */
const ipipTarget = '10.1.0.2';

const watch = `table inet watch {
  counter forged { }
  counter ipip { }
  chain input {
    type filter hook prerouting priority -400;
    ip saddr ${forged} counter name forged
    ip protocol 4 counter name ipip
  }
}`;

// The pod knows all that there is to know: VNI, port, and the MAC of node2's end.
beforeAll(async () => {
  const victim = await lab.addressOf('node2-pod1');
  const own = await lab.addressOf('node1-pod1');
  const [link] = JSON.parse(await lab.run('node2', 'ip', '-j', 'link', 'show', 'vxlan.calico')) as {
    address: string;
  }[];
  const ip = (...words: string[]) => lab.run('node1-pod1', 'ip', ...words);
  const ends = ['local', own, 'remote', '10.1.0.2', 'dev', 'eth0'];
  await ip('link', 'add', 'fake0', 'type', 'vxlan', 'id', '4096', 'dstport', '4789', ...ends);
  await ip('address', 'add', `${forged}/32`, 'dev', 'fake0');
  await ip('link', 'set', 'fake0', 'up');
  await ip('route', 'add', `${victim}/32`, 'dev', 'fake0', 'src', forged);
  await ip('neigh', 'add', victim, 'lladdr', link?.address ?? '', 'dev', 'fake0');
  const asIpip = `table ip fake {
    chain output {
      type filter hook output priority 0
      ip daddr ${ipipTarget} ip protocol icmp ip protocol set 4
    }
  }`;
  await lab.run('node1-pod1', 'nft', asIpip);
  await lab.run('node2', 'nft', watch);
  await lab.run('node2-pod1', 'nft', watch);
});

async function count(member: string, table: string, counter: string): Promise<number> {
  const listed = await lab.run(member, 'nft', 'list', 'counter', 'inet', table, counter);
  return Number(/packets (\d+)/.exec(listed)?.[1]);
}

const dropped = () => count('node1', 'weft', 'workload-tunnels');

async function metric(): Promise<number> {
  const text = await new ControlClient(await lab.controlSocket('node1')).metrics();
  return Number(/^weft_workload_tunnel_packets_total (\d+)$/m.exec(text)?.[1] ?? 0);
}

const tunnels = [
  {
    kind: 'VXLAN',
    field: 'allowVXLANPacketsFromWorkloads',
    target: () => lab.addressOf('node2-pod1'),
    arrived: () => count('node2-pod1', 'watch', 'forged'),
  },
  {
    kind: 'IPIP',
    field: 'allowIPIPPacketsFromWorkloads',
    target: async () => ipipTarget,
    arrived: () => count('node2', 'watch', 'ipip'),
  },
];

it.each(tunnels)('$kind of a pod is dropped and counted, and passes where $field says so', async (tunnel) => {
  const send = async (): Promise<void> => void (await lab.pings('node1-pod1', await tunnel.target()));
  const before = await dropped();
  const told = await metric();
  await send();
  await waitFor('the packet is counted', async () => (await dropped()) > before);
  expect(await tunnel.arrived()).toBe(0);
  const patch = JSON.stringify({ spec: { [tunnel.field]: true } });
  const done = await weftctl('--lab', lab.name, 'patch', 'felixconfiguration', 'default', '-p', patch);
  expect(done).toMatchObject({ exitCode: 0 });
  await waitFor('the metric has it', async () => (await metric()) > told, 30_000, 200);
  await waitFor('the packet arrives', async () => {
    await send();
    return (await tunnel.arrived()) > 0;
  });
});

it('what the pod sends without a tunnel arrives all the while', async () => {
  await lab.run('node1-pod1', 'ip', 'link', 'delete', 'fake0');
  expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
});
