/**
 * Two hosts with plain Docker, no Swarm: one network name on both, containers with addresses that the network routes. The hosts
 * have no default route.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '@weft/control';
import { resolveLab, restartDaemon } from '@weft/lab';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Dockerd } from '../harness/dockerd.ts';
import { writeBusyboxImage } from '../harness/image.ts';
import { RuntimeHost } from '../harness/runtime-host.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const lab = useLab('t-docker', smallTopology(2, 1, 90));
const subnets = ['--subnet=10.244.0.0/16', '--ipv6', '--subnet=fd00:10:244::/64'];
const weft = ['network', 'create', '-d', 'weft', '--ipam-driver', 'weft'];
const sleeps = ['sleep', '100000'];

let folder: string;
let hosts: RuntimeHost[];
let node1: Dockerd;
let node2: Dockerd;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weft-docker-image-'));
  const image = await writeBusyboxImage(folder);
  hosts = await Promise.all(['node1', 'node2'].map((name) => RuntimeHost.open(lab.name, name)));
  [node1, node2] = (await Promise.all(hosts.map((host) => Dockerd.start(host, image)))) as [Dockerd, Dockerd];
}, 120_000);

afterAll(async () => {
  await Promise.all([node1, node2].map((docker) => docker?.stop()));
  for (const host of hosts ?? []) await host.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Kills weftd alone; the lab's own command ends all that its host runs, dockerd too. */
async function killWeftd(): Promise<void> {
  const found = await resolveLab(lab.name);
  const { controlSocket = '' } = found.hosts.find(({ name }) => name === 'node1') ?? {};
  const { pid } = await new ControlClient(controlSocket).status();
  process.kill(pid, 'SIGKILL');
  await waitFor('weftd is gone', () => !existsSync(`/proc/${pid}`));
}

/** What a web server in a container answers to somebody. */
const page = (client: Dockerd, container: string, url: string): Promise<string> =>
  client.exec(container, 'wget', '-qO-', url).then(({ stdout }) => stdout);

const pings = async (client: Dockerd, container: string, address: string): Promise<boolean> =>
  (await client.exec(container, 'ping', '-c', '1', '-W', '2', address)).exitCode === 0;

const webServer = (text: string): string[] => [
  'sh',
  '-c',
  `echo ${text} > /tmp/index.html; exec httpd -f -h /tmp`,
];

describe('without weft-docker', () => {
  it('docker says that there is no such plugin', async () => {
    const { exitCode, stderr } = await node1.attempt(...weft, 'net1');
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('plugin "weft" not found');
  });
});

