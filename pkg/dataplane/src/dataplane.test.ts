import type { DesiredRoute } from '@weft/calc';
import { address, prefix } from '@weft/ip';
import type { FakeKernel, Kernel } from '@weft/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addInterface, desired, fakeHost, handMade, indexOf, succeed } from '../test/fake-host.ts';
import { ipRouteText, text } from '../test/ip-route-text.ts';
import { ManualScheduler } from '../test/manual-scheduler.ts';
import { Dataplane, DEFAULT_DATAPLANE_SETTINGS } from './dataplane.ts';
import type { DataplaneEvent } from './report.ts';

const allRoutes: readonly DesiredRoute[] = [
  desired('10.1.0.0/26', []),
  desired('10.1.0.5/32', ['cali1']),
  desired('10.1.0.64/26', ['10.0.0.2']),
  desired('10.1.0.128/26', ['10.0.0.2', '10.0.0.3']),
  desired('fd00:1::/122', []),
  desired('fd00:1::5/128', ['cali1']),
  desired('fd00:1::40/122', ['fd00::2']),
];

const allText = text(`
  blackhole 10.1.0.0/26 proto weft metric 1024
  10.1.0.5/32 dev cali1 proto weft scope link metric 1024
  10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024
  10.1.0.128/26 nexthop via 10.0.0.2 dev eth0 nexthop via 10.0.0.3 dev eth0 proto weft metric 1024
  blackhole fd00:1::/122 proto weft metric 1024
  fd00:1::5/128 dev cali1 proto weft metric 1024
  fd00:1::40/122 via fd00::2 dev eth0 proto weft metric 1024
`);

let kernel: FakeKernel;
let scheduler: ManualScheduler;
let events: DataplaneEvent[];
let dataplane: Dataplane;

beforeEach(() => {
  kernel = fakeHost();
  scheduler = new ManualScheduler();
  events = [];
  dataplane = new Dataplane({ kernel, scheduler, report: (event) => events.push(event) });
});
afterEach(() => dataplane.close());

const wantEverything = (): void => {
  for (const route of allRoutes) dataplane.want(route);
};
const start = async (): Promise<void> => {
  dataplane.start();
  dataplane.allowDeletes();
  await scheduler.settle();
};
const reported = (kind: DataplaneEvent['kind']): DataplaneEvent[] =>
  events.filter((event) => event.kind === kind);
const flush = (from: Kernel): void => {
  const ours = from.routes({ protocol: 119 });
  succeed(from, ...ours.map((route) => ({ op: 'delete-route' as const, route })));
};

describe('writing', () => {
  it('makes the kernel what is wanted, whether asked before or after the start', async () => {
    wantEverything();
    await start();
    expect(ipRouteText(kernel)).toBe(allText);
    expect(dataplane.status()).toMatchObject({ inSync: true, desired: 7, inKernel: 7, failed: [] });
  });

  it('writes big tables in slices, so that others get their turn', async () => {
    await start();
    const routes = Array.from({ length: 1000 }, (_, index) =>
      desired(`10.${2 + (index >> 8)}.${index & 255}.0/24`, ['10.0.0.2']),
    );
    dataplane.wantAll(['no-encap'], routes);
    expect(await scheduler.settle()).toBeGreaterThanOrEqual(2);
    expect(dataplane.status().inKernel).toBe(1000);
  });

  it('deletes what is wanted no longer, and changes what is wanted otherwise', async () => {
    wantEverything();
    await start();
    dataplane.unwant('no-encap', prefix('10.1.0.128/26'));
    dataplane.want(desired('10.1.0.64/26', ['10.0.0.3'], { metric: 2048 }));
    dataplane.wantAll(['blackhole', 'local-workload'], [desired('10.1.0.6/32', ['cali1'])]);
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(
      text(`
        10.1.0.6/32 dev cali1 proto weft scope link metric 1024
        10.1.0.64/26 via 10.0.0.3 dev eth0 proto weft metric 2048
        fd00:1::40/122 via fd00::2 dev eth0 proto weft metric 1024
      `),
    );
  });

  it('writes nothing that is right already', async () => {
    wantEverything();
    await start();
    kernel.failNext('any', 'EIO', { times: 100 });
    wantEverything();
    dataplane.wantAll(
      ['blackhole'],
      allRoutes.filter((route) => route.class === 'blackhole'),
    );
    await scheduler.settle();
    expect(dataplane.status()).toMatchObject({ inSync: true, failed: [] });
  });
});

