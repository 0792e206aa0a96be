/**
 * What every `Kernel` does, as one suite: the real one and the fake one both pass it, so that what is tested with the
 * fake holds on Linux.
 */
import { address, hostPrefix, prefix } from '@weft/ip';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Change, Kernel, KernelEvent, Link, NextHop, Route } from '../kernel.ts';
import { MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from '../route.ts';

/** Two namespaces of one machine, made for one test. */
export interface TestMachine {
  readonly host: Kernel;
  readonly pod: Kernel;
  /** Closes both and removes the namespaces. */
  remove(): void;
}

const staticProtocol = 4;
const otherTable = 1000;
const hostMac = 'ee:ee:ee:ee:ee:ee';
const podMac = '02:00:00:00:00:42';

/** Runs the suite against the kernels of a machine. */
export function describeKernel(name: string, makeMachine: () => TestMachine): void {
  describe(name, () => {
    let machine: TestMachine;
    let host: Kernel;
    let pod: Kernel;

    beforeEach(() => {
      machine = makeMachine();
      ({ host, pod } = machine);
    });
    afterEach(() => machine.remove());

    const linkOf = (kernel: Kernel, linkName: string): Link => {
      const link = kernel.link(linkName);
      if (link === undefined) throw new Error(`no link ${linkName}`);
      return link;
    };
    const errnos = (kernel: Kernel, changes: readonly Change[]): (string | null)[] =>
      kernel.apply(changes).map((result) => result?.errno ?? null);
    const succeed = (kernel: Kernel, changes: readonly Change[]): void =>
      expect(errnos(kernel, changes)).toEqual(changes.map(() => null));

    const addVeth = (): Change => ({
      op: 'add-veth',
      host: { name: 'cali1', mac: hostMac, mtuBytes: 1400 },
      peer: { name: 'eth0', mac: podMac, mtuBytes: 1300, netnsFd: pod.netnsFd },
    });
    /** A veth that is up at both ends, 10.0.0.1/24 and fd00::1/64 on the host's. Answers the host's index. */
    const connect = (): number => {
      succeed(host, [addVeth()]);
      const { index } = linkOf(host, 'cali1');
      succeed(pod, [{ op: 'set-link', index: linkOf(pod, 'eth0').index, up: true }]);
      succeed(host, [
        { op: 'set-link', index, up: true },
        addAddress(index, '10.0.0.1', 24),
        addAddress(index, 'fd00::1', 64),
      ]);
      return index;
    };

    describe('links', () => {
      it('shows only the loopback, down, in a new namespace', () => {
        expect(host.links()).toEqual([
          {
            index: 1,
            name: 'lo',
            mac: '00:00:00:00:00:00',
            mtuBytes: 65536,
            up: false,
            running: false,
            type: '',
          },
        ]);
      });

      it('makes the peer of a veth in the other namespace, with its name, MAC and MTU', () => {
        succeed(host, [addVeth()]);
        const common = { up: false, running: false, type: 'veth' };
        expect(host.link('cali1')).toMatchObject({ ...common, name: 'cali1', mac: hostMac, mtuBytes: 1400 });
        expect(pod.link('eth0')).toMatchObject({ ...common, name: 'eth0', mac: podMac, mtuBytes: 1300 });
        expect([host.link('eth0'), pod.link('cali1')]).toEqual([undefined, undefined]);
        expect(linkOf(host, 'cali1').peerIndex).toBe(linkOf(pod, 'eth0').index);
        expect(linkOf(pod, 'eth0').peerIndex).toBe(linkOf(host, 'cali1').index);
      });

      it('refuses a veth whose name is taken at either end, or too long, and leaves nothing', () => {
        succeed(host, [addVeth(), { op: 'add-bridge', name: 'br0' }]);
        const veth = (hostName: string, peerName: string): Change => ({
          op: 'add-veth',
          host: { name: hostName },
          peer: { name: peerName, netnsFd: pod.netnsFd },
        });
        const changes = [veth('br0', 'eth1'), veth('cali2', 'eth0'), veth('sixteen-letters-', 'eth1')];
        expect(errnos(host, changes)).toEqual(['EEXIST', 'EEXIST', 'ERANGE']);
        expect(host.links().map((link) => link.name)).toEqual(['lo', 'cali1', 'br0']);
        expect(pod.links().map((link) => link.name)).toEqual(['lo', 'eth0']);
      });

      it('gives a veth carrier while both ends are up', () => {
        const index = connect();
        expect(linkOf(host, 'cali1')).toMatchObject({ up: true, running: true });
        succeed(pod, [{ op: 'set-link', index: linkOf(pod, 'eth0').index, up: false }]);
        expect(linkOf(host, 'cali1')).toMatchObject({ index, up: true, running: false });
      });

      it('deletes both ends of a veth with either', () => {
        succeed(host, [addVeth()]);
        succeed(pod, [{ op: 'delete-link', index: linkOf(pod, 'eth0').index }]);
        expect([host.link('cali1'), pod.link('eth0')]).toEqual([undefined, undefined]);
      });

      it('puts a link into a bridge and takes it out', () => {
        succeed(host, [addVeth(), { op: 'add-bridge', name: 'br0' }]);
        const bridge = linkOf(host, 'br0');
        const { index } = linkOf(host, 'cali1');
        expect(bridge.type).toBe('bridge');
        succeed(host, [{ op: 'set-link', index, masterIndex: bridge.index }]);
        expect(linkOf(host, 'cali1').masterIndex).toBe(bridge.index);
        succeed(host, [{ op: 'set-link', index, masterIndex: 0 }]);
        expect(linkOf(host, 'cali1')).not.toHaveProperty('masterIndex');
      });

      it('changes name, MTU and MAC of a link in one go', () => {
        succeed(host, [addVeth()]);
        const { index } = linkOf(host, 'cali1');
        succeed(host, [{ op: 'set-link', index, name: 'cali2', mtuBytes: 1200, mac: podMac }]);
        expect(host.link('cali1')).toBeUndefined();
        expect(host.link('cali2')).toMatchObject({ index, mtuBytes: 1200, mac: podMac });
      });

      it('answers ENODEV for a link that is not there, and does not delete the loopback', () => {
        const changes: Change[] = [
          { op: 'set-link', index: 99, up: true },
          { op: 'delete-link', index: 99 },
          { op: 'delete-link', index: 1 },
        ];
        expect(errnos(host, changes)).toEqual(['ENODEV', 'ENODEV', 'EOPNOTSUPP']);
      });

      it('finds no link by a name that no link can have', () => {
        expect([host.link(''), host.link('no-link-has-this-name')]).toEqual([undefined, undefined]);
      });
    });

    describe('addresses', () => {
      it('adds and deletes addresses, once each', () => {
        succeed(host, [addVeth()]);
        const { index } = linkOf(host, 'cali1');
        const add = [addAddress(index, '10.0.0.1', 32), addAddress(index, 'fd00::1', 128)];
        expect(errnos(host, [...add, ...add])).toEqual([null, null, 'EEXIST', 'EEXIST']);
        expect(host.addresses()).toEqual([
          { interfaceIndex: index, address: '10.0.0.1', prefixLength: 32, scope: 'global' },
          { interfaceIndex: index, address: 'fd00::1', prefixLength: 128, scope: 'global' },
        ]);
        const remove = add.map((change) => ({ ...change, op: 'delete-address' }) as Change);
        expect(errnos(host, [...remove, ...remove])).toEqual([null, null, 'EADDRNOTAVAIL', 'EADDRNOTAVAIL']);
        expect(host.addresses()).toEqual([]);
      });

      it('refuses an address on a link that is not there with ENODEV', () => {
        expect(errnos(host, [addAddress(99, '10.0.0.1', 32)])).toEqual(['ENODEV']);
      });

      it('has connected routes while the link is up, and none for an IPv4 /32', () => {
        succeed(host, [addVeth()]);
        const { index } = linkOf(host, 'cali1');
        succeed(host, [addAddress(index, '10.0.0.1', 24), addAddress(index, '10.9.0.1', 32)]);
        expect(mainRoutes(host)).toEqual([]);
        succeed(host, [{ op: 'set-link', index, up: true }]);
        expect(mainRoutes(host)).toMatchObject([
          { destination: '10.0.0.0/24', protocol: 2, metric: 0, scope: 'link', preferredSource: '10.0.0.1' },
        ]);
        succeed(host, [{ op: 'delete-address', address: addAddress(index, '10.0.0.1', 24).address }]);
        expect(mainRoutes(host)).toEqual([]);
      });
    });

    describe('routes', () => {
      it('keeps every kind of route as written, but for what the kernel fills in', () => {
        const index = connect();
        const via = (gateway: string): NextHop => ({ gateway: address(gateway), interfaceIndex: index });
        const routes = [
          weftRoute('10.1.0.0/26', { nextHops: [via('10.0.0.2')] }),
          weftRoute('10.2.0.0/26', { nextHops: [via('10.0.0.2'), via('10.0.0.3')], metric: 32 }),
          weftRoute('10.3.0.0/26', { nextHops: [{ ...via('192.0.2.1'), onlink: true }] }),
          weftRoute('10.4.0.0/26', { nextHops: [via('fe80::2')] }),
          weftRoute('10.5.0.0/26', { type: 'blackhole' }),
          weftRoute('10.6.0.1/32', { nextHops: [{ interfaceIndex: index }], scope: 'link', metric: 1024 }),
          weftRoute('10.7.0.0/26', { nextHops: [via('10.0.0.2')], preferredSource: address('10.0.0.1') }),
          weftRoute('10.8.0.0/26', { type: 'unreachable', table: otherTable }),
          weftRoute('fd01::/64', { nextHops: [via('fd00::2')], metric: 1024 }),
          weftRoute('fd02::/64', { nextHops: [via('fd00::2'), via('fd00::3')], metric: 32 }),
          weftRoute('fd03::/64', { type: 'blackhole', metric: 1024 }),
          weftRoute('fd04::1/128', { nextHops: [{ interfaceIndex: index }], metric: 1024 }),
        ];
        succeed(host, routes.map(add));
        const found = host.routes({ protocol: WEFT_ROUTE_PROTOCOL });
        expect(sorted(found)).toEqual(sorted(routes));
      });

      it('finds out the interface of a gateway', () => {
        const index = connect();
        const gateways = [{ gateway: address('10.0.0.2') }];
        succeed(host, [add(weftRoute('10.1.0.0/26', { nextHops: gateways }))]);
        expect(host.routes({ protocol: WEFT_ROUTE_PROTOCOL })[0]?.nextHops).toEqual([
          { gateway: '10.0.0.2', interfaceIndex: index },
        ]);
      });

      it('turns metric 0 and scope link of an IPv6 route into 1024 and global', () => {
        const index = connect();
        succeed(host, [
          add(weftRoute('fd04::1/128', { nextHops: [{ interfaceIndex: index }], metric: 0, scope: 'link' })),
        ]);
        expect(host.routes({ protocol: WEFT_ROUTE_PROTOCOL })).toMatchObject([
          { metric: 1024, scope: 'global' },
        ]);
      });

      it.each(['10.1.0.0/26', 'fd01::/64'])('adds %s once, whoever wrote the first', (destination) => {
        const route = weftRoute(destination, { type: 'blackhole', metric: 7 });
        const foreign = { ...route, protocol: staticProtocol };
        expect(errnos(host, [add(route), add(route), add(foreign)])).toEqual([null, 'EEXIST', 'EEXIST']);
      });

      it.each([
        ['10.1.0.0/26', '10.0.0.2', '10.0.0.3'],
        ['fd01::/64', 'fd00::2', 'fd00::3'],
      ])('replaces %s with its whole next-hop set, whoever wrote it', (destination, one, two) => {
        connect();
        const nextHops = [{ gateway: address(one) }, { gateway: address(two) }];
        const multipath = weftRoute(destination, { nextHops, metric: 7 });
        const drop = weftRoute(destination, { type: 'blackhole', metric: 7 });
        const foreign = { ...multipath, nextHops: nextHops.slice(0, 1), protocol: staticProtocol };
        for (const route of [foreign, multipath, drop, multipath, foreign]) {
          succeed(host, [{ op: 'replace-route', route }]);
          const { type, protocol } = route;
          const found = host
            .routes({ table: MAIN_TABLE })
            .filter((other) => other.destination === destination);
          expect(found).toMatchObject([{ type, protocol }]);
          expect(found[0]?.nextHops.map(({ gateway }) => gateway)).toEqual(
            route.nextHops.map(({ gateway }) => gateway),
          );
        }
      });

      it.each(['10.1.0.0/26', 'fd01::/64'])(
        'deletes %s only under its own protocol, metric and table',
        (text) => {
          const route = weftRoute(text, { type: 'blackhole', metric: 7 });
          succeed(host, [add(route)]);
          const others = [{ protocol: staticProtocol }, { metric: 8 }, { table: otherTable }];
          const changes = others.map(
            (other): Change => ({ op: 'delete-route', route: { ...route, ...other } }),
          );
          expect(errnos(host, changes)).toEqual(['ESRCH', 'ESRCH', 'ESRCH']);
          expect(mainRoutes(host)).toHaveLength(1);
          succeed(host, [{ op: 'delete-route', route }]);
          expect(mainRoutes(host)).toEqual([]);
        },
      );

      it.each([
        ['10.1.0.0/26', '10.0.0.2', '10.0.0.3'],
        ['fd01::/64', 'fd00::2', 'fd00::3'],
      ])('deletes %s whatever its next hops and type are by now', (destination, one, two) => {
        connect();
        const nextHops = [{ gateway: address(one) }, { gateway: address(two) }];
        succeed(host, [add(weftRoute(destination, { nextHops, metric: 7 }))]);
        succeed(host, [
          {
            op: 'delete-route',
            route: weftRoute(destination, { type: 'blackhole', metric: 7, scope: 'link' }),
          },
        ]);
        expect(host.routes({ protocol: WEFT_ROUTE_PROTOCOL })).toEqual([]);
      });

      it('takes metric 0 as any metric when it deletes an IPv4 route, the lowest first', () => {
        const route = weftRoute('10.1.0.0/26', { type: 'blackhole' });
        succeed(host, [add({ ...route, metric: 9 }), add({ ...route, metric: 8 })]);
        succeed(host, [{ op: 'delete-route', route }]);
        expect(mainRoutes(host)).toMatchObject([{ metric: 9 }]);
      });

      it('says why it refuses a next hop', () => {
        const index = connect();
        succeed(host, [{ op: 'add-bridge', name: 'br0' }]);
        const nextHops: [string, NextHop][] = [
          ['10.1.0.0/26', { gateway: address('192.0.2.1') }],
          ['fd01::/64', { gateway: address('fd99::1') }],
          ['10.1.0.0/26', { gateway: address('192.0.2.1'), interfaceIndex: index }],
          ['10.1.0.0/26', { interfaceIndex: 99 }],
          ['fd01::/64', { interfaceIndex: 99 }],
          ['10.1.0.0/26', { interfaceIndex: linkOf(host, 'br0').index }],
          ['fd01::/64', { interfaceIndex: linkOf(host, 'br0').index }],
        ];
        const changes = nextHops.map(([text, nextHop]) => add(weftRoute(text, { nextHops: [nextHop] })));
        expect(errnos(host, changes)).toEqual([
          'ENETUNREACH',
          'EHOSTUNREACH',
          'ENETUNREACH',
          'ENODEV',
          'ENODEV',
          'ENETDOWN',
          'ENETDOWN',
        ]);
        expect(host.apply(changes)[0]).toEqual({
          errno: 'ENETUNREACH',
          message: 'Nexthop has invalid gateway',
        });
      });

      it('reads by family, table and protocol; a table without routes is empty', () => {
        const drop = (text: string, rest: Partial<Route>): Route =>
          weftRoute(text, { type: 'blackhole', metric: 7, ...rest });
        const routes = [
          drop('10.1.0.0/26', {}),
          drop('10.2.0.0/26', { protocol: staticProtocol }),
          drop('10.3.0.0/26', { table: otherTable }),
          drop('fd01::/64', {}),
        ];
        succeed(host, routes.map(add));
        const destinations = (filter: Parameters<Kernel['routes']>[0]): string[] =>
          sorted(host.routes(filter).map(({ destination }) => destination));
        expect(destinations({ protocol: WEFT_ROUTE_PROTOCOL })).toEqual([
          '10.1.0.0/26',
          '10.3.0.0/26',
          'fd01::/64',
        ]);
        expect(destinations({ protocol: WEFT_ROUTE_PROTOCOL, family: 4, table: MAIN_TABLE })).toEqual([
          '10.1.0.0/26',
        ]);
        expect(destinations({ table: otherTable })).toEqual(['10.3.0.0/26']);
        expect(destinations({ table: otherTable, family: 6 })).toEqual([]);
        expect(destinations({ table: 4242 })).toEqual([]);
      });

      it('finds the route packets take: the longest match, then the lowest metric', () => {
        const index = connect();
        const nextHops = [{ interfaceIndex: index }];
        const wide = weftRoute('10.1.0.0/26', { nextHops, metric: 5 });
        const near = weftRoute('10.1.0.7/32', { nextHops, metric: 7 });
        const ipv6 = weftRoute('fd01::7/128', { nextHops, metric: 7 });
        const drop = weftRoute('10.1.0.8/32', { type: 'blackhole' });
        const drop6 = weftRoute('fd01::8/128', { type: 'blackhole', metric: 7 });
        succeed(host, [wide, { ...near, metric: 9 }, near, ipv6, drop, drop6].map(add));
        const found = ['10.1.0.1', '10.1.0.7', 'fd01::7'].map((text) => host.lookup(address(text)));
        expect(found).toEqual([wide, near, ipv6]);
        const lost = ['10.1.0.8', 'fd01::8', '192.0.2.1', 'fd99::1'].map((text) =>
          host.lookup(address(text)),
        );
        expect(lost).toEqual([undefined, undefined, undefined, undefined]);
      });

      it('answers each of many changes, and goes on after those that fail', () => {
        const routes = Array.from({ length: 1000 }, (_, index) =>
          weftRoute(`10.1.${index >> 8}.${index & 255}/32`, { type: 'blackhole' }),
        );
        const everyThird = routes.filter((_, index) => index % 3 === 0);
        succeed(host, everyThird.map(add));
        expect(errnos(host, routes.map(add))).toEqual(
          routes.map((_, index) => (index % 3 === 0 ? 'EEXIST' : null)),
        );
        expect(mainRoutes(host)).toHaveLength(1000);
        succeed(
          host,
          routes.map((route): Change => ({ op: 'delete-route', route })),
        );
        expect(mainRoutes(host)).toEqual([]);
      });
    });

    describe('neighbours', () => {
      it('writes permanent entries over each other and deletes them once', () => {
        succeed(host, [addVeth()]);
        const { index } = linkOf(host, 'cali1');
        succeed(host, [{ op: 'set-link', index, up: true }]);
        const neighbours = ['10.0.0.2', 'fd00::2'].map((text) => ({
          interfaceIndex: index,
          address: address(text),
          mac: podMac,
        }));
        for (const mac of [hostMac, podMac])
          succeed(
            host,
            neighbours.map(
              (neighbour): Change => ({ op: 'replace-neighbour', neighbour: { ...neighbour, mac } }),
            ),
          );
        expect(sorted(host.neighbours())).toEqual(sorted(neighbours));
        const remove = neighbours.map((neighbour): Change => ({ op: 'delete-neighbour', neighbour }));
        expect(errnos(host, [...remove, ...remove])).toEqual([null, null, 'ENOENT', 'ENOENT']);
        expect(host.neighbours()).toEqual([]);
      });

      it('answers ENODEV for a link that is not there', () => {
        const neighbour = { interfaceIndex: 99, address: address('10.0.0.2'), mac: podMac };
        const changes: Change[] = [
          { op: 'replace-neighbour', neighbour },
          { op: 'delete-neighbour', neighbour },
        ];
        expect(errnos(host, changes)).toEqual(['ENODEV', 'ENODEV']);
      });
    });

    describe('events', () => {
      const listen = (kernel: Kernel): KernelEvent[] => {
        const events: KernelEvent[] = [];
        kernel.subscribe((event) => events.push(event));
        return events;
      };
      /** Waits for a route that is written last, so that everything before it has arrived. */
      const settle = async (events: KernelEvent[]): Promise<void> => {
        const marker = weftRoute('203.0.113.0/24', { type: 'blackhole', protocol: staticProtocol });
        succeed(host, [add(marker), { op: 'delete-route', route: marker }]);
        const last = { kind: 'route', op: 'delete', route: marker };
        await vi.waitFor(() => expect(events).toContainEqual(last), { timeout: 5000, interval: 5 });
      };
      const isWeftRoute = (event: KernelEvent): boolean =>
        event.kind === 'route' && event.route.protocol === WEFT_ROUTE_PROTOCOL;

      it('tells of our own changes, after they are made, in order', async () => {
        const index = connect();
        const events = listen(host);
        const nextHops = [{ gateway: address('10.0.0.2'), interfaceIndex: index }];
        const route = weftRoute('10.1.0.0/26', { nextHops });
        const drop = weftRoute('10.1.0.0/26', { type: 'blackhole' });
        const extra = addAddress(index, '10.9.0.1', 32);
        succeed(host, [
          add(route),
          { op: 'replace-route', route: drop },
          { op: 'delete-route', route: drop },
        ]);
        succeed(host, [extra, { op: 'set-link', index, mtuBytes: 1280 }]);
        expect(events).toEqual([]);
        await settle(events);
        expect(events.filter(isWeftRoute)).toEqual([
          { kind: 'route', op: 'new', route },
          { kind: 'route', op: 'new', route: drop },
          { kind: 'route', op: 'delete', route: drop },
        ]);
        expect(events).toContainEqual({ kind: 'address', op: 'new', address: extra.address });
        expect(events).toContainEqual({
          kind: 'link',
          op: 'new',
          link: expect.objectContaining({ index, mtuBytes: 1280 }),
        });
      });

      it('announces IPv6 routes that go with their link, and IPv4 routes not', async () => {
        const index = connect();
        const nextHops = [{ interfaceIndex: index }];
        const ipv4 = weftRoute('10.1.0.1/32', { nextHops, scope: 'link', metric: 1024 });
        const ipv6 = weftRoute('fd01::1/128', { nextHops, metric: 1024 });
        succeed(host, [add(ipv4), add(ipv6)]);
        const events = listen(host);
        succeed(host, [{ op: 'set-link', index, up: false }]);
        await settle(events);
        expect(host.routes({ protocol: WEFT_ROUTE_PROTOCOL })).toEqual([]);
        expect(events.filter(isWeftRoute)).toEqual([{ kind: 'route', op: 'delete', route: ipv6 }]);
        expect(events).toContainEqual({
          kind: 'link',
          op: 'new',
          link: expect.objectContaining({ index, up: false }),
        });
      });

      it('tells of a link that goes because its other end went', async () => {
        connect();
        const events = listen(host);
        succeed(pod, [{ op: 'delete-link', index: linkOf(pod, 'eth0').index }]);
        await settle(events);
        expect(events).toContainEqual({
          kind: 'link',
          op: 'delete',
          link: expect.objectContaining({ name: 'cali1' }),
        });
      });

      it('does not take a link for gone that only left its bridge', async () => {
        const index = connect();
        succeed(host, [{ op: 'add-bridge', name: 'br0' }]);
        succeed(host, [{ op: 'set-link', index, masterIndex: linkOf(host, 'br0').index }]);
        const events = listen(host);
        succeed(host, [{ op: 'set-link', index, masterIndex: 0 }]);
        await settle(events);
        expect(events.filter((event) => event.kind === 'link' && event.op === 'delete')).toEqual([]);
      });

      it('stops when told to, and serves the other listeners', async () => {
        const events = listen(host);
        const others: KernelEvent[] = [];
        const stop = host.subscribe((event) => others.push(event));
        stop();
        await settle(events);
        expect(others).toEqual([]);
      });
    });

    describe('sysctls', () => {
      it('belong to the namespace, and keep their place among other changes', () => {
        const key = 'net/ipv4/conf/cali1/proxy_arp';
        const write: Change = { op: 'write-sysctl', key, value: '1' };
        expect(errnos(host, [write, addVeth(), write])).toEqual(['ENOENT', null, null]);
        expect([host.readSysctl(key), pod.readSysctl(key)]).toEqual(['1', undefined]);
        expect(host.writeSysctl(key, '0')).toBeNull();
        expect(host.readSysctl(key)).toBe('0');
      });

      it('answers ENOENT for a key that does not exist', () => {
        const key = 'net/ipv4/conf/nothing/proxy_arp';
        expect([host.writeSysctl(key, '1'), host.readSysctl(key)]).toEqual([{ errno: 'ENOENT' }, undefined]);
      });
    });

    it('refuses to open a namespace that is not there', () => {
      expect(host.openNetns('/run/netns/wt-kernel-none')).toMatchObject({ kind: 'refused', errno: 'ENOENT' });
    });
  });
}

function addAddress(interfaceIndex: number, text: string, prefixLength: number) {
  return {
    op: 'add-address',
    address: { interfaceIndex, address: address(text), prefixLength, scope: 'global' },
    duplicateAddressDetection: false,
  } as const;
}

function add(route: Route): Change {
  return { op: 'add-route', route };
}

function weftRoute(destination: string, rest: Partial<Route>): Route {
  return {
    table: MAIN_TABLE,
    destination: prefix(destination),
    metric: 0,
    type: 'unicast',
    protocol: WEFT_ROUTE_PROTOCOL,
    scope: 'global',
    nextHops: [],
    ...rest,
  };
}

/** Without what IPv6 makes for itself: a fake has no link-local addresses. */
function mainRoutes(kernel: Kernel): Route[] {
  return kernel
    .routes({ table: MAIN_TABLE })
    .filter(
      ({ destination }) => destination !== 'fe80::/64' && destination !== hostPrefix(address('fe80::')),
    );
}

function sorted<T>(values: readonly T[]): T[] {
  return [...values].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}
