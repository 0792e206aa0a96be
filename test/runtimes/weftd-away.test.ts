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

async function hostFiles(host: string): Promise<{ controlSocket: string; cniSpool: string }> {
  const found = (await resolveLab(lab.name)).hosts.find(({ name }) => name === host);
  if (found === undefined) throw new Error(`the lab has no ${host}`);
  return found;
}

/** Kills the weftd of a host and nothing else of it, and waits until its socket is dead. */
async function killWeftd(host: string): Promise<void> {
  const daemon = new ControlClient((await hostFiles(host)).controlSocket);
  process.kill((await daemon.status()).pid, 'SIGKILL');
  const isDead = () =>
    daemon.status().then(
      () => false,
      () => true,
    );
  await waitFor(`${host} has no weftd`, isDead);
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
    const pings = [v4, v6].map((address) => {
      const ping = ['ping', '-n', '-q', '-i', '0.005', address];
      return execa('ip', ['netns', 'exec', lab.namespaceOf('node2'), ...ping], { reject: false });
    });
    const endpoints = await containerTraces(lab.name);
    await killWeftd('node1');
    await restartDaemon(lab.name, 'node1');
    await waitFor('node1 is ready', async () => {
      const { readiness } = await new ControlClient((await hostFiles('node1')).controlSocket).status();
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
    const { cniSpool } = await hostFiles('node1');
    await killWeftd('node1');
    await runtimes.containerd('node1').end('by-ctr');
    await runtimes.podman('node1').remove('by-podman');
    expect(readdirSync(cniSpool)).toHaveLength(2);
    await restartDaemon(lab.name, 'node1');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });

  it('a container is refused with what to do, and works as soon as weftd is back', {
    timeout: 60_000,
  }, async () => {
    await killWeftd('node1');
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
    await killWeftd('node1');
    await Promise.all(runs);
    await restartDaemon(lab.name, 'node1');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });
});