describe('a start over routes of an earlier life', () => {
  beforeEach(() => {
    succeed(
      kernel,
      { op: 'add-route', route: handMade(kernel, '10.1.0.64/26', { protocol: 119 }) },
      { op: 'add-route', route: handMade(kernel, '10.7.0.0/26', { protocol: 119 }) },
      { op: 'add-route', route: handMade(kernel, '10.8.0.0/26') },
    );
  });

  it('deletes nothing before deletes are allowed, then only its own that nobody wants', async () => {
    dataplane.want(desired('10.1.0.64/26', ['10.0.0.2']));
    dataplane.start();
    await scheduler.settle();
    await scheduler.advance(600_000);
    expect(ipRouteText(kernel)).toBe(
      text(`
        10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024
        10.7.0.0/26 via 10.0.0.9 dev eth0 proto weft metric 1024
        10.8.0.0/26 via 10.0.0.9 dev eth0 proto boot metric 1024
      `),
    );
    expect(dataplane.routes().map(({ destination, state }) => `${destination} ${state}`)).toEqual([
      '10.1.0.64/26 in-kernel',
      '10.7.0.0/26 stale',
    ]);
    dataplane.allowDeletes();
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(
      text(`
        10.1.0.64/26 via 10.0.0.2 dev eth0 proto weft metric 1024
        10.8.0.0/26 via 10.0.0.9 dev eth0 proto boot metric 1024
      `),
    );
  });

  it('leaves everything in the kernel when it is closed, and touches nothing after', async () => {
    wantEverything();
    await start();
    dataplane.close();
    const [first, ...others] = kernel.routes({ protocol: 119 });
    if (first !== undefined) succeed(kernel, { op: 'delete-route', route: first });
    dataplane.unwant('blackhole', prefix('10.1.0.0/26'));
    await scheduler.settle();
    await scheduler.advance(600_000);
    expect(others).toHaveLength(6);
    expect(kernel.routes({ protocol: 119 })).toEqual(others);
  });
});

