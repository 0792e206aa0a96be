/** What runs containers in the tests, tried with Debian's own bridge plugin: nothing of it stays on the machine. */
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, it } from 'vitest';
import { Containerd } from '../harness/containerd.ts';
import { writeBusyboxImage } from '../harness/image.ts';
import { Podman } from '../harness/podman.ts';
import { RuntimeHost } from '../harness/runtime-host.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-traces', smallTopology(1, 0));
const folder = mkdtempSync(join(tmpdir(), 'weft-image-'));
afterAll(() => rmSync(folder, { recursive: true }));

const network = {
  cniVersion: '1.0.0',
  name: 'stand-in',
  plugins: [
    {
      type: 'bridge',
      bridge: 'br0',
      isGateway: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.77.0.0/24' }]] },
    },
  ],
};

it('containers of containerd and Podman run, and nothing stays of them or of their runtimes', async () => {
  const image = await writeBusyboxImage(folder);
  const processes = await processesIn(lab.namespaceOf('node1'));
  const host = await RuntimeHost.open(lab.name, 'node1');
  host.writeNetwork('10-stand-in.conflist', network);
  const containerd = await Containerd.start(host, image);
  const podman = await Podman.prepare(host, image);

  expect((await containerd.runToEnd('one', 'ping', '-c', '1', '10.77.0.1')).exitCode).toBe(0);
  await containerd.run('two', 'sleep', '1000');
  await containerd.runDetached('three', 'sleep', '1000');
  await podman.start('four', ['--net=stand-in'], 'sleep', '1000');
  expect((await podman.exec('four', 'ping', '-c', '1', '10.77.0.1')).exitCode).toBe(0);
  expect(host.cachedResults()).toHaveLength(3);
  expect(traces(host)).not.toEqual([]);

  await podman.stop();
  await containerd.stop();
  await host.close();
  await waitFor('every process has ended', () => runtimeProcesses(host).length === 0);
  expect(traces(host)).toEqual([]);
  expect(existsSync(host.directory)).toBe(false);
  expect(await processesIn(lab.namespaceOf('node1'))).toEqual(processes);
});

/** Cgroups, mounts and processes that name the host. */
function traces(host: RuntimeHost): string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [
    ...globSync(`/sys/fs/cgroup/{,*/}${host.name}`),
    ...mounts.filter((line) => line.includes(host.directory)),
    ...runtimeProcesses(host),
  ];
}

function runtimeProcesses({ directory }: RuntimeHost): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(commandLine).filter((line) => line.includes(directory));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // it ended while we looked
  }
}

async function processesIn(namespace: string): Promise<string[]> {
  return (await execa('ip', ['netns', 'pids', namespace])).stdout.split('\n');
}