describe('containers of two hosts', () => {
  it('get addresses of the pool, and each host makes the network by itself', async () => {
    await Promise.all([node1, node2].map((docker) => docker.startDriver()));
    for (const docker of [node1, node2]) await docker.run(...weft, ...subnets, 'net1');
    await node1.start('web', ['--net=net1', '--publish=8080:80'], ...webServer('hello'));
    await node2.start('client', ['--net=net1'], ...sleeps);
    expect(await lab.run('node1', 'ip', 'route', 'show', 'default')).toBe('');
    for (const family of [4, 6] as const) {
      const address = await node1.addressOf('web', 'net1', family);
      expect(address).toMatch(family === 4 ? /^10\.244\./ : /^fd00:10:244:/);
      expect(address).not.toBe(await node2.addressOf('client', 'net1', family));
      expect(await pings(node2, 'client', address)).toBe(true);
    }
    expect(await page(node2, 'client', `http://${await node1.addressOf('web', 'net1')}/`)).toBe('hello');
    expect(await page(node2, 'client', `http://[${await node1.addressOf('web', 'net1', 6)}]/`)).toBe('hello');
  });

  it('publish a port of their host to other hosts', async () => {
    expect(await lab.run('node2', 'curl', '-sf', 'http://10.0.0.1:8080/')).toBe('hello');
  });

  it('have the address and the MAC that are asked for, also after a restart', async () => {
    const own = ['--net=net1', '--ip=10.244.7.7', '--ip6=fd00:10:244::77', '--mac-address=02:42:00:00:00:99'];
    await node1.start('fixed', own, ...sleeps);
    expect((await node1.exec('fixed', 'ip', 'link', 'show', 'eth0')).stdout).toContain('02:42:00:00:00:99');
    await node1.run('restart', 'fixed');
    expect(await pings(node2, 'client', '10.244.7.7')).toBe(true);
    expect(await pings(node2, 'client', 'fd00:10:244::77')).toBe(true);
    const taken = await node2.attempt(
      'run',
      '--rm',
      '--net=net1',
      '--ip=10.244.7.7',
      'docker.io/weft/busybox:test',
    );
    expect(taken.stderr).toContain('Cannot assign 10.244.7.7');
    await node1.run('rm', '--force', 'fixed');
  });

  it('take part of a pool, or the one that is named', async () => {
    await node1.run(...weft, '--subnet=10.244.99.0/24', 'part');
    await node1.run(...weft, '--ipam-opt=weft.pool=default-ipv4-ippool', 'named');
    await node1.start('in-part', ['--net=part'], ...sleeps);
    await node1.start('in-named', ['--net=named'], ...sleeps);
    const address = await node1.addressOf('in-part', 'part');
    expect(address).toMatch(/^10\.244\.99\./);
    expect(await pings(node2, 'client', address)).toBe(true);
    expect(await node1.addressOf('in-named', 'named')).toMatch(/^10\.244\./);
    await node1.run('rm', '--force', 'in-part', 'in-named');
    await node1.run('network', 'rm', 'part', 'named');
    const refused = await node1.attempt(...weft, '--subnet=10.9.0.0/16', 'nowhere');
    expect(refused.stderr).toContain('There are: default-ipv4-ippool (10.244.0.0/16)');
  });

  it('are connected and disconnected while they run, beside a bridge', async () => {
    await node1.start('moving', [], ...sleeps);
    await node1.run('network', 'connect', 'net1', 'moving');
    expect(await pings(node2, 'client', await node1.addressOf('moving', 'net1'))).toBe(true);
    await node1.run('network', 'disconnect', 'bridge', 'moving');
    expect(await pings(node1, 'moving', await node2.addressOf('client', 'net1'))).toBe(true);
    await node1.run('network', 'disconnect', 'net1', 'moving');
    expect((await node1.exec('moving', 'ip', 'route')).stdout).toBe('');
    await node1.run('network', 'connect', 'net1', 'moving');
    expect(await pings(node1, 'moving', await node2.addressOf('client', 'net1', 6))).toBe(true);
    await node1.run('rm', '--force', 'moving');
  });

  it('are reached through a firewall whose FORWARD policy is DROP, also when its rules were lost', async () => {
    for (const iptables of ['iptables', 'ip6tables'])
      await lab.run('node1', iptables, '-P', 'FORWARD', 'DROP');
    expect(await pings(node2, 'client', await node1.addressOf('web', 'net1'))).toBe(true);
    expect(await pings(node2, 'client', await node1.addressOf('web', 'net1', 6))).toBe(true);
    for (const iptables of ['iptables', 'ip6tables']) await lab.run('node1', iptables, '-F', 'FORWARD');
    expect(await pings(node2, 'client', await node1.addressOf('web', 'net1'))).toBe(false);
    await node1.run('run', '--rm', '--net=net1', 'docker.io/weft/busybox:test', 'true');
    expect(await pings(node2, 'client', await node1.addressOf('web', 'net1'))).toBe(true);
    expect(await pings(node2, 'client', await node1.addressOf('web', 'net1', 6))).toBe(true);
  });
});

