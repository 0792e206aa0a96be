/** Somebody else's device has the VNI and port of weft's: readiness, metrics and `weftctl node status` say so, until it is gone. */
import { ControlClient } from '@weft/control';
import { restartDaemon } from '@weft/lab';
import { expect, it } from 'vitest';
import { topologyOf, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const topology = topologyOf(`
subnets: { rack: { prefixes: [10.1.0.0/24] } }
hosts: { node1: , node2: }
pools: []
resources:
  - apiVersion: projectcalico.org/v3
    kind: IPPool
    metadata: { name: pods }
    spec: { cidr: 10.244.0.0/16, vxlanMode: Always }
`);
const lab = useLab('t-tunnel-failure', topology);

async function daemon(): Promise<ControlClient> {
  return new ControlClient(await lab.controlSocket('node1'));
}

async function reasons(): Promise<readonly string[]> {
  return (await (await daemon()).status()).readiness.reasons;
}

async function inSync(): Promise<string | undefined> {
  const text = await (await daemon()).metrics();
  return /^weft_tunnel_in_sync\{device="vxlan.calico"\} (\d)$/m.exec(text)?.[1];
}

it('is told of a device that cannot be made, and that it was made after all', {
  timeout: 120_000,
}, async () => {
  await waitFor('the tunnel is there', async () => (await inSync()) === '1');
  await lab.killWeftd('node1');
  await lab.run('node1', 'ip', 'link', 'delete', 'vxlan.calico');
  await lab.run(
    'node1',
    ...'ip link add theirs type vxlan id 4096 dstport 4789 local 10.1.0.1 dev eth0'.split(' '),
  );
  await restartDaemon(lab.name, 'node1');
  const taken = 'the tunnel vxlan.calico: another VXLAN device has VNI 4096 and port 4789';
  await waitFor('the node says so', async () => (await reasons()).some((one) => one.startsWith(taken)));
  expect(await inSync()).toBe('0');
  const shown = await weftctl('--lab', lab.name, 'node', 'status', 'node1');
  expect(shown.stdout).toContain(taken);
  await lab.run('node1', 'ip', 'link', 'delete', 'theirs');
  await waitFor('the node is ready', async () => (await reasons()).length === 0, 30_000);
  expect(await inSync()).toBe('1');
});
