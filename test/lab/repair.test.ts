/** Somebody else writes into the kernel: weft's routes come back at once, foreign ones stay. */
import { describe, expect, it } from 'vitest';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-repair', smallTopology(2, 1));

async function weftRoutes(): Promise<string> {
  return (await lab.routes('node1', 'proto', 'weft')).sort().join('\n');
}

describe('weft routes', () => {
  it.each([
    [
      'a remote block is deleted',
      async () => lab.run('node1', 'ip', 'route', 'del', (await lab.blocksOf('node2'))[0] ?? ''),
    ],
    [
      'the route of a pod is deleted',
      async () => lab.run('node1', 'ip', 'route', 'del', await lab.addressOf('node1-pod1')),
    ],
    [
      'a remote block is pointed elsewhere',
      async () =>
        lab.run(
          'node1',
          'ip',
          'route',
          'change',
          (await lab.blocksOf('node2'))[0] ?? '',
          'via',
          '10.0.0.9',
          'dev',
          'eth0',
          'proto',
          'weft',
          'metric',
          '1024',
        ),
    ],
    ['all of them are flushed', async () => lab.run('node1', 'ip', 'route', 'flush', 'proto', 'weft')],
    [
      'all IPv6 ones are flushed',
      async () => lab.run('node1', 'ip', '-6', 'route', 'flush', 'proto', 'weft'),
    ],
  ])('are as before within 100 ms when %s', async (_, damage) => {
    const before = await weftRoutes();
    await damage();
    await waitFor(
      'the routes are back',
      async () => (await weftRoutes()) === before,
      100 + 2 * (await lookCost()),
    );
  });

  it('stand beside routes of others, which survive', async () => {
    await lab.run('node1', 'ip', 'route', 'add', '192.0.2.0/24', 'via', '10.0.0.2');
    await lab.run('node1', 'ip', 'route', 'add', 'blackhole', '198.51.100.0/24', 'proto', 'bird');
    const before = await weftRoutes();
    await lab.run('node1', 'ip', 'route', 'flush', 'proto', 'weft');
    await waitFor('the routes are back', async () => (await weftRoutes()) === before);
    const routes = await lab.routes('node1');
    expect(routes).toContainEqual(expect.stringContaining('192.0.2.0/24 via 10.0.0.2'));
    expect(routes).toContainEqual(expect.stringContaining('blackhole 198.51.100.0/24 proto bird'));
  });
});

/** How long one look takes here: the deadline is about the daemon, not about spawning `ip`. */
async function lookCost(): Promise<number> {
  const start = performance.now();
  await weftRoutes();
  return performance.now() - start;
}
