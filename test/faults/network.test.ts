/** The network between hosts breaks, or an interface of a host changes: what can be reached is, and the rest comes back. */
import { switchNamespace } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';
import { expectWhole } from './invariants.ts';
import { launchedWith } from './launcher.ts';
import { measured } from './measured.ts';
import { isLong } from './report.ts';
import { passes, untilAway } from './sessions.ts';

const lab = useLab('f-network', smallTopology(4, 1, 3), '/', () =>
  // The address of a node is looked for every minute; nobody wants to wait for that here.
  launchedWith({ WEFT_AUTODETECT_POLL_INTERVAL: '1s' }),
);
const fault = { lab, group: 'network' };
const LEFT = ['node1-pod1', 'node2-pod1'] as const;
const RIGHT = ['node3-pod1', 'node4-pod1'] as const;

const onSwitch = (...command: string[]) => execa('ip', ['-n', switchNamespace(lab.name), ...command]);

/** A second switch with half of the hosts, and one cable between the two: whoever takes it down divides the network. */
async function divideSwitch(): Promise<void> {
  await onSwitch('link', 'add', 'other', 'type', 'bridge');
  await onSwitch('link', 'set', 'other', 'up');
  await onSwitch('link', 'add', 'cable', 'master', 'segment', 'type', 'veth', 'peer', 'name', 'cable2');
  await onSwitch('link', 'set', 'cable2', 'master', 'other', 'up');
  await onSwitch('link', 'set', 'cable', 'up');
  for (const port of ['node3.0', 'node4.0']) await onSwitch('link', 'set', port, 'master', 'other');
}

describe('a partition for longer than the hold time', () => {
  it('is not noticed within a half, and heals across', async () => {
    const seconds = isLong ? 60 : 4;
    const within = `partition for ${seconds} s past the hold time: within a half`;
    const across = `partition for ${seconds} s past the hold time: across`;
    await divideSwitch();
    await expectWhole(lab.name);
    await measured({ ...fault, fault: within, between: [LEFT, RIGHT], lossless: true }, async () => {
      const between = [
        [LEFT[0], RIGHT[0]],
        [LEFT[1], RIGHT[1]],
      ] as const;
      await measured({ ...fault, fault: across, between, lossless: false }, async (meter, healed) => {
        await onSwitch('link', 'set', 'cable', 'down');
        await meter.allLose();
        await waitFor('the left half has dropped the right', () => hasNoRouteTo('node1', 'node3'));
        await passes(seconds);
        await onSwitch('link', 'set', 'cable', 'up');
        healed();
      });
    });
  });
});

describe('the interface of a host', () => {
  const between = [
    ['node1-pod1', 'node4-pod1'],
    ['node2-pod1', 'node4-pod1'],
  ] as const;
  const others = [['node1-pod1', 'node2-pod1']] as const;

  /** What happens to one host is not noticed by the others. */
  async function onNode4(text: string, inject: (healed: () => void) => Promise<void>): Promise<void> {
    await measured({ ...fault, fault: `${text}: other hosts`, between: others, lossless: true }, async () => {
      await measured(
        { ...fault, fault: `${text}: its own pods`, between, lossless: false },
        async (_, healed) => inject(healed),
      );
    });
  }

  it('goes down for longer than the hold time and up', async () => {
    await onNode4('interface down past the hold time', async (healed) => {
      await lab.run('node4', 'ip', 'link', 'set', 'eth0', 'down');
      await untilAway(lab, 'node4');
      await lab.run('node4', 'ip', 'link', 'set', 'eth0', 'up');
      healed();
    });
  });

  it('is renamed', async () => {
    await onNode4('interface renamed', async (healed) => {
      await lab.run('node4', 'ip', 'link', 'set', 'eth0', 'down');
      await lab.run('node4', 'ip', 'link', 'set', 'eth0', 'name', 'uplink0');
      await lab.run('node4', 'ip', 'link', 'set', 'uplink0', 'up');
      healed();
    });
    const routes = await lab.routes('node4', 'proto', 'weft');
    expect(routes.some((route) => / via .* dev uplink0 /.test(route))).toBe(true);
  });

  it('gets other addresses', async () => {
    const device = ['dev', 'uplink0'];
    await onNode4('interface readdressed', async (healed) => {
      await lab.run('node4', 'ip', 'address', 'del', '10.0.0.4/16', ...device);
      await lab.run('node4', 'ip', 'address', 'add', '10.0.0.44/16', ...device);
      await lab.run('node4', 'ip', 'address', 'del', 'fd00:10::4/64', ...device);
      await lab.run('node4', 'ip', 'address', 'add', 'fd00:10::44/64', ...device);
      healed();
      await waitFor(
        'node1 has a route by the new address',
        async () =>
          (await lab.routes('node1', 'proto', 'weft')).some((route) => route.includes('via 10.0.0.44 ')),
        60_000,
        50,
      );
    });
  });
});

async function hasNoRouteTo(from: string, to: string): Promise<boolean> {
  const blocks = await lab.blocksOf(to);
  const routes = await lab.routes(from, 'proto', 'weft');
  return blocks.length > 0 && !routes.some((route) => blocks.some((block) => route.startsWith(`${block} `)));
}
