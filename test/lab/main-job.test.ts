/** The main job: hosts hand out addresses, plug pods in, tell each other over BGP, and the kernels route. */
import { existsSync } from 'node:fs';
import { addNode, addPod, installation, pingAll, removeNode, removePod, status } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-main', smallTopology(3, 2));
const silent = (): void => {};

describe('three hosts with two pods each', () => {
  it('every pod reaches every pod, IPv4 and IPv6', async () => {
    const pings = await pingAll(lab.name, silent);
    expect(pings.length).toBe(6 * 5 * 2);
    expect(pings.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('works on hosts that have no default route', async () => {
    expect((await lab.routes('node1')).filter((route) => route.startsWith('default'))).toEqual([]);
  });

  it('a host has the blocks of the others as routes of protocol weft by way of their addresses', async () => {
    const [ipv4 = '', ipv6 = ''] = await lab.blocksOf('node2');
    const routes = await lab.routes('node1', 'proto', 'weft');
    expect(routes).toContainEqual(expect.stringMatching(new RegExp(`^${ipv4} via 10\\.0\\.0\\.2 dev eth0`)));
    expect(routes).toContainEqual(expect.stringMatching(new RegExp(`^${ipv6} via fd00:10::2 dev eth0`)));
  });

  it('a host drops what no pod of its own blocks takes', async () => {
    const [ipv4 = ''] = await lab.blocksOf('node1');
    expect(await lab.routes('node1', 'proto', 'weft')).toContainEqual(
      expect.stringContaining(`blackhole ${ipv4}`),
    );
  });

  it('a packet between hosts is plain IP on the wire, and arrives with TTL 62', async () => {
    const target = await lab.addressOf('node2-pod1');
    const onTheWire = await capture('node1', 'eth0', `icmp and dst ${target}`, () =>
      lab.pings('node1-pod1', target),
    );
    expect(onTheWire).toMatch(/ethertype IPv4 .*ttl 63,.* proto ICMP/s);
    const atThePod = await capture('node2-pod1', 'eth0', `icmp and dst ${target}`, () =>
      lab.pings('node1-pod1', target),
    );
    expect(atThePod).toContain('ttl 62,');
  });
});

describe('while it runs', () => {
  it('an added pod is reachable, a removed one is gone, and its host route with it', async () => {
    const pod = await addPod(lab.name, 'node3');
    const address = pod.addresses[0] ?? '';
    expect(await lab.pings('node1-pod1', address)).toBe(true);
    await removePod(lab.name, pod.name);
    expect(await lab.routes('node3')).not.toContainEqual(expect.stringContaining(`${address} dev`));
    expect(await lab.pings('node1-pod1', address)).toBe(false);
  });

  it('an added host joins the mesh, and a removed one leaves it', async () => {
    const added = await addNode(lab.name, undefined, 1, await installation(), silent);
    expect(added.name).toBe('node4');
    expect(await lab.pings('node1-pod1', await lab.addressOf('node4-pod1'))).toBe(true);
    const [block = ''] = await lab.blocksOf('node4');
    await removeNode(lab.name, 'node4', silent);
    await waitFor('node1 has no route to the block of node4', async () => {
      const routes = await lab.routes('node1');
      return !routes.some((route) => route.startsWith(block));
    });
    const { hosts } = await status(lab.name);
    expect(hosts.find(({ name }) => name === 'node1')?.sessions.length).toBe(2);
  });

  it('the 65th pod of a host takes a second block, and is reachable', { timeout: 120_000 }, async () => {
    expect(await lab.blocksOf('node2')).toHaveLength(2);
    await lab.addPods('node2', 63);
    const blocks = (await lab.blocksOf('node2')).filter((block) => !block.includes(':'));
    expect(blocks).toHaveLength(2);
    const address = await lab.addressOf('node2-pod65');
    await waitFor('the 65th pod answers', () => lab.pings('node1-pod1', address));
  });
});

/** Captures one packet with tcpdump while something happens; what tcpdump printed of it. */
async function capture(
  member: string,
  device: string,
  filter: string,
  action: () => Promise<unknown>,
): Promise<string> {
  const tcpdump = execa(
    'ip',
    ['netns', 'exec', lab.namespaceOf(member), 'tcpdump', '-i', device, '-c', '1', '-evvn', '-U', filter],
    {
      timeout: 10_000,
    },
  );
  await new Promise<void>((resolve) => {
    tcpdump.stderr?.on('data', (chunk) => String(chunk).includes('listening on') && resolve());
  });
  await action();
  return (await tcpdump).stdout;
}

it('has no interface of its own in the namespace of the machine', async () => {
  expect(existsSync('/sys/class/net/node1.0')).toBe(false);
});
