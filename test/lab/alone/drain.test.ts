/** A node is drained: its peers go another way first, then its daemon ends, and nobody loses a packet. */
import { addPod, chooseTopology, removePod, restartDaemon } from '@weft/lab';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { useLab, weftctl } from '../../harness/test-lab.ts';
import { waitFor } from '../../harness/wait-for.ts';

const LAB = 't-drain';
const { topology, baseDirectory } = chooseTopology(
  `${import.meta.dirname}/../../topologies/two-ways-in/topology.yaml`,
  0,
  0,
);
const lab = useLab(LAB, topology, baseDirectory);

const drain = (...options: string[]): ReturnType<typeof weftctl> =>
  weftctl('--lab', LAB, 'node', 'drain', 'node1', ...options);

/** The next hop of the router's route to the block of node3. */
async function wayIn(): Promise<string | undefined> {
  const [block = ''] = await lab.blocksOf('node3');
  const route = await lab.run('router', 'ip', 'route', 'show', block);
  return route.match(/ via (\S+)/)?.[1];
}

async function waysIn(): Promise<number> {
  const [block = ''] = await lab.blocksOf('node3');
  const { stdout } = await execa('birdc', [
    ...['-s', `/run/weft/lab/${LAB}/hosts/router/bird.ctl`, 'show', 'route', 'for', block, 'all'],
  ]);
  return stdout.split('BGP.next_hop').length - 1;
}

describe('weftctl node drain', () => {
  it('names the containers that have not left, and leaves the node drained', async () => {
    const { stderr, exitCode } = await drain('--timeout-seconds', '1');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/waiting for 1 containers to leave: \S*node1-pod1/);
    expect(stderr).toMatch(/run the command again to go on, with --leave-containers .*, or with --undo/);
    await expect(addPod(LAB, 'node1')).rejects.toThrow(/node node1 is being drained since/);
  });

  it('takes it back into service', async () => {
    expect((await drain('--undo')).stdout.trim()).toBe('node1 is back in service');
    const pod = await addPod(LAB, 'node1');
    await removePod(LAB, pod.name);
  });

  it('has its peers go another way, while the node still forwards', async () => {
    await waitFor('the router knows both ways in', async () => (await waysIn()) === 2);
    await waitFor('the router goes by node1', async () => (await wayIn()) === '10.1.0.1');
    const { stdout, exitCode } = await drain('--leave-containers', '--keep-running');
    expect({ stdout: stdout.trim(), exitCode }).toEqual({
      stdout: 'node1 is drained; its daemon runs on',
      exitCode: 0,
    });
    expect(await wayIn()).toBe('10.1.0.2');
    expect(await waysIn()).toBe(2);
    await drain('--undo');
    await waitFor('the router goes by node1 again', async () => (await wayIn()) === '10.1.0.1');
  });

  it('stops the daemon with a word for its peers, and no packet is lost', async () => {
    const target = await lab.addressOf('node3-pod1');
    const pings = lab.run('router', 'ping', '-q', '-n', '-i', '0.01', '-w', '8', target);
    const { stdout, exitCode } = await drain('--leave-containers', '--reason', 'new disk');
    expect({ stdout: stdout.trim(), exitCode }).toEqual({
      stdout: 'node1 is drained and stopped: 3 sessions closed',
      exitCode: 0,
    });
    expect(await wayIn()).toBe('10.1.0.2');
    const { stdout: told } = await execa('birdc', [
      ...['-s', `/run/weft/lab/${LAB}/hosts/router/bird.ctl`, 'show', 'protocols', 'all', 'node1'],
    ]);
    expect(told).toMatch(/Administrative shutdown.*\n?.*new disk/s);
    expect(await pings).toMatch(/ 0% packet loss/);
  });

  it('leaves a node that is in service again after the next start', async () => {
    await restartDaemon(LAB, 'node1');
    await waitFor('the router goes by node1 again', async () => (await wayIn()) === '10.1.0.1');
  });
});
