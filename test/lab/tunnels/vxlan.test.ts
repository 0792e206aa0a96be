/** Pools in VXLAN between two subnets whose router knows nothing of pods, without BGP, in IPv4 and IPv6. */
import { chooseTopology, restartDaemon } from '@weft/lab';
import { beforeAll, describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { pingStream } from '../topology-changes/stream.ts';

const file = `${import.meta.dirname}/../../topologies/overlay/topology.yaml`;
const { topology, baseDirectory } = chooseTopology(file, 0, 0);
const lab = useLab('t-tunnels', topology, baseDirectory);

/** The outer addresses of the nodes, by the pod that lives there. */
const outer = {
  'node2-pod1': { 4: '10.1.0.2', 6: 'fd00:1::2' },
  'node3-pod1': { 4: '10.2.0.1', 6: 'fd00:2::1' },
} as const;
type Pod = keyof typeof outer;
const pods = Object.keys(outer) as Pod[];
const families = [4, 6] as const;
const headers = { 4: 28, 6: 48 } as const;
const pools = { 4: 'pods', 6: 'pods6' } as const;

// VXLAN that leaves node1, by outer destination.
beforeAll(async () => {
  const rules = pods.flatMap((pod) => [
    `ip daddr ${outer[pod][4]} udp dport 4789 counter comment "${pod} 4"`,
    `ip6 daddr ${outer[pod][6]} udp dport 4789 counter comment "${pod} 6"`,
  ]);
  const chain = `chain c { type filter hook output priority 0; ${rules.join('; ')}; }`;
  await lab.run('node1', 'nft', `table inet watch { ${chain}; }`);
});

/** How many VXLAN packets node1 has sent to the node of a pod. */
async function encapsulated(pod: Pod, family: 4 | 6): Promise<number> {
  const listed = await lab.run('node1', 'nft', 'list', 'table', 'inet', 'watch');
  const line = listed.split('\n').find((text) => text.includes(`"${pod} ${family}"`));
  return Number(/packets (\d+)/.exec(line ?? '')?.[1]);
}

async function mtuOf(pod: string): Promise<number> {
  const [link] = JSON.parse(await lab.run(pod, 'ip', '-j', 'link', 'show', 'eth0')) as { mtu: number }[];
  return link?.mtu ?? 0;
}

/** One packet as large as the pod's MTU allows, not to be cut on its way. */
async function fullSizePing(pod: Pod, family: 4 | 6): Promise<void> {
  const size = String((await mtuOf('node1-pod1')) - headers[family]);
  const address = await lab.addressOf(pod, family);
  await lab.run('node1-pod1', 'ping', '-c', '1', '-W', '5', '-n', '-M', 'do', '-s', size, address);
}

async function setMode(vxlanMode: string): Promise<void> {
  for (const pool of Object.values(pools)) {
    const patch = JSON.stringify({ spec: { vxlanMode } });
    const { exitCode, stderr } = await weftctl('--lab', lab.name, 'patch', 'ippool', pool, '-p', patch);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  }
}

/** The one route of node1 to the block of a pod's node. */
async function routeTo(pod: Pod, family: 4 | 6): Promise<string> {
  const blocks = await lab.blocksOf(pod.replace('-pod1', ''));
  const block = blocks.find((text) => text.includes(':') === (family === 6)) ?? 'none';
  const routes = (await lab.routes('node1')).filter((route) => route.startsWith(`${block} `));
  expect(routes).toHaveLength(1);
  return routes[0] ?? '';
}

describe('VXLAN Always', () => {
  it.each(pods.flatMap((pod) => families.map((family) => [pod, family] as const)))(
    'carries full-size packets that must not be cut to %s (IPv%i)',
    async (pod, family) => {
      const before = await encapsulated(pod, family);
      await fullSizePing(pod, family);
      expect(await encapsulated(pod, family)).toBeGreaterThan(before);
      expect(await routeTo(pod, family)).toContain(` dev vxlan${family === 6 ? '-v6' : ''}.calico `);
    },
  );

  it('lets the host itself reach pods of other nodes, from any of its addresses', async () => {
    const address = await lab.addressOf('node3-pod1');
    expect(await lab.pings('node1', address)).toBe(true);
    await lab.run('node1', 'ping', '-c', '1', '-W', '5', '-I', '10.1.0.1', address);
  });

  it('has the device back when somebody deletes it', async () => {
    await lab.run('node1', 'ip', 'link', 'delete', 'vxlan.calico');
    const address = await lab.addressOf('node3-pod1');
    await waitFor('pods reach each other again', () => lab.pings('node1-pod1', address));
    expect(await routeTo('node3-pod1', 4)).toContain('dev vxlan.calico');
  });

  it('has the forwarding table and the neighbours back when somebody empties them', async () => {
    const device = ['dev', 'vxlan.calico'];
    const entries = (await lab.run('node1', 'bridge', 'fdb', 'show', ...device)).trim().split('\n').sort();
    expect(entries).toHaveLength(2);
    for (const entry of entries) {
      const [mac = '', , remote = ''] = entry.split(' ');
      await lab.run('node1', 'bridge', 'fdb', 'del', mac, ...device, 'dst', remote, 'self');
    }
    await lab.run('node1', 'ip', 'neigh', 'flush', ...device, 'nud', 'permanent');
    await waitFor(
      'the forwarding table is as it was',
      async () =>
        (await lab.run('node1', 'bridge', 'fdb', 'show', ...device)).trim().split('\n').sort().join() ===
        entries.join(),
      30_000,
    );
    const address = await lab.addressOf('node3-pod1');
    await waitFor('pods reach each other again', () => lab.pings('node1-pod1', address));
  });

  it('loses nothing when weftd is killed and comes back', { timeout: 120_000 }, async () => {
    const stream = await pingStream(lab.namespaceOf('node1-pod1'), await lab.addressOf('node3-pod1'), 0.02);
    await lab.killWeftd('node1');
    await restartDaemon(lab.name, 'node1');
    const address = await lab.addressOf('node3-pod1', 6);
    await waitFor('IPv6 is answered', () => lab.pings('node1-pod1', address));
    expect(await stream.stop()).toMatchObject({ lost: [] });
  });
});

describe('a mode that changes while pods talk', () => {
  it('goes from Always to CrossSubnet and back without a loss, and carries in VXLAN what it says', {
    timeout: 120_000,
  }, async () => {
    const namespace = lab.namespaceOf('node1-pod1');
    const streams = await Promise.all(
      pods.flatMap((pod) =>
        families.map(async (family) => pingStream(namespace, await lab.addressOf(pod, family), 0.05)),
      ),
    );
    await setMode('CrossSubnet');
    for (const family of families) {
      await waitFor(`IPv${family} goes straight within the subnet`, async () =>
        (await routeTo('node2-pod1', family)).includes(`via ${outer['node2-pod1'][family]} dev eth0`),
      );
      const before = await encapsulated('node2-pod1', family);
      await fullSizePing('node2-pod1', family);
      expect(await encapsulated('node2-pod1', family)).toBe(before);
      const crossing = await encapsulated('node3-pod1', family);
      await fullSizePing('node3-pod1', family);
      expect(await encapsulated('node3-pod1', family)).toBeGreaterThan(crossing);
    }
    await setMode('Always');
    for (const family of families)
      await waitFor(`IPv${family} is encapsulated again`, async () =>
        (await routeTo('node2-pod1', family)).includes('.calico '),
      );
    for (const stream of streams) expect(await stream.stop()).toMatchObject({ lost: [] });
  });
});