describe('somebody else changes routes', () => {
  beforeEach(async () => {
    wantEverything();
    await start();
  });

  it('brings back a deleted route and says so', async () => {
    const [route] = kernel.routes({ protocol: 119 });
    if (route !== undefined) succeed(kernel, { op: 'delete-route', route });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
    expect(reported('routes-repaired')).toHaveLength(1);
  });

  it('brings back a flushed table', async () => {
    flush(kernel);
    expect(ipRouteText(kernel)).toBe('');
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('puts a route right whose gateway was changed under the protocol of weft', async () => {
    succeed(kernel, { op: 'replace-route', route: handMade(kernel, '10.1.0.64/26', { protocol: 119 }) });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('leaves a route of somebody else with another metric beside its own', async () => {
    succeed(kernel, { op: 'add-route', route: handMade(kernel, '10.1.0.64/26', { metric: 0 }) });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(
      allText.replace('10.1.0.64/26', '10.1.0.64/26 via 10.0.0.9 dev eth0 proto boot metric 0\n10.1.0.64/26'),
    );
  });

  it('does not overwrite a route that took the slot: reports it, and is back when it goes', async () => {
    const foreign = handMade(kernel, '10.1.0.64/26');
    succeed(kernel, { op: 'replace-route', route: foreign });
    await scheduler.settle();
    await scheduler.advance(30_000);
    expect(ipRouteText(kernel)).toContain('10.1.0.64/26 via 10.0.0.9 dev eth0 proto boot metric 1024');
    expect(dataplane.status().failed).toMatchObject([{ destination: '10.1.0.64/26', errno: 'EEXIST' }]);
    expect(dataplane.routes().find(({ state }) => state === 'failed')?.detail).toBe(
      'a route that weft did not write holds 10.1.0.64/26 metric 1024; weft leaves it; ' +
        'see `ip route show 10.1.0.64/26` and delete it if it should not be there',
    );
    succeed(kernel, { op: 'delete-route', route: foreign });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
    expect(dataplane.status().failed).toEqual([]);
  });

  it('spares a route of its own protocol that nobody wants for ten seconds, in case it is wanted a moment later', async () => {
    const early = handMade(kernel, '10.1.0.7/32', { protocol: 119 });
    const stranger = handMade(kernel, '10.1.0.8/32', { protocol: 119 });
    succeed(kernel, { op: 'add-route', route: early }, { op: 'add-route', route: stranger });
    await scheduler.settle();
    await scheduler.advance(9_999);
    expect(kernel.routes({ protocol: 119 })).toHaveLength(9);
    dataplane.want(desired('10.1.0.7/32', ['10.0.0.9']));
    await scheduler.settle();
    await scheduler.advance(1);
    expect(kernel.routes({ protocol: 119 }).map(({ destination }) => destination)).not.toContain(
      '10.1.0.8/32',
    );
    expect(kernel.routes({ protocol: 119 })).toHaveLength(8);
    dataplane.unwant('no-encap', prefix('10.1.0.7/32'));
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('waits for whoever deletes routes by the thousand to end, 100 ms at most', async () => {
    flush(kernel);
    const [read, now] = [vi.spyOn(kernel, 'readEvents'), vi.spyOn(scheduler, 'now')];
    let time = scheduler.now();
    let writtenAt: number | undefined;
    const start = time;
    now.mockImplementation(() => time);
    read.mockImplementation(() => {
      time += 1;
      if (ipRouteText(kernel) !== '') writtenAt ??= time;
      return writtenAt === undefined;
    });
    await scheduler.settle();
    expect((writtenAt ?? 0) - start).toBeGreaterThan(90);
    expect((writtenAt ?? 0) - start).toBeLessThan(110);
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('does not spin when a route is changed as fast as it is repaired', async () => {
    let changes = 0;
    const vandal = kernel.subscribe((event) => {
      if (event.kind !== 'route' || event.op !== 'new' || changes >= 5_000) return;
      changes += 1;
      succeed(kernel, { op: 'delete-route', route: event.route });
    });
    flush(kernel);
    await scheduler.settle();
    expect(changes).toBeLessThan(2_000);
    expect(dataplane.status().failed[0]).toMatchObject({ errno: 'ECONTENDED' });
    vandal();
    await scheduler.advance(2_000);
    expect(ipRouteText(kernel)).toBe(allText);
  });
});

describe('what is in the kernel', () => {
  it('is told without order: as it is wanted, and what nobody wants, but nothing that is not written yet', async () => {
    const here = desired('10.1.0.5/32', ['cali1']);
    const left = handMade(kernel, '10.9.0.0/26', { protocol: 119 });
    succeed(kernel, { op: 'add-route', route: left });
    for (const route of [here, desired('10.1.0.9/32', ['cali9'])]) dataplane.want(route);
    dataplane.start();
    await scheduler.settle();
    expect(new Set(dataplane.present())).toEqual(
      new Set([
        { destination: left.destination, metric: 1024, wanted: undefined },
        { destination: here.destination, metric: 1024, wanted: here },
      ]),
    );
  });
});

describe('interfaces', () => {
  it('writes the routes of an interface when it appears and comes up', async () => {
    dataplane.want(desired('10.1.0.9/32', ['cali9']));
    await start();
    expect(dataplane.routes()).toMatchObject([
      { state: 'waiting', detail: 'waits for the interface cali9 to appear' },
    ]);
    addInterface(kernel, 'cali9');
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe('10.1.0.9/32 dev cali9 proto weft scope link metric 1024');
  });

  it('follows an interface that is deleted and made again under another index', async () => {
    wantEverything();
    await start();
    const former = indexOf(kernel, 'cali1');
    succeed(kernel, { op: 'delete-link', index: former });
    await scheduler.settle();
    expect(dataplane.status()).toMatchObject({ waiting: 2, ended: 2, inSync: false });
    addInterface(kernel, 'cali1');
    await scheduler.settle();
    expect(indexOf(kernel, 'cali1')).not.toBe(former);
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('follows a renamed interface', async () => {
    wantEverything();
    await start();
    succeed(kernel, { op: 'set-link', index: indexOf(kernel, 'cali1'), name: 'cali2' });
    await scheduler.settle();
    expect(dataplane.status().waiting).toBe(2);
    succeed(kernel, { op: 'set-link', index: indexOf(kernel, 'cali2'), name: 'cali1' });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('restores what the kernel drops without a word when a link goes down and up', async () => {
    wantEverything();
    await start();
    const index = indexOf(kernel, 'eth0');
    succeed(kernel, { op: 'set-link', index, up: false }, { op: 'set-link', index, up: true });
    // IPv6 addresses go with the link; the administrator brings them back.
    const fd00 = {
      interfaceIndex: index,
      address: address('fd00::1'),
      prefixLength: 64,
      scope: 'global' as const,
    };
    succeed(kernel, { op: 'add-address', address: fd00 });
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });
});

describe('failures', () => {
  const operations = ['add-route', 'replace-route', 'delete-route', 'read', 'any'] as const;
  const errnos = ['EINVAL', 'ENETUNREACH', 'ENOBUFS', 'EINTR', 'ESRCH', 'EEXIST', 'EPERM'] as const;
  const runs = operations.flatMap((operation) => errnos.map((errno) => ({ operation, errno })));

  it.each(runs)('converges although $operation fails with $errno', async ({ operation, errno }) => {
    succeed(
      kernel,
      { op: 'add-route', route: handMade(kernel, '10.1.0.64/26', { protocol: 119 }) },
      { op: 'add-route', route: handMade(kernel, '10.7.0.0/26', { protocol: 119 }) },
    );
    await start();
    kernel.failNext(operation, errno, { times: 3, after: 1 });
    wantEverything();
    await scheduler.settle();
    kernel.loseEvents();
    await scheduler.settle();
    await scheduler.advance(30_000);
    expect(ipRouteText(kernel)).toBe(allText);
    expect(dataplane.status()).toMatchObject({ inSync: true, toDelete: 0, failed: [] });
  });

  it('tries again after 100 ms, 200 ms, 400 ms …, at most every 10 s, and says it once', async () => {
    await start();
    kernel.failNext('add-route', 'EINVAL', { times: 1000 });
    dataplane.want(desired('10.1.0.64/26', ['10.0.0.2']));
    await scheduler.settle();
    const attempts = (): number | undefined => dataplane.status().failed[0]?.attempts;
    expect(attempts()).toBe(1);
    await scheduler.advance(99);
    expect(attempts()).toBe(1);
    await scheduler.advance(1);
    expect(attempts()).toBe(2);
    await scheduler.advance(600);
    expect(attempts()).toBe(4);
    await scheduler.advance(60_000);
    const before = attempts() ?? 0;
    await scheduler.advance(10_000);
    expect(attempts()).toBe(before + 1);
    expect(reported('route-failed')).toHaveLength(1);
  });

  it('names the gateway that is not reachable, and tries again at once when an address appears', async () => {
    await start();
    dataplane.want(desired('10.1.0.64/26', ['10.3.0.2']));
    await scheduler.settle();
    expect(dataplane.status().failed[0]).toMatchObject({
      errno: 'ENETUNREACH',
      reason:
        'the kernel refused 10.1.0.64/26 metric 1024 with ENETUNREACH (Nexthop has invalid gateway); ' +
        'see whether the gateway 10.3.0.2 is on a connected subnet: `ip route get 10.3.0.2`',
    });
    const interfaceIndex = indexOf(kernel, 'eth0');
    succeed(kernel, {
      op: 'add-address',
      address: { interfaceIndex, address: address('10.3.0.1'), prefixLength: 24, scope: 'global' },
    });
    await scheduler.settle();
    expect(dataplane.status()).toMatchObject({ inSync: true, failed: [] });
  });

  it('throws at the start when the kernel cannot be read, and is not left half started', () => {
    kernel.failNext('read', 'EPERM');
    expect(() => dataplane.start()).toThrow('EPERM');
    expect(scheduler.now()).toBe(0);
    dataplane.start();
    expect(reported('resynced')).toHaveLength(1);
  });

  it('says when the tables cannot be read later, and reads them a second after', async () => {
    await start();
    kernel.failNext('read', 'ENOBUFS');
    kernel.loseEvents();
    await scheduler.settle();
    expect(reported('resync-failed')).toMatchObject([{ cause: 'overrun', code: 'ENOBUFS' }]);
    await scheduler.advance(1_000);
    expect(reported('resynced')).toHaveLength(2);
  });
});

describe('resync', () => {
  it('happens when events were lost', async () => {
    wantEverything();
    await start();
    kernel.holdEvents();
    flush(kernel);
    kernel.loseEvents();
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
    expect(reported('resynced').at(-1)).toMatchObject({ cause: 'overrun' });
  });

  it('happens every 90 s, should an event never have come', async () => {
    wantEverything();
    await start();
    kernel.holdEvents();
    flush(kernel);
    await scheduler.advance(89_999);
    expect(ipRouteText(kernel)).toBe('');
    await scheduler.advance(1);
    expect(ipRouteText(kernel)).toBe(allText);
    expect(reported('resynced').at(-1)).toMatchObject({ cause: 'interval', routes: 0 });
  });

  it('happens when the kernel has a route that was not known, and ends without a failure when it is the wanted one', async () => {
    await start();
    kernel.holdEvents();
    succeed(kernel, {
      op: 'add-route',
      route: handMade(kernel, '10.1.0.64/26', {
        protocol: 119,
        nextHops: [{ gateway: address('10.0.0.2'), interfaceIndex: indexOf(kernel, 'eth0') }],
      }),
    });
    dataplane.want(desired('10.1.0.64/26', ['10.0.0.2']));
    await scheduler.settle();
    expect(dataplane.status()).toMatchObject({ inSync: true, failed: [] });
    expect(reported('resynced')).toMatchObject([{ cause: 'start' }, { cause: 'conflict' }]);
    expect(reported('route-failed')).toEqual([]);
  });
});

describe('a route that exists already', () => {
  const wanted = desired('10.1.0.64/26', ['10.0.0.2']);
  const written = () =>
    handMade(kernel, '10.1.0.64/26', {
      protocol: 119,
      nextHops: [{ gateway: address('10.0.0.2'), interfaceIndex: indexOf(kernel, 'eth0') }],
    });

  it('is known from its event before anything is written', async () => {
    await start();
    // The event comes when asked for, and not by itself.
    kernel.holdEvents();
    vi.spyOn(kernel, 'readEvents').mockImplementation(() => {
      kernel.releaseEvents();
      return false;
    });
    succeed(kernel, { op: 'add-route', route: written() });
    dataplane.want(wanted);
    await scheduler.settle();
    expect(dataplane.status()).toMatchObject({ inSync: true, failed: [] });
    expect(reported('resynced')).toMatchObject([{ cause: 'start' }]);
    expect(reported('route-failed')).toEqual([]);
  });

  it('is somebody else’s when the table says so: reported once, looked at once', async () => {
    await start();
    kernel.holdEvents();
    succeed(kernel, { op: 'add-route', route: handMade(kernel, '10.1.0.64/26') });
    dataplane.want(wanted);
    await scheduler.settle();
    await scheduler.advance(60_000);
    expect(reported('route-failed')).toMatchObject([{ failure: { errno: 'EEXIST', attempts: 1 } }]);
    expect(reported('resynced')).toMatchObject([{ cause: 'start' }, { cause: 'conflict' }]);
  });

  it('is no failure while the table cannot be read', async () => {
    await start();
    kernel.holdEvents();
    succeed(kernel, { op: 'add-route', route: written() });
    dataplane.want(wanted);
    kernel.failNext('read', 'ENOBUFS');
    await scheduler.settle();
    expect(reported('resync-failed')).toMatchObject([{ cause: 'conflict' }]);
    expect(dataplane.status()).toMatchObject({ inSync: false, failed: [] });
    await scheduler.advance(1_000);
    expect(dataplane.status()).toMatchObject({ inSync: true, failed: [] });
    expect(reported('route-failed')).toEqual([]);
  });
});

describe('sysctls of the host', () => {
  it('turns forwarding on, and on again when somebody turned it off', async () => {
    await start();
    expect(kernel.readSysctl('net/ipv4/ip_forward')).toBe('1');
    expect(kernel.readSysctl('net/ipv6/conf/all/forwarding')).toBe('1');
    kernel.writeSysctl('net/ipv4/ip_forward', '0');
    await scheduler.advance(90_000);
    expect(kernel.readSysctl('net/ipv4/ip_forward')).toBe('1');
    expect(reported('sysctl-written')).toHaveLength(3);
  });

  it('reports a key that cannot be written, once, and keeps it in the status', async () => {
    kernel.failNext('write-sysctl', 'EROFS', { times: 100 });
    await start();
    await scheduler.advance(180_000);
    expect(reported('sysctl-failed')).toHaveLength(2);
    expect(dataplane.status().failedSysctls[0]?.reason).toBe(
      'cannot set net.ipv4.ip_forward to 1 (EROFS), so it is not sure that the host forwards IPv4 packets of its ' +
        'workloads; set it on the host, or let weftd write to /proc/sys',
    );
  });
});

describe('settings that change while it runs', () => {
  const settings = DEFAULT_DATAPLANE_SETTINGS;

  it('no routes are written or deleted while it must not, and all of it is made up for afterwards', async () => {
    await start();
    const [first = desired('10.1.0.0/26', [])] = allRoutes;
    dataplane.want(first);
    await scheduler.settle();
    const before = ipRouteText(kernel);
    dataplane.configure({ ...settings, writesRoutes: false });
    wantEverything();
    dataplane.unwant(first.class, first.destination);
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(before);
    dataplane.configure(settings);
    dataplane.want(first);
    await scheduler.settle();
    expect(ipRouteText(kernel)).toBe(allText);
  });

  it('the tables are read again as often as told, and never when told so', async () => {
    await start();
    dataplane.configure({ ...settings, resyncMilliseconds: 10_000 });
    await scheduler.settle();
    const resyncs = reported('resynced').length;
    await scheduler.advance(10_000);
    expect(reported('resynced').length).toBe(resyncs + 1);
    dataplane.configure({ ...settings, resyncMilliseconds: 0 });
    await scheduler.settle();
    const last = reported('resynced').length;
    await scheduler.advance(1_000_000);
    expect(reported('resynced').length).toBe(last);
  });

  it('the source address of a route follows what is wanted', async () => {
    await start();
    dataplane.want({ ...desired('10.1.0.5/32', ['cali1']), preferredSource: address('10.0.0.1') });
    await scheduler.settle();
    expect(kernel.routes({ protocol: 119 })).toMatchObject([{ preferredSource: '10.0.0.1' }]);
  });

  it('the switch of forwarding is left alone when it must be', async () => {
    kernel.writeSysctl('net/ipv4/ip_forward', '0');
    dataplane.configure({ ...settings, forwarding: false });
    await start();
    expect(kernel.readSysctl('net/ipv4/ip_forward')).toBe('0');
    dataplane.configure(settings);
    await scheduler.settle();
    expect(kernel.readSysctl('net/ipv4/ip_forward')).toBe('1');
  });
});
