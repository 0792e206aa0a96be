/**
 * Routes, as every kernel keeps them: what identifies one, what is refused, whose may be deleted.
 */
import { address } from '@weft/ip';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, Kernel, NextHop, Route } from '../kernel.ts';
import { MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from '../route.ts';
import {
  add,
  connect,
  errnos,
  linkOf,
  mainRoutes,
  sorted,
  staticProtocol,
  succeed,
  type TestMachine,
  weftRoute,
} from './test-machine.ts';

const otherTable = 1000;

/** One part of `describeKernel`. */
export function describeRoutes(machine: () => TestMachine): void {
  describe('routes', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

    it('keeps every kind of route as written, but for what the kernel fills in', () => {
      const index = connect(host, pod);
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
      const index = connect(host, pod);
      const gateways = [{ gateway: address('10.0.0.2') }];
      succeed(host, [add(weftRoute('10.1.0.0/26', { nextHops: gateways }))]);
      expect(host.routes({ protocol: WEFT_ROUTE_PROTOCOL })[0]?.nextHops).toEqual([
        { gateway: '10.0.0.2', interfaceIndex: index },
      ]);
    });

    it('turns metric 0 and scope link of an IPv6 route into 1024 and global', () => {
      const index = connect(host, pod);
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
      connect(host, pod);
      const nextHops = [{ gateway: address(one) }, { gateway: address(two) }];
      const multipath = weftRoute(destination, { nextHops, metric: 7 });
      const drop = weftRoute(destination, { type: 'blackhole', metric: 7 });
      const foreign = { ...multipath, nextHops: nextHops.slice(0, 1), protocol: staticProtocol };
      for (const route of [foreign, multipath, drop, multipath, foreign]) {
        succeed(host, [{ op: 'replace-route', route }]);
        const { type, protocol } = route;
        const found = host.routes({ table: MAIN_TABLE }).filter((other) => other.destination === destination);
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
      connect(host, pod);
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
      const index = connect(host, pod);
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
      const index = connect(host, pod);
      const nextHops = [{ interfaceIndex: index }];
      const wide = weftRoute('10.1.0.0/26', { nextHops, metric: 5 });
      const near = weftRoute('10.1.0.7/32', { nextHops, metric: 7 });
      const ipv6 = weftRoute('fd01::7/128', { nextHops, metric: 7 });
      const drop = weftRoute('10.1.0.8/32', { type: 'blackhole' });
      const drop6 = weftRoute('fd01::8/128', { type: 'blackhole', metric: 7 });
      succeed(host, [wide, { ...near, metric: 9 }, near, ipv6, drop, drop6].map(add));
      const found = ['10.1.0.1', '10.1.0.7', 'fd01::7'].map((text) => host.lookup(address(text)));
      expect(found).toEqual([wide, near, ipv6]);
      const lost = ['10.1.0.8', 'fd01::8', '192.0.2.1', 'fd99::1'].map((text) => host.lookup(address(text)));
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
}
