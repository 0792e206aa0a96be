/**
 * The data plane on a real kernel, in a namespace of its own, against changes made with `ip`. Needs root.
 */
import { execFileSync } from 'node:child_process';
import type { DesiredRoute, LocalFacts } from '@weft/calc';
import { address } from '@weft/ip';
import {
  createNetns,
  deleteNetns,
  type Kernel,
  MAIN_TABLE,
  netnsPath,
  openKernel,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { desired } from '../test/fake-host.ts';
import { ipRouteText, text } from '../test/ip-route-text.ts';
import { Dataplane } from './dataplane.ts';
import { FactsWatcher } from './facts-watcher.ts';
import { readFacts } from './read-facts.ts';
import type { DataplaneEvent } from './report.ts';

const deadlineMilliseconds = 20_000;
vi.setConfig({ testTimeout: 2 * deadlineMilliseconds, hookTimeout: 2 * deadlineMilliseconds });

const routes = [
  desired('10.1.0.0/26', []),
  desired('10.1.0.5/32', ['cali1']),
  desired('10.1.0.64/26', ['10.0.0.2']),
  desired('10.1.0.128/26', ['10.0.0.2', '10.0.0.3']),
  desired('fd00:1::/122', []),
  desired('fd00:1::5/128', ['cali1']),
  desired('fd00:1::40/122', ['fd00::2']),
  desired('fd00:1::80/122', ['fd00::2', 'fd00::3']),
];

const wanted = text(`
  blackhole 10.1.0.0/26 proto weft metric 1024
  10.1.0.5/32 dev cali1 proto weft scope link metric 1024
  10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024
  10.1.0.128/26 nexthop via 10.0.0.2 dev eth0 nexthop via 10.0.0.3 dev eth0 proto weft metric 1024
  blackhole fd00:1::/122 proto weft metric 1024
  fd00:1::5/128 dev cali1 proto weft metric 1024
  fd00:1::40/122 via fd00::2 dev eth0 proto weft metric 1024
  fd00:1::80/122 nexthop via fd00::2 dev eth0 nexthop via fd00::3 dev eth0 proto weft metric 1024
`);

const name = `wt-dp-${process.pid}`;
const cleanups: (() => void)[] = [];
let kernel: Kernel;
let dataplane: Dataplane;

const ip = (...words: string[]): string =>
  execFileSync('ip', ['-n', name, ...words.flatMap((word) => word.split(' '))], { encoding: 'utf8' });

const isWorkload = (route: DesiredRoute): boolean => route.class === 'local-workload';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Waits for the table to read so; answers how long that took, in milliseconds. */
async function until(expected: string): Promise<number> {
  const start = performance.now();
  while (ipRouteText(kernel) !== expected && performance.now() - start < deadlineMilliseconds) await turn();
  expect(ipRouteText(kernel)).toBe(expected);
  return performance.now() - start;
}

beforeEach(async () => {
  createNetns(name);
  cleanups.push(() => deleteNetns(name));
  ip('link add eth0 type veth peer name wire0');
  ip('link set wire0 up');
  ip('link set eth0 up');
  ip('address add 10.0.0.1/24 dev eth0');
  ip('address add fd00::1/64 dev eth0 nodad');
  ip('link add cali1 type veth peer name pod1');
  ip('link set pod1 up');
  ip('link set cali1 up');
  kernel = openKernel({ netns: netnsPath(name) });
  cleanups.push(() => kernel.close());
  dataplane = new Dataplane({ kernel });
  cleanups.push(() => dataplane.close());
  dataplane.start();
  dataplane.allowDeletes();
  for (const route of routes) dataplane.want(route);
  await until(wanted);
});

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

describe('routes that somebody changes', () => {
  it('are back after `ip route del`, each of them', async () => {
    for (const { destination } of routes) {
      ip('route del', destination);
      await until(wanted);
    }
  });

  it('are back after `ip route flush proto 119`', async () => {
    ip('-4 route flush proto 119');
    await until(wanted);
    ip('-6 route flush proto 119');
    await until(wanted);
  });

  it('are put right when they are replaced under the protocol of weft', async () => {
    ip('route replace 10.1.0.64/26 via 10.0.0.9 proto 119 metric 1024');
    ip('route replace 10.1.0.128/26 via 10.0.0.9 proto 119 metric 1024');
    ip('route replace blackhole 10.1.0.5/32 proto 119 metric 1024');
    ip('-6 route replace fd00:1::40/122 via fd00::9 proto 119 metric 1024');
    ip('-6 route replace fd00:1::80/122 via fd00::9 proto 119 metric 1024');
    await until(wanted);
  });

  it('lose a way out and get it back', async () => {
    ip('-6 route del fd00:1::80/122 via fd00::3 dev eth0');
    await until(wanted);
  });

  it('are back after their interface was set down and up', async () => {
    ip('link set cali1 down');
    ip('link set cali1 up');
    await until(wanted);
  });

  it('are back after their interface was deleted and made again', async () => {
    ip('link del cali1');
    await until(
      wanted
        .split('\n')
        .filter((row) => !row.includes('cali1'))
        .join('\n'),
    );
    ip('link add cali1 type veth peer name pod1');
    ip('link set cali1 up');
    await until(wanted);
  });

  it('are back after the last IPv4 address went, with which the kernel drops all without a word', async () => {
    ip('address del 10.0.0.1/24 dev eth0');
    ip('address add 10.0.0.1/24 dev eth0');
    await until(wanted);
  });
});

describe('routes that the endpoints wrote first', () => {
  it('of 100 pods in a row are adopted: no failure, no reading of the table', async () => {
    const events: DataplaneEvent[] = [];
    dataplane.close();
    dataplane = new Dataplane({ kernel, report: (event) => events.push(event) });
    dataplane.start();
    dataplane.allowDeletes();
    const pods = Array.from({ length: 100 }, (_, index) => desired(`10.1.1.${index}/32`, ['cali1']));
    const interfaceIndex = kernel.link('cali1')?.index ?? 0;
    for (const [index, { destination, metric }] of pods.entries()) {
      const common = { table: MAIN_TABLE, type: 'unicast', protocol: WEFT_ROUTE_PROTOCOL } as const;
      const route = {
        ...common,
        destination,
        metric,
        scope: 'link',
        nextHops: [{ interfaceIndex }],
      } as const;
      // More events before the one that matters than the event loop reads in a turn.
      const noise = Array.from(
        { length: 150 },
        (__, count) => ({ op: 'set-link', index: interfaceIndex, mtuBytes: 1400 + (count % 2) }) as const,
      );
      expect(kernel.apply([...noise, { op: 'add-route', route }]).filter((result) => result)).toEqual([]);
      dataplane.wantAll(['local-workload'], [...routes, ...pods.slice(0, index + 1)].filter(isWorkload));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(dataplane.status()).toMatchObject({ failed: [] });
    expect(events.filter(({ kind }) => kind === 'route-failed')).toEqual([]);
    expect(events.filter(({ kind }) => kind === 'resynced')).toMatchObject([{ cause: 'start' }]);
    const rows = routes.filter(isWorkload).length + pods.length;
    expect(kernel.routes({ protocol: WEFT_ROUTE_PROTOCOL })).toHaveLength(rows);
  });
});

describe('routes of others', () => {
  it('survive everything', async () => {
    ip('route add 10.9.0.0/16 via 10.0.0.9 proto static');
    ip('route add default via 10.0.0.9');
    ip('-6 route add fd00:9::/48 via fd00::9 proto bird metric 1024');
    const rows = [
      'default via 10.0.0.9 dev eth0 ',
      '10.9.0.0/16 via 10.0.0.9 dev eth0 proto static ',
      'fd00:9::/48 via fd00::9 dev eth0 proto bird metric 1024 pref medium',
    ];
    dataplane.wantAll(['local-workload', 'no-encap', 'blackhole'], []);
    const start = performance.now();
    while (dataplane.status().inKernel > 0 && performance.now() - start < deadlineMilliseconds) await turn();
    expect(ip('-4 route show').split('\n')).toEqual(expect.arrayContaining(rows.slice(0, 2)));
    expect(ip('-6 route show').split('\n')).toEqual(expect.arrayContaining(rows.slice(2)));
    expect(ip('route show proto 119')).toBe('');
  });

  it('are not overwritten in a slot of ours; ours is back when they go', async () => {
    ip('route replace 10.1.0.64/26 via 10.0.0.9 proto static metric 1024');
    const taken = wanted.replace(
      '10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft',
      '10.1.0.64/26 via 10.0.0.9 dev eth0 proto static',
    );
    const start = performance.now();
    while (dataplane.status().failed.length === 0 && performance.now() - start < deadlineMilliseconds)
      await turn();
    expect(dataplane.status().failed).toMatchObject([{ destination: '10.1.0.64/26', errno: 'EEXIST' }]);
    expect(ipRouteText(kernel)).toBe(taken);
    ip('route del 10.1.0.64/26 proto static metric 1024');
    await until(wanted);
  });

  it('stand beside ours with another metric', async () => {
    ip('route add 10.1.0.64/26 via 10.0.0.9 proto static');
    ip('route del 10.1.0.64/26 proto 119');
    const start = performance.now();
    while (dataplane.status().inSync === false && performance.now() - start < deadlineMilliseconds)
      await turn();
    await until(
      wanted.replace(
        '10.1.0.64/26',
        '10.1.0.64/26 via 10.0.0.9 dev eth0 proto static metric 0\n10.1.0.64/26',
      ),
    );
  });
});

describe('routes that expire, as router advertisements bring them', () => {
  it('are facts as soon as they are there, and until they go', async () => {
    const seen: LocalFacts[] = [];
    const watcher = new FactsWatcher({ kernel, changed: (facts) => seen.push(facts) });
    cleanups.push(() => watcher.close());
    const route = '2001:db8:5::/64 via fd00::9 dev eth0 proto ra metric 512';
    const fact = { destination: '2001:db8:5::/64', gateway: 'fd00::9', interface: 'eth0', metric: 512 };
    ip('-6 route add', route, 'expires 1000');
    await vi.waitFor(() => expect(seen.at(-1)?.routes).toContainEqual(fact));
    expect(kernel.lookup(address('2001:db8:5::1'))).toMatchObject({ metric: 512, expires: true });
    ip('-6 route del', route);
    await vi.waitFor(() => expect(seen.at(-1)?.routes).not.toContainEqual(fact));
  });

  it('are never adopted and never deleted, not even under the protocol of weft', async () => {
    ip('-6 route add fd00:9::/64 via fd00::9 dev eth0 proto 119 metric 1024 expires 1000');
    ip('-6 route add fd00:8::/64 via fd00::9 dev eth0 proto 119 metric 1024 expires 1000');
    const events: DataplaneEvent[] = [];
    dataplane.close();
    dataplane = new Dataplane({ kernel, report: (event) => events.push(event) });
    dataplane.wantAll(['local-workload', 'no-encap', 'blackhole'], routes);
    dataplane.want(desired('fd00:8::/64', ['fd00::2']));
    dataplane.start();
    dataplane.allowDeletes();
    const failed = (): boolean => events.some(({ kind }) => kind === 'route-failed');
    await vi.waitFor(() => expect(failed()).toBe(true));
    expect(dataplane.routes().map(({ destination }) => destination)).not.toContain('fd00:9::/64');
    expect(dataplane.status()).toMatchObject({ toDelete: 0, failed: [{ destination: 'fd00:8::/64' }] });
    expect(ip('-6 route show fd00:9::/64')).toContain('expires');
    expect(ip('-6 route show fd00:8::/64')).toMatch(/via fd00::9 .*expires/);
  });
});

describe('the local facts of a real kernel', () => {
  it('are its interfaces, addresses and routes, without workloads and without our own', () => {
    ip('route add default via 10.0.0.9 proto static');
    const facts = readFacts(kernel);
    expect(facts.interfaces.map(({ name: found }) => found)).toEqual(['lo', 'wire0', 'eth0', 'pod1']);
    expect(facts.interfaces[2]).toMatchObject({
      up: true,
      running: true,
      mtuBytes: 1500,
      addresses: expect.arrayContaining(['10.0.0.1/24', 'fd00::1/64']),
    });
    const shown = facts.routes.filter(({ interface: found }) => found === 'eth0');
    expect(shown).toEqual(
      expect.arrayContaining([
        { destination: '10.0.0.0/24', interface: 'eth0', metric: 0 },
        { destination: '0.0.0.0/0', gateway: '10.0.0.9', interface: 'eth0', metric: 0 },
        { destination: 'fd00::/64', interface: 'eth0', metric: 256 },
      ]),
    );
    expect(facts.routes.some(({ destination }) => destination === '10.1.0.64/26')).toBe(false);
  });

  it('forward: the sysctls of the host are set', () => {
    expect(kernel.readSysctl('net/ipv4/ip_forward')).toBe('1');
    expect(kernel.readSysctl('net/ipv6/conf/all/forwarding')).toBe('1');
  });
});
