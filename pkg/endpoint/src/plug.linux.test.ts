/**
 * Endpoints on a real kernel, in namespaces of their own. Needs root, `ip`, `ping` and `tcpdump`; fails without.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { address } from '@weft/ip';
import { createNetns, deleteNetns, type Kernel, type KernelEvent, netnsPath, openKernel } from '@weft/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { hostInterfaceName } from './names.ts';
import { type PluggedEndpoint, plugEndpoint, unplugEndpoint } from './plug.ts';
import type { EndpointSpec } from './spec.ts';

const prefix = `wt-ep-${process.pid}`;
const hostName = `${prefix}-host`;
const podName = (number: number): string => `${prefix}-pod${number}`;

let host: Kernel;
let names: string[];

beforeEach(() => {
  names = [hostName, podName(1), podName(2)];
  names.forEach(createNetns);
  host = openKernel({ netns: netnsPath(hostName) });
  host.apply([
    { op: 'write-sysctl', key: 'net/ipv4/ip_forward', value: '1' },
    { op: 'write-sysctl', key: 'net/ipv6/conf/all/forwarding', value: '1' },
    { op: 'set-link', index: 1, up: true },
  ]);
});
afterEach(() => {
  host.close();
  names.forEach(deleteNetns);
});

const specOf = (number: number, addresses = [`10.0.0.${number}`, `fd00::${number}`]): EndpointSpec => ({
  hostInterface: hostInterfaceName({ kind: 'pod', namespace: 'default', pod: `pod${number}` }),
  containerInterface: 'eth0',
  netns: netnsPath(podName(number)),
  addresses: addresses.map(address),
  mtuBytes: 1400,
});

const plug = (spec: EndpointSpec): PluggedEndpoint => {
  const plugged = plugEndpoint(host, spec);
  if (plugged.kind !== 'plugged') throw new Error(`${plugged.message} ${plugged.object}`);
  return plugged;
};

const ip = (name: string, ...args: string[]): string =>
  execFileSync('ip', ['-n', name, ...args], { encoding: 'utf8' });

/**
 * The TTL with which the first answer arrived, or `no answer` in 4 s. One packet a second: the first may be lost while a worker of the
 * kernel has not looked at a new address yet.
 */
const ping = (from: string, to: string): string => {
  const { stdout } = spawnSync('ip', ['netns', 'exec', from, 'ping', '-n', '-c', '1', '-w', '4', to], {
    encoding: 'utf8',
  });
  return /ttl=\d+/.exec(stdout)?.[0] ?? 'no answer';
};

/** All that iproute2 shows of a namespace, without what changes by itself. */
const everything = (name: string): string =>
  [['addr'], ['route', 'show', 'table', 'all'], ['-6', 'route', 'show', 'table', 'all'], ['neigh']]
    .map((args) => ip(name, ...args))
    .join('\n');

describe('two containers on one host', () => {
  beforeEach(() => {
    plug(specOf(1));
    plug(specOf(2));
  });

  it.each(['10.0.0.2', 'fd00::2'])('reach each other by the host: %s answers with one hop less', (target) => {
    expect(ping(podName(1), target)).toBe('ttl=63');
  });

  it.each([
    ['without', []],
    ['with', [['route', 'add', 'default', 'dev', 'uplink']]],
  ])('reach what the host has, %s a default route on it', (_words, commands) => {
    ip(hostName, 'link', 'add', 'uplink', 'type', 'bridge');
    ip(hostName, 'link', 'set', 'uplink', 'up');
    ip(hostName, 'addr', 'add', '192.0.2.1/24', 'dev', 'uplink');
    ip(hostName, 'addr', 'add', '2001:db8::1/64', 'dev', 'uplink', 'nodad');
    for (const command of commands) ip(hostName, ...command);
    expect([ping(podName(1), '192.0.2.1'), ping(podName(1), '2001:db8::1')]).toEqual(['ttl=64', 'ttl=64']);
    expect([ping(hostName, '10.0.0.1'), ping(hostName, 'fd00::1')]).toEqual(['ttl=64', 'ttl=64']);
  });

  it.each([
    ['10.0.0.2', /ARP/],
    ['fd00::2', /neighbor (solicitation|advertisement)/],
  ])(
    'need no question who has an address: the first packet to %s is the echo request',
    async (target, question) => {
      const { hostInterface } = specOf(1);
      const capture = spawn('ip', [
        'netns',
        'exec',
        hostName,
        'tcpdump',
        '-lni',
        hostInterface,
        'arp or icmp or icmp6',
      ]);
      let seen = '';
      capture.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.toString();
      });
      try {
        let messages = '';
        capture.stderr.on('data', (chunk: Buffer) => {
          messages += chunk.toString();
        });
        await vi.waitFor(() => expect(messages).toContain('listening on'), { timeout: 10_000 });
        expect(ping(podName(1), target)).toBe('ttl=63');
        await vi.waitFor(() => expect(seen).toContain('echo reply'), { timeout: 10_000 });
        const lines = seen.split('\n').filter((line) => line.includes('echo') || question.test(line));
        expect(lines.map((line) => /echo (?:request|reply)/.exec(line)?.[0] ?? line)).toEqual([
          'echo request',
          'echo reply',
        ]);
      } finally {
        capture.kill();
        await once(capture, 'exit');
      }
    },
  );
});

