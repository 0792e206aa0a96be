/** Debian's Podman with its CNI backend: published ports, limits, networks that come and go while a container runs. */
import { beforeAll, describe, expect, it } from 'vitest';
import { containerAddresses } from '../harness/container-addresses.ts';
import { containerTraces } from '../harness/container-traces.ts';
import { type Plugin, weftNetwork } from '../harness/networks.ts';
import { useRuntimes } from '../harness/runtimes.ts';
import { smallTopology, useLab, weftctl } from '../harness/test-lab.ts';

const portmap: Plugin = { type: 'portmap', snat: true, capabilities: { portMappings: true } };
/** 8 Mbit/s in each direction, after a burst of 100 kB. */
const bandwidth: Plugin = {
  type: 'bandwidth',
  ingressRate: 8_000_000,
  ingressBurst: 800_000,
  egressRate: 8_000_000,
  egressBurst: 800_000,
};

const lab = useLab('t-podman', smallTopology(2, 0));
const runtimes = useRuntimes(lab, {
  hosts: ['node1', 'node2'],
  podman: true,
  networks: {
    'pods.conflist': weftNetwork('pods'),
    'more.conflist': weftNetwork('more'),
    'web.conflist': weftNetwork('web', { after: [portmap, bandwidth] }),
  },
});

/** The addresses of a container, IPv4 first. */
function addressesOf(host: string, container: string, device?: string): Promise<string[]> {
  return containerAddresses(runtimes.podman(host), container, device);
}

/** Fetches a page from a host of the lab itself. */
function fetchFrom(host: string, url: string): Promise<string> {
  return lab.run(host, '/bin/busybox', 'wget', '-qO-', url);
}

let before: string[];
beforeAll(async () => {
  before = await containerTraces(lab.name);
});

describe('a container with a published port and limits, by the conflist weft + portmap + bandwidth', () => {
  beforeAll(async () => {
    const serve = 'echo hello >/index.html; head -c 1500000 /dev/zero >/large; exec httpd -f -h /';
    await runtimes.podman('node1').start('web', ['--net=web', '--publish=8085:80'], 'sh', '-c', serve);
    await runtimes.podman('node2').start('client', ['--net=pods'], 'sleep', '1000');
  });

  it('answers by its own addresses from a container of the other host', async () => {
    const [v4, v6] = await addressesOf('node1', 'web');
    for (const url of [`http://${v4}/`, `http://[${v6}]/`]) {
      const page = await runtimes.podman('node2').exec('client', 'wget', '-qO-', url);
      expect(page.stdout).toBe('hello');
    }
  });

  it('answers at the published port of its host, from the other host and from a container there', async () => {
    expect(await fetchFrom('node2', 'http://10.0.0.1:8085/')).toBe('hello');
    expect(await fetchFrom('node2', 'http://[fd00:10::1]:8085/')).toBe('hello');
    const page = await runtimes.podman('node2').exec('client', 'wget', '-qO-', 'http://10.0.0.1:8085/');
    expect(page.stdout).toBe('hello');
  });

  it('is as fast as it may be and no faster', async () => {
    expect(await lab.run('node1', 'tc', 'qdisc')).toMatch(/^qdisc tbf .* dev cali\S+ root .* rate 8Mbit/m);
    const [v4] = await addressesOf('node1', 'web');
    const start = performance.now();
    await runtimes.podman('node2').exec('client', 'wget', '-qO', '/dev/null', `http://${v4}/large`);
    // 1.4 MB beyond the burst, at 1 MB/s.
    expect(performance.now() - start).toBeGreaterThan(1300);
  });

  it('leaves neither rules nor limits nor addresses', async () => {
    await runtimes.podman('node1').remove('web');
    await runtimes.podman('node2').remove('client');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await weftctl('--lab', lab.name, 'ipam', 'check')).stdout).toContain('found 0 problems');
  });
});

describe('a container whose networks come and go', () => {
  beforeAll(async () => {
    await runtimes.podman('node1').start('mover', ['--net=pods'], 'sleep', '1000');
    await runtimes.podman('node2').start('peer', ['--net=pods'], 'sleep', '1000');
  });

  const pingsPeer = async (): Promise<boolean> => {
    const addresses = await addressesOf('node2', 'peer');
    const pings = await Promise.all(
      addresses.map((address) =>
        runtimes.podman('node1').exec('mover', 'ping', '-c', '1', '-W', '2', address),
      ),
    );
    return addresses.length === 2 && pings.every(({ exitCode }) => exitCode === 0);
  };

  it('is connected again and again under the same id', { timeout: 60_000 }, async () => {
    const podman = runtimes.podman('node1');
    const connected = await containerTraces(lab.name);
    for (let round = 0; round < 3; round++) {
      expect(await pingsPeer()).toBe(true);
      await podman.run('network', 'disconnect', 'pods', 'mover');
      expect(await addressesOf('node1', 'mover')).toEqual([]);
      expect(await containerTraces(lab.name)).toHaveLength(connected.length - 6);
      await podman.run('network', 'connect', 'pods', 'mover');
    }
    expect(await pingsPeer()).toBe(true);
  });

  it('has an interface and addresses of each network it is in', async () => {
    const podman = runtimes.podman('node1');
    await podman.run('network', 'connect', 'more', 'mover');
    const first = await addressesOf('node1', 'mover', 'eth0');
    const second = await addressesOf('node1', 'mover', 'eth1');
    expect(new Set([...first, ...second]).size).toBe(4);
    for (const address of [...first, ...second]) expect(await lab.pings('node2', address)).toBe(true);
    await podman.run('network', 'disconnect', 'more', 'mover');
    expect(await pingsPeer()).toBe(true);
  });

  it('leaves nothing', async () => {
    await runtimes.podman('node1').remove('mover');
    await runtimes.podman('node2').remove('peer');
    expect(await containerTraces(lab.name)).toEqual(before);
  });
});

describe('a container that asks for an address and a MAC', () => {
  const address = '10.244.200.10';

  it('gets them, and nobody else does while it has them', async () => {
    const podman = runtimes.podman('node1');
    const wishes = ['--net=pods', `--ip=${address}`];
    await podman.start('chosen', [...wishes, '--mac-address=02:00:00:00:00:77'], 'sleep', '1000');
    expect(await addressesOf('node1', 'chosen')).toEqual([address]);
    const link = await podman.exec('chosen', 'ip', 'link', 'show', 'dev', 'eth0');
    expect(link.stdout).toContain('link/ether 02:00:00:00:00:77');
    const refused = await runtimes.podman('node2').runToEnd('second', wishes, 'true');
    expect(refused.exitCode).not.toBe(0);
    expect(refused.stderr).toContain(address);
    await podman.remove('chosen');
    expect(await containerTraces(lab.name)).toEqual(before);
    expect((await runtimes.podman('node2').runToEnd('third', wishes, 'true')).exitCode).toBe(0);
  });
});
