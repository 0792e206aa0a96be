/** Routed hosts: the address of a node is a /32 on lo, and whoever sends to it goes by the routing table. */
import { addPod, restartDaemon } from '@weft/lab';
import { beforeAll, expect, it } from 'vitest';
import { launchedWith } from '../../faults/launcher.ts';
import { topologyOf, useLab } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const topology = topologyOf(`
subnets: { left: { prefixes: [10.1.0.0/24] }, right: { prefixes: [10.2.0.0/24] } }
hosts:
  router:
    runs: none
    interfaces: { left: [10.1.0.254/24], right: [10.2.0.254/24] }
    routes: [{ to: 10.99.0.1/32, via: 10.1.0.1 }, { to: 10.99.0.2/32, via: 10.2.0.1 }]
  node1: { pods: 0, interfaces: { left: [10.1.0.1/24] }, routes: [{ to: 10.99.0.2/32, via: 10.1.0.254 }] }
  node2: { pods: 0, interfaces: { right: [10.2.0.1/24] }, routes: [{ to: 10.99.0.1/32, via: 10.2.0.254 }] }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: CrossSubnet }
  - apiVersion: projectcalico.org/v3
    kind: BGPConfiguration
    metadata: { name: default }
    spec: { nodeToNodeMeshEnabled: false }
`);
const lab = useLab('t-tunnel-lo', topology);
const hosts = { node1: '10.99.0.1', node2: '10.99.0.2' };

beforeAll(async () => {
  const programs = await launchedWith({ IP_AUTODETECTION_METHOD: 'cidr=10.99.0.0/24' });
  for (const [host, address] of Object.entries(hosts)) {
    await lab.run(host, 'ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
    await lab.killWeftd(host);
    await restartDaemon(lab.name, host, programs);
  }
  for (const host of Object.keys(hosts)) await addPod(lab.name, host);
});

it('carries full-size packets between pods, by a device above no interface', async () => {
  const address = await lab.addressOf('node2-pod1');
  await waitFor('pods reach each other', () => lab.pings('node1-pod1', address));
  await lab.run('node1-pod1', 'ping', '-c', '1', '-W', '5', '-M', 'do', '-s', String(1450 - 28), address);
  const shown = await lab.run('node1', 'ip', '-d', 'link', 'show', 'vxlan.calico');
  expect(shown).toContain(' local 10.99.0.1 ');
  expect(shown).toContain(' mtu 1450 ');
  expect(shown).not.toContain(' dev ');
});
