/** What befalls one host: its routes are flushed, its clock jumps, it is made anew, another takes its address. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { ControlClient } from '@weft/control';
import { openDatastore } from '@weft/datastore';
import { addPod, removePod, resolveLab, restartDaemon, stopDaemon } from '@weft/lab';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { launchedWith } from './launcher.ts';
import { measured } from './measured.ts';
import { passes, untilReady } from './sessions.ts';
import { type ShiftedClock, shiftedClock } from './shifted-clock.ts';

let clock: ShiftedClock;
const lab = useLab('f-host', smallTopology(3, 1, 3), '/', async () => {
  clock = await shiftedClock();
  return launchedWith({ ...clock.environment, WEFT_AUTODETECT_POLL_INTERVAL: '1s' });
});
const fault = { lab, group: 'host' };
const all = [
  ['node1-pod1', 'node2-pod1'],
  ['node2-pod1', 'node3-pod1'],
] as const;
const others = [['node1-pod1', 'node2-pod1']] as const;

describe('the kernel of a host', () => {
  it('has all its routes of weft flushed: they are back before a session notices', async () => {
    const before = (await lab.routes('node2', 'proto', 'weft')).sort();
    await measured(
      { ...fault, fault: 'routes of weft flushed on one host', between: all, lossless: false },
      async (_, healed) => {
        await lab.run('node2', 'ip', 'route', 'flush', 'proto', 'weft');
        await lab.run('node2', 'ip', '-6', 'route', 'flush', 'proto', 'weft');
        healed();
        await waitFor(
          'the routes are back',
          async () => `${(await lab.routes('node2', 'proto', 'weft')).sort()}` === `${before}`,
        );
      },
    );
  });
});

describe('the clock of every weftd', () => {
  const DAY = 86_400;

  it.each([
    ['clock jumps ten years ahead', 3650 * DAY],
    ['clock jumps back to a day before', -DAY],
  ])('%s: sessions stay, and pods come and go', async (text, seconds) => {
    const before = await sessionCounts();
    await measured({ ...fault, fault: text, between: all, lossless: true }, async (_, healed) => {
      clock.shift(seconds);
      // Longer than the hold time: every timer of a session has had its turn.
      await passes(4);
      healed();
      const pod = await addPod(lab.name, 'node1');
      expect(Math.abs((await createdAt(pod.name)) - Date.now() / 1000 - seconds)).toBeLessThan(60);
      await removePod(lab.name, pod.name);
    });
    expect(await sessionCounts()).toEqual(before);
  });

  /** The sessions of all hosts, and how often each has come up. */
  async function sessionCounts(): Promise<string[]> {
    const { hosts } = await resolveLab(lab.name);
    const answers = await Promise.all(
      hosts.map(({ controlSocket }) => new ControlClient(controlSocket).bgpPeers()),
    );
    return answers.flatMap(({ peers }) =>
      peers.map(({ address, counters, state }) => `${address} ${state} ${counters.established}`),
    );
  }

  /** When the record of a pod was made, in seconds since the epoch. */
  async function createdAt(pod: string): Promise<number> {
    const store = await openDatastore((await resolveLab(lab.name)).datastore);
    const { items } = await store.list('WorkloadEndpoint');
    await store.close();
    const endpoint = items.find(({ spec }) => spec.workload === pod);
    return Date.parse(endpoint?.metadata.creationTimestamp ?? '') / 1000;
  }
});

describe('another node that takes the address of node1', () => {
  const claim = 'Node node3 says that it has 10.0.0.1, the address of this node, node1';

  it('does not start, and says whose it is; where it may all the same, node1 says so and is not disturbed', async () => {
    clock.shift(0);
    const text = 'a second node claims the address of the first: first and others';
    await measured({ ...fault, fault: text, between: others, lossless: true }, async (_, healed) => {
      // On a link of its own: a second owner on the segment would be a conflict of ARP, which no daemon can help.
      await lab.run('node3', 'ip', 'link', 'add', 'other', 'type', 'bridge');
      await lab.run('node3', 'ip', 'address', 'add', '10.0.0.1/32', 'dev', 'other');
      await lab.run('node3', 'ip', 'link', 'set', 'other', 'up');
      await stopDaemon(lab.name, 'node3', 'SIGTERM');
      await expect(
        restartDaemon(lab.name, 'node3', await launchedWith({ IP: '10.0.0.1' })),
      ).rejects.toMatchObject({
        hint: expect.stringMatching(/10\.0\.0\.1\/32 is that of Node node1, too\n/),
      });
      const unchecked = { IP: '10.0.0.1', DISABLE_NODE_IP_CHECK: 'true' };
      await restartDaemon(lab.name, 'node3', await launchedWith(unchecked));
      const log = `${dirname(await lab.controlSocket('node1'))}/daemon.log`;
      await waitFor('node1 says who claims its address', () => readFileSync(log, 'utf8').includes(claim));
      // Longer than the hold time: sessions that suffer from it have ended.
      await passes(4);
      healed();
      await stopDaemon(lab.name, 'node3', 'SIGTERM');
      await lab.run('node3', 'ip', 'link', 'del', 'other');
      await restartDaemon(lab.name, 'node3');
    });
  });
});

describe('a host that was destroyed', () => {
  it('comes again under its name with another address: its blocks are its own again, and its old routes are gone', async () => {
    clock.shift(0);
    const blocks = await lab.blocksOf('node3');
    await measured(
      { ...fault, fault: 'node re-created under its name: other hosts', between: others, lossless: true },
      async (_, healed) => {
        await destroy('node3');
        await lab.run('node3', 'ip', 'address', 'flush', 'dev', 'eth0', 'scope', 'global');
        await lab.run('node3', 'ip', 'address', 'add', '10.0.0.33/16', 'dev', 'eth0');
        await lab.run('node3', 'ip', 'address', 'add', 'fd00:10::33/64', 'dev', 'eth0');
        healed();
        await restartDaemon(lab.name, 'node3');
        await untilReady(lab, 'node3');
        // Its runtime has no container of before, and says so.
        await removePod(lab.name, 'node3-pod1');
        await addPod(lab.name, 'node3');
      },
    );
    expect((await lab.blocksOf('node3')).sort()).toEqual(blocks.sort());
    const routes = await lab.routes('node1', 'proto', 'weft');
    for (const block of blocks) {
      const via = block.includes(':') ? 'fd00:10::33' : '10.0.0.33';
      expect(routes).toContainEqual(expect.stringContaining(`${block} via ${via} `));
    }
  });

  /** All that is in a new machine's kernel and on its disk is what its administrator put there. */
  async function destroy(host: string): Promise<void> {
    await stopDaemon(lab.name, host, 'SIGKILL');
    const links = JSON.parse(await lab.run(host, 'ip', '-j', 'link', 'show', 'type', 'veth')) as {
      ifname: string;
    }[];
    for (const { ifname } of links)
      if (ifname.startsWith('cali')) await lab.run(host, 'ip', 'link', 'del', ifname);
    for (const family of ['-4', '-6']) await lab.run(host, 'ip', family, 'route', 'flush', 'proto', 'weft');
    const directory = dirname(await lab.controlSocket(host));
    for (const name of readdirSync(directory)) rmSync(`${directory}/${name}`, { recursive: true });
  }
});
