/** CALICO_NETWORKING_BACKEND=vxlan: nodes that take no part in BGP, although the mesh is on, carry pods in VXLAN and are ready. */
import { ControlClient } from '@weft/control';
import { expect, it } from 'vitest';
import { launchedWith } from '../../faults/launcher.ts';
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
    spec: { cidr: 10.244.0.0/16, vxlanMode: Always }
`);
const install = () => launchedWith({ CALICO_NETWORKING_BACKEND: 'vxlan' });
const lab = useLab('t-backend-vxlan', topology, '/', install);

it('carries pods without a session', async () => {
  const address = await lab.addressOf('node2-pod1');
  await waitFor('pods reach each other', () => lab.pings('node1-pod1', address));
  expect(await lab.run('node1', 'ss', '-Hltn', 'sport = :179')).toBe('');
});

it('is ready, and says why there is no BGP', async () => {
  const daemon = new ControlClient(await lab.controlSocket('node1'));
  expect((await daemon.status()).readiness).toEqual({ ok: true, reasons: [] });
  const { stdout } = await weftctl('--lab', lab.name, 'explain', 'node2', '--from', 'node1');
  expect(stdout).toContain('CALICO_NETWORKING_BACKEND is vxlan on this node');
});
