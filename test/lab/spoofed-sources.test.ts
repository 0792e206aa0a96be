/** What a pod sends from an address that is not its own goes nowhere: not to its neighbours, not to other hosts, not to its own host. */
import { ControlClient } from '@weft/control';
import { createNetns, deleteNetns, netnsPath } from '@weft/kernel';
import { restartDaemon, runIn, stopDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-sec-spoof', smallTopology(2, 2, 90));
const strangers = { 4: '192.0.2.7', 6: 'fd00:dead::7' } as const;
const host = { 4: '10.0.0.1', 6: 'fd00:10::1' } as const;
/** Where packets with a foreign source would arrive, and how they are counted there. */
const receivers = ['node1-pod2', 'node2-pod1', 'node1'];
const PACKETS = 3;

/** Sources that are not those of node1-pod1. */
async function foreignSources(family: 4 | 6): Promise<string[]> {
  const neighbour = await lab.addressOf('node1-pod2', family);
  return [neighbour, await lab.addressOf('node2-pod2', family), host[family], strangers[family]];
}

beforeAll(async () => {
  for (const family of [4, 6] as const)
    for (const source of await foreignSources(family))
      for (const receiver of receivers) await count(receiver, family, source);
});

/** Does something while node1-pod1 has an address that weft did not give it. */
async function withAddress(address: string, run: () => Promise<unknown>): Promise<void> {
  const what = address.includes(':')
    ? [`${address}/128`, 'dev', 'lo', 'nodad']
    : [`${address}/32`, 'dev', 'lo'];
  await lab.run('node1-pod1', 'ip', 'address', 'add', ...what);
  await run();
  await lab.run('node1-pod1', 'ip', 'address', 'del', ...what.slice(0, 3));
}

/** Echo requests of node1-pod1 from that address. */
async function echo(source: string, target: string): Promise<void> {
  const options = ['-c', String(PACKETS), '-i', '0.01', '-W', '0.2', '-q', '-n'];
  await withAddress(source, () => runIn(lab.name, 'node1-pod1', ['ping', ...options, '-I', source, target]));
}

/** Counts what arrives from the host's end of node1-pod1's side with that source. */
async function count(receiver: string, family: 4 | 6, source: string): Promise<void> {
  const table = 'table inet watch { chain input { type filter hook input priority 0; }; }';
  await lab.run(receiver, 'nft', table);
  const ip = family === 4 ? 'ip' : 'ip6';
  const icmp = family === 4 ? ['icmp', 'type', 'echo-request'] : ['icmpv6', 'type', 'echo-request'];
  await lab.run(
    receiver,
    'nft',
    'add',
    'rule',
    'inet',
    'watch',
    'input',
    ip,
    'saddr',
    source,
    ...icmp,
    'counter',
  );
}

/** Echo requests from foreign sources that a receiver has seen. */
async function seenBy(receiver: string): Promise<number> {
  const listing = await lab.run(receiver, 'nft', 'list', 'table', 'inet', 'watch');
  return [...listing.matchAll(/packets (\d+)/g)].reduce((sum, [, packets]) => sum + Number(packets), 0);
}

/** Packets with every foreign source to every receiver: how many they were. */
async function spoof(family: 4 | 6): Promise<number> {
  let sent = 0;
  for (const receiver of receivers) {
    const target = receiver === 'node1' ? host[family] : await lab.addressOf(receiver, family);
    for (const source of (await foreignSources(family)).filter((address) => address !== target)) {
      await echo(source, target);
      sent += PACKETS;
    }
  }
  return sent;
}

async function dropped(): Promise<number> {
  const listing = await lab.run('node1', 'nft', 'list', 'counter', 'inet', 'weft', 'spoofed');
  return Number(/packets (\d+)/.exec(listing)?.[1]);
}

async function metric(): Promise<number> {
  const text = await new ControlClient(await lab.controlSocket('node1')).metrics();
  return Number(/^weft_spoofed_packets_total (\d+)$/m.exec(text)?.[1] ?? 0);
}

describe('packets with the source of somebody else', () => {
  it.each([4, 6] as const)('reach nobody and are counted, IPv%i', async (family) => {
    const before = await dropped();
    const sent = await spoof(family);
    expect(sent).toBeGreaterThan(0);
    for (const receiver of receivers) expect([receiver, await seenBy(receiver)]).toEqual([receiver, 0]);
    expect((await dropped()) - before).toBeGreaterThanOrEqual(sent);
  });

  it('are in the metrics', async () => {
    const packets = await dropped();
    await waitFor('the metric has them', async () => (await metric()) >= packets, 30_000, 200);
  });

  it('the pod itself is answered, by both families, and nothing of its own was dropped', async () => {
    const before = await dropped();
    for (const family of [4, 6] as const)
      for (const pod of ['node1-pod2', 'node2-pod1'])
        expect(await lab.pings('node1-pod1', await lab.addressOf(pod, family))).toBe(true);
    for (const family of [4, 6] as const) expect(await lab.pings('node1-pod1', host[family])).toBe(true);
    expect(await dropped()).toBe(before);
  });

  it('a new pod begins IPv6 and asks for its neighbours without a dropped packet', async () => {
    const before = await dropped();
    await lab.addPods('node1', 1);
    const inPod = (...command: string[]) => lab.run('node1-pod3', ...command);
    // Duplicate address detection and MLD from :: as Linux does them of itself.
    await inPod('ip', 'link', 'set', 'eth0', 'down');
    await inPod('sysctl', '-qw', 'net.ipv6.conf.eth0.accept_dad=1');
    await inPod('ip', 'link', 'set', 'eth0', 'up');
    const linkLocal = async (): Promise<string> =>
      inPod('ip', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link');
    await waitFor(
      'its link-local address is valid',
      async () => /inet6 fe80/.test(await linkLocal()) && !/tentative/.test(await linkLocal()),
    );
    expect(await dropped()).toBe(before);
  });

  it('no ARP moves the address of a neighbour', async () => {
    const victim = await lab.addressOf('node1-pod2');
    // Without the permanent entry the kernel asks, and says by its question that it is the victim.
    const gateway = ['169.254.1.1', 'dev', 'eth0'];
    await lab.run('node1-pod1', 'ip', 'neighbour', 'del', ...gateway);
    await echo(victim, host[4]);
    const entry = [...gateway, 'lladdr', 'ee:ee:ee:ee:ee:ee', 'nud', 'permanent'];
    await lab.run('node1-pod1', 'ip', 'neighbour', 'replace', ...entry);
    const neighbours = (await lab.run('node1', 'ip', 'neighbour', 'show', 'to', victim)).split('\n');
    expect(neighbours.filter((line) => line.includes('PERMANENT'))).toHaveLength(1);
    expect(await lab.pings('node1', victim)).toBe(true);
    expect(await lab.pings('node2-pod1', victim)).toBe(true);
  });

  it('pass while somebody has removed the table, and are dropped again once it is back', async () => {
    await lab.run('node1', 'nft', 'flush', 'ruleset');
    for (const family of [4, 6] as const)
      for (const source of await foreignSources(family)) await count('node1', family, source);
    const isBack = (): Promise<boolean> =>
      dropped().then(
        () => true,
        () => false,
      );
    // This is what the tests above do not see because of the rules, and not because it never gets there.
    await echo(strangers[4], await lab.addressOf('node1-pod2'));
    expect(await seenBy('node1-pod2')).toBeGreaterThan(0);
    await waitFor('the table is back', isBack, 30_000, 50);
    const seen = await seenBy('node1-pod2');
    await spoof(4);
    expect(await seenBy('node1-pod2')).toBe(seen);
    expect(await seenBy('node1')).toBe(0);
  });

  it('are dropped while weftd is away and when it comes back, and what is right is not', async () => {
    const target = await lab.addressOf('node2-pod1');
    const seen = await seenBy('node2-pod1');
    const ping = (...options: string[]) =>
      execa(
        'ip',
        [
          'netns',
          'exec',
          lab.namespaceOf('node1-pod1'),
          'ping',
          '-n',
          '-q',
          '-i',
          '0.01',
          ...options,
          target,
        ],
        { reject: false },
      );
    const right = ping();
    await withAddress(strangers[4], async () => {
      const wrong = ping('-I', strangers[4]);
      await stopDaemon(lab.name, 'node1', 'SIGKILL');
      await restartDaemon(lab.name, 'node1');
      await waitFor('the new daemon counts', async () => (await metric()) > 0, 30_000, 200);
      wrong.kill('SIGINT');
      await wrong;
    });
    right.kill('SIGINT');
    expect((await right).stdout).toContain(' 0% packet loss');
    expect(await seenBy('node2-pod1')).toBe(seen);
  });
});

describe('a container with two interfaces', () => {
  const name = `weft.${lab.name}.two`;
  afterAll(() => deleteNetns(name));

  it('answers at the addresses of both, by whichever it sends', async () => {
    createNetns(name);
    const daemon = new ControlClient(await lab.controlSocket('node1'));
    const addresses: string[] = [];
    for (const interfaceName of ['eth0', 'eth1']) {
      const attached = await daemon.attachEndpoint(`two.${interfaceName}`, {
        containerId: 'f'.repeat(64),
        netns: netnsPath(name),
        interfaceName,
        orchestrator: 'cni',
        families: ['ipv4', 'ipv6'],
      });
      addresses.push(...attached.addresses.map((text) => text.split('/')[0] ?? ''));
    }
    expect(addresses).toHaveLength(4);
    for (const address of addresses)
      expect([address, await lab.pings('node2-pod1', address)]).toEqual([address, true]);
    for (const interfaceName of ['eth0', 'eth1']) await daemon.detachEndpoint(`two.${interfaceName}`);
  });
});
