/** A pool that is routed by BGP is put in a tunnel and taken out again while pods ping. */
import { expect, it } from 'vitest';
import { smallTopology, useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { pingStream } from '../topology-changes/stream.ts';

const lab = useLab('t-tunnel-mode', smallTopology(2, 1, 90));
const pool = 'default-ipv4-ippool';

async function patch(spec: object): Promise<void> {
  const text = JSON.stringify({ spec });
  const { exitCode, stderr } = await weftctl('--lab', lab.name, 'patch', 'ippool', pool, '-p', text);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
}

/** The one IPv4 route of node1 to node2's block. */
async function route(): Promise<string> {
  const block = (await lab.blocksOf('node2')).find((text) => !text.includes(':')) ?? 'none';
  const routes = (await lab.routes('node1')).filter((text) => text.startsWith(`${block} `));
  expect(routes).toHaveLength(1);
  return routes[0] ?? '';
}

async function nodeSpec(name: string): Promise<{ ipv4VXLANTunnelAddr?: string }> {
  const { stdout } = await weftctl('--lab', lab.name, 'get', 'node', name, '-o', 'json');
  return (JSON.parse(stdout) as { spec: { ipv4VXLANTunnelAddr?: string } }).spec;
}

async function reasonOfRoute(): Promise<string> {
  const { stdout } = await weftctl('--lab', lab.name, 'routes', 'node1', '-o', 'json');
  return stdout;
}

it('none, CrossSubnet, Always, none: no packet lost, one route at any time, and nothing left behind', {
  timeout: 180_000,
}, async () => {
  const address = await lab.addressOf('node2-pod1');
  const stream = await pingStream(lab.namespaceOf('node1-pod1'), address, 0.02);
  expect(await route()).toContain('dev eth0');

  await patch({ vxlanMode: 'CrossSubnet' });
  await waitFor('the route comes from IPAM', async () => (await route()).includes('onlink'));
  expect(await route()).toContain('dev eth0');

  await patch({ vxlanMode: 'Always' });
  await waitFor('the route is by the tunnel', async () => (await route()).includes('dev vxlan.calico'));
  expect(await nodeSpec('node1')).toMatchObject({ ipv4VXLANTunnelAddr: expect.any(String) });

  await patch({ vxlanMode: 'Never' });
  await waitFor('the route is plain again', async () => (await route()).includes('dev eth0'));
  await waitFor(
    'the device is gone',
    async () => !(await lab.run('node1', 'ip', '-br', 'link')).includes('vxlan.calico'),
    60_000,
  );
  await waitFor(
    'the Node tells no address of a tunnel',
    async () => (await nodeSpec('node1')).ipv4VXLANTunnelAddr === undefined,
    30_000,
  );
  expect(await stream.stop()).toMatchObject({ lost: [] });
});

it('a pool in IPIP is routed without it where the kernel has none, as here, and the route says so', async () => {
  await patch({ ipipMode: 'Always' });
  await waitFor('the reason names the pool', async () =>
    (await reasonOfRoute()).includes(
      `IPPool ${pool} (IPIP Always): waits for tunl0 to be up: routed without`,
    ),
  );
  expect(await lab.pings('node1-pod1', await lab.addressOf('node2-pod1'))).toBe(true);
  await patch({ ipipMode: 'Never' });
});
