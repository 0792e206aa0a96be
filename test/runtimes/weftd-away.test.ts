/** A weftd that dies while containers run, come and go: their traffic goes on, what was removed meanwhile is given back. */
import { readdirSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { resolveLab, restartDaemon } from '@weft/lab';
import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { containerAddresses } from '../harness/container-addresses.ts';
import { containerTraces } from '../harness/container-traces.ts';
import { weftNetwork } from '../harness/networks.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-away', smallTopology(2, 0, 90));
const runtimes = useRuntimes(lab, {
  hosts: ['node1', 'node2'],
  containerd: true,
  podman: true,
  networks: { '10-pods.conflist': weftNetwork('pods') },
});

/** What plugins have left on a host for its next weftd. */
async function spooledOn(host: string): Promise<string[]> {
  const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === host);
  return readdirSync(found?.cniSpool ?? '');
}

let before: string[];
beforeAll(async () => {
  before = await containerTraces(lab.name);
});

describe('kill -9 of weftd under running containers', () => {
  beforeEach(async () => {
    await runtimes.containerd('node1').run('here', 'sleep', '1000');
    await runtimes.containerd('node2').run('there', 'sleep', '1000');
  });

  it('loses no packet, and the next weftd adopts them', { timeout: 60_000 }, async () => {
    const [v4 = '', v6 = ''] = await containerAddresses(runtimes.containerd('node1'), 'here');
    const there = await runtimes.containerd('node2').netnsOf('there');
    const pings = [v4, v6].map((address) =>
      execa('nsenter', [`--net=${there}`, 'ping', '-n', '-q', '-i', '0.005', address], { reject: false }),
    );
    const endpoints = await containerTraces(lab.name);
    await lab.killWeftd('node1');
    await restartDaemon(lab.name, 'node1');
    await waitFor('node1 is ready', async () => {
      const { readiness } = await new ControlClient(await lab.controlSocket('node1')).status();
      return readiness.ok;
    });
    for (const ping of pings) ping.kill('SIGINT');
    for (const ping of pings) expect((await ping).stdout).toContain(' 0% packet loss');
    expect(await containerTraces(lab.name)).toEqual(endpoints);
    await runtimes.containerd('node1').end('here');
    await runtimes.containerd('node2').end('there');
    expect(await containerTraces(lab.name)).toEqual(before);
  });
});

describe('while weftd is away', () => {
  it('containers are removed, and the next weftd gives back what they had', { timeout: 60_000 }, async () => {
    await runtimes.containerd('node1').run('by-ctr', 'sleep', '1000');
    await runtimes.podman('node1').start('by-podman', ['--net=pods'], 'sleep', '1000');
    await lab.killWeftd('node1');
    await runtimes.containerd('node1').end('by-ctr');
    await runtimes.podman('node1').remove('by-podman');
    expect(await spooledOn('node1')).toHaveLength(2);
    await restartDaemon(lab.name, 'node1');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });

  it('a container is refused with what to do, and works as soon as weftd is back', {
    timeout: 60_000,
  }, async () => {
    await lab.killWeftd('node1');
    const byCtr = await runtimes.containerd('node1').runToEnd('refused', 'true');
    const byPodman = await runtimes.podman('node1').runToEnd('refused', ['--net=pods'], 'true');
    for (const { exitCode, stderr } of [byCtr, byPodman]) {
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/weftd/);
    }
    await restartDaemon(lab.name, 'node1');
    const ping = ['ping', '-c', '1', '10.0.0.2'];
    expect((await runtimes.containerd('node1').runToEnd('works', ...ping)).exitCode).toBe(0);
    expect((await runtimes.podman('node1').runToEnd('works', ['--net=pods'], ...ping)).exitCode).toBe(0);
    expect(await containerTraces(lab.name)).toEqual(before);
  });
});

describe('kill -9 of weftd in the midst of containers that come and go', () => {
  it('leaves nothing once all are gone and weftd is back', { timeout: 60_000 }, async () => {
    const containerd = runtimes.containerd('node1');
    const runs = Array.from({ length: 12 }, (_, index) => containerd.runToEnd(`crowd${index}`, 'true'));
    await Promise.race(runs);
    await lab.killWeftd('node1');
    await Promise.all(runs);
    await restartDaemon(lab.name, 'node1');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });
});