describe('a container', () => {
  it.each([
    ['IPv4 only', ['10.0.0.1'], ['default via 169.254.1.1 dev eth0', '169.254.1.1 dev eth0 scope link'], []],
    ['IPv6 only', ['fd00::1'], [], ['default via fe80::ecee:eeff:feee:eeee dev eth0 metric 1024']],
  ])('of %s has the routes of its family', (_words, addresses, ipv4, ipv6) => {
    plug(specOf(1, addresses));
    const routes = (...family: string[]): string[] =>
      ip(podName(1), ...family, 'route')
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    expect(routes()).toEqual(ipv4);
    expect(
      routes('-6')
        .filter((line) => line.startsWith('default'))
        .map((line) => line.replace(/ pref.*/, '')),
    ).toEqual(ipv6);
  });

  it('in two networks answers at the addresses of both, and keeps the one when the other is taken away', async () => {
    const first = specOf(1);
    const second: EndpointSpec = {
      ...first,
      hostInterface: hostInterfaceName({ kind: 'pod', namespace: 'default', pod: 'pod1' }, 'cali', 'eth1'),
      containerInterface: 'eth1',
      addresses: ['10.0.1.1', 'fd00:1::1'].map(address),
    };
    plug(specOf(2));
    plug(first);
    plug(second);
    const answers = () => [...first.addresses, ...second.addresses].map((to) => ping(podName(2), to));
    expect(answers()).toEqual(['ttl=63', 'ttl=63', 'ttl=63', 'ttl=63']);
    await unplugEndpoint(host, first);
    expect(answers()).toEqual(['no answer', 'no answer', 'ttl=63', 'ttl=63']);
    plug(first);
    expect(answers()).toEqual(['ttl=63', 'ttl=63', 'ttl=63', 'ttl=63']);
  });

  it('with IPv6 alone reaches another', () => {
    plug(specOf(1, ['fd00::1']));
    plug(specOf(2, ['fd00::2']));
    expect(ping(podName(1), 'fd00::2')).toBe('ttl=63');
  });

  it('has IPv6 even where its runtime turned it off', () => {
    const pod = openKernel({ netns: netnsPath(podName(1)) });
    for (const scope of ['all', 'default']) pod.writeSysctl(`net/ipv6/conf/${scope}/disable_ipv6`, '1');
    pod.close();
    plug(specOf(1));
    plug(specOf(2));
    expect(ping(podName(1), 'fd00::2')).toBe('ttl=63');
  });

  it('forwards nothing, although the host does', () => {
    plug(specOf(1));
    const pod = openKernel({ netns: netnsPath(podName(1)) });
    expect([pod.readSysctl('net/ipv4/ip_forward'), pod.readSysctl('net/ipv6/conf/all/forwarding')]).toEqual([
      '0',
      '0',
    ]);
    pod.close();
  });

  it('finds the interface of the host as Calico leaves it, but closed to its loopback', () => {
    const spec = specOf(1);
    const { hostIndex } = plug(spec);
    expect(host.link(spec.hostInterface)).toMatchObject({
      mac: 'ee:ee:ee:ee:ee:ee',
      mtuBytes: 1400,
      index: hostIndex,
    });
    const sysctls = [
      'net/ipv4/conf/IF/proxy_arp=1',
      'net/ipv4/conf/IF/forwarding=1',
      'net/ipv4/conf/IF/route_localnet=0',
      'net/ipv4/neigh/IF/proxy_delay=0',
      'net/ipv6/conf/IF/proxy_ndp=1',
      'net/ipv6/conf/IF/forwarding=1',
      'net/ipv6/conf/IF/accept_ra=0',
      'net/ipv6/conf/IF/accept_dad=0',
    ];
    const read = sysctls.map((line) => {
      const [key = ''] = line.split('=');
      return `${key}=${host.readSysctl(key.replace('IF', spec.hostInterface))}`;
    });
    expect(read).toEqual(sysctls);
    expect(ip(hostName, 'route', 'show', '10.0.0.1')).toMatch(`10.0.0.1 dev ${spec.hostInterface} `);
    expect(ip(hostName, '-d', 'route', 'show', '10.0.0.1')).toMatch(/proto \S+ scope link metric 1024/);
  });
});