describe('a container without a network', () => {
  /** As an operator of the host, to whom docker is that of the host. */
  async function byHand(...args: string[]): Promise<string> {
    const program = join(import.meta.dirname, '../../node_modules/.bin/weftctl');
    const env = { DOCKER_HOST: node1.address };
    return (await execa(program, ['--lab', lab.name, ...args], { env })).stdout;
  }

  it('is plugged in by hand, by its name or by its process', async () => {
    await node1.start('lonely', ['--net=none'], ...sleeps);
    const attached = await byHand('attach', 'node1', '--container', 'lonely', '--ip', '10.244.8.8');
    expect(attached).toMatch(
      /^Attached docker\.[0-9a-f]{64}\.eth0: 10\.244\.8\.8\/32, cali[0-9a-f]{11} on the host$/,
    );
    expect(await pings(node2, 'client', '10.244.8.8')).toBe(true);
    expect(await byHand('attach', 'node1', '--container', 'lonely')).toContain('Already attached');
    expect(await byHand('detach', 'node1', '--container', 'lonely')).toContain('10.244.8.8/32 given back');
    expect((await node1.exec('lonely', 'ip', 'route')).stdout).toBe('');

    const pid = await node1.run('inspect', '--format={{.State.Pid}}', 'lonely');
    await byHand('attach', 'node1', '--pid', pid, '--pool', 'default-ipv6-ippool', '--interface', 'eth5');
    expect(await pings(node1, 'lonely', await node2.addressOf('client', 'net1', 6))).toBe(true);
    await node1.run('rm', '--force', 'lonely');
    expect(await byHand('detach', 'node1', '--pid', pid, '--interface', 'eth5')).toContain('given back');
    await expect(byHand('attach', 'node1', '--container', 'lonely')).rejects.toThrow(
      'docker does not show the container',
    );
  });
});

describe('killed with SIGKILL and started again, no packet and no address is lost', () => {
  /** Pings a container from a pod of the other host all the while. */
  async function undisturbed(work: () => Promise<void>): Promise<void> {
    const addresses = [await node1.addressOf('web', 'net1'), await node1.addressOf('web', 'net1', 6)];
    const running = addresses.map((address) =>
      execa(
        'ip',
        ['netns', 'exec', lab.namespaceOf('node2-pod1'), 'ping', '-n', '-q', '-i', '0.01', address],
        {
          reject: false,
        },
      ),
    );
    await work();
    for (const ping of running) ping.kill('SIGINT');
    for (const { stdout } of await Promise.all(running)) expect(stdout).toMatch(/, 0% packet loss/);
    expect([await node1.addressOf('web', 'net1'), await node1.addressOf('web', 'net1', 6)]).toEqual(
      addresses,
    );
    await newContainerWorks();
  }

  async function newContainerWorks(): Promise<void> {
    await node1.start('new', ['--net=net1'], ...sleeps);
    expect(await pings(node1, 'new', await node2.addressOf('client', 'net1'))).toBe(true);
    await node1.run('rm', '--force', 'new');
  }

  it('weft-docker, and a container that is started meanwhile waits for it', async () => {
    await undisturbed(async () => {
      await node1.killDriver('SIGKILL');
      const started = node1.start('waiting', ['--net=net1'], ...sleeps);
      await node1.startDriver();
      await started;
      await node1.run('rm', '--force', 'waiting');
    });
  });

  it('weftd, and a container that is started meanwhile waits for it', async () => {
    await undisturbed(async () => {
      await killWeftd();
      const started = node1.start('waiting', ['--net=net1'], ...sleeps);
      await restartDaemon(lab.name, 'node1');
      await started;
      await node1.run('rm', '--force', 'waiting');
    });
  });

  it('dockerd, which does not create the network again', async () => {
    await undisturbed(async () => {
      await node1.killDockerd('SIGKILL');
      await node1.startDockerd();
    });
    expect(await page(node2, 'client', `http://${await node1.addressOf('web', 'net1')}/`)).toBe('hello');
  });
});

describe('when all containers are gone', () => {
  it('no address is held and no interface is there', async () => {
    await node1.run('rm', '--force', 'web');
    await node2.run('rm', '--force', 'client');
    for (const docker of [node1, node2]) await docker.run('network', 'rm', 'net1');
    await waitFor('no address is held', async () => {
      const { stdout } = await weftctl('--lab', lab.name, 'get', 'ipamhandles', '-o', 'json');
      return !stdout.includes('weft-held');
    });
    const check = await weftctl('--lab', lab.name, 'ipam', 'check');
    expect(check.stdout).toContain('found 0 problems');
    for (const host of ['node1', 'node2']) {
      const links = await lab.run(host, 'ip', '-o', 'link');
      expect(links).not.toContain('tmp');
      expect(await lab.routes(host, 'proto', 'weft')).not.toContainEqual(
        expect.stringContaining('169.254.1.1'),
      );
    }
  });
});