describe('plugging again', () => {
  it('changes nothing and takes no route away', async () => {
    const { hostIndex } = plug(specOf(1));
    // Without duplicate address detection, too, an address is tentative until a worker of the kernel has looked at it.
    await vi.waitFor(() => expect(everything(hostName) + everything(podName(1))).not.toContain('tentative'));
    const before = [everything(hostName), everything(podName(1))];
    const events: KernelEvent[] = [];
    host.subscribe((event) => events.push(event));
    expect(plug(specOf(1))).toMatchObject({ created: false, hostIndex });
    const marker = {
      interfaceIndex: 1,
      address: address('192.0.2.9'),
      prefixLength: 32,
      scope: 'global',
    } as const;
    host.apply([{ op: 'add-address', address: marker }]);
    await vi.waitFor(() => expect(events).toContainEqual({ kind: 'address', op: 'new', address: marker }), {
      timeout: 5000,
    });
    host.apply([{ op: 'delete-address', address: marker }]);
    expect(events.filter((event) => event.kind === 'route' && event.op === 'delete')).toEqual([]);
    expect([everything(hostName), everything(podName(1))]).toEqual(before);
  });

  it('repairs routes and neighbours that somebody removed', () => {
    plug(specOf(1));
    plug(specOf(2));
    ip(hostName, 'route', 'del', '10.0.0.1');
    ip(hostName, 'neigh', 'flush', 'nud', 'permanent');
    ip(podName(1), 'route', 'flush', 'dev', 'eth0');
    expect(ping(podName(1), '10.0.0.2')).toBe('no answer');
    expect(plug(specOf(1)).created).toBe(false);
    expect(ping(podName(1), '10.0.0.2')).toBe('ttl=63');
  });

  it('replaces the veth of a container that is gone but not yet cleaned up', () => {
    const leftover = { ...specOf(1), netns: netnsPath(podName(2)) };
    plug(leftover);
    expect(plug(specOf(1)).created).toBe(true);
    expect(ip(podName(2), 'addr')).not.toContain('eth0');
    plug(specOf(2));
    expect(ping(podName(2), '10.0.0.1')).toBe('ttl=63');
  });
});

describe('a plug that fails', () => {
  it('leaves nothing when somebody has a route to the address already', () => {
    ip(hostName, 'route', 'add', 'blackhole', '10.0.0.1/32', 'metric', '1024', 'proto', 'static');
    const before = [everything(hostName), everything(podName(1))];
    expect(plugEndpoint(host, specOf(1))).toMatchObject({ kind: 'route-conflict', errno: 'EEXIST' });
    expect([everything(hostName), everything(podName(1))]).toEqual(before);
  });

  it('tells a namespace that is not there from a file that is none', () => {
    const directory = mkdtempSync(join(tmpdir(), 'wt-ep-'));
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(plugEndpoint(host, { ...specOf(1), netns: join(directory, 'none') }).kind).toBe('netns-missing');
    expect(plugEndpoint(host, { ...specOf(1), netns: file }).kind).toBe('not-a-netns');
    rmSync(directory, { recursive: true });
  });
});

it('leaves nothing after a hundred containers came and went', async () => {
  const pods = Array.from({ length: 10 }, (_, index) => index + 1);
  for (const number of pods.slice(2)) {
    createNetns(podName(number));
    names.push(podName(number));
  }
  plug(specOf(1));
  await unplugEndpoint(host, specOf(1));
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  const before = { host: everything(hostName), pod: everything(podName(1)) };
  const descriptorsBefore = descriptors();
  for (let round = 0; round < 10; round += 1) {
    for (const number of pods) expect(plug(specOf(number)).created).toBe(true);
    const gone = await Promise.all(pods.map((number) => unplugEndpoint(host, specOf(number))));
    expect(gone).toEqual(pods.map(() => ({ kind: 'unplugged' })));
  }
  expect(await unplugEndpoint(host, specOf(1))).toEqual({ kind: 'absent' });
  expect({ host: everything(hostName), pod: everything(podName(1)) }).toEqual(before);
  // The kernel's last words about a link come after it is gone.
  await expect.poll(descriptors).toBeLessThanOrEqual(descriptorsBefore);
}, 30_000);
