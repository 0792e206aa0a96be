/**
 * Events, as every kernel sends them, and those that Linux does not send.
 */
import { address } from '@weft/ip';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Kernel, KernelEvent } from '../kernel.ts';
import { WEFT_ROUTE_PROTOCOL } from '../route.ts';
import {
  add,
  addAddress,
  connect,
  linkOf,
  staticProtocol,
  succeed,
  type TestMachine,
  weftRoute,
} from './test-machine.ts';

/** One part of `describeKernel`. */
export function describeEvents(machine: () => TestMachine): void {
  describe('events', () => {
    let host: Kernel;
    let pod: Kernel;
    beforeEach(() => {
      ({ host, pod } = machine());
    });

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

    it('hands out what waits when asked, and not again later', async () => {
      const events = listen(host);
      const route = weftRoute('10.1.0.0/26', { type: 'blackhole' });
      succeed(host, [add(route)]);
      expect(host.readEvents()).toBe(false);
      expect(events).toEqual([{ kind: 'route', op: 'new', route }]);
      await settle(events);
      expect(events.filter(isWeftRoute)).toHaveLength(1);
    });

    it('tells of our own changes, after they are made, in order', async () => {
      const index = connect(host, pod);
      const events = listen(host);
      const nextHops = [{ gateway: address('10.0.0.2'), interfaceIndex: index }];
      const route = weftRoute('10.1.0.0/26', { nextHops });
      const drop = weftRoute('10.1.0.0/26', { type: 'blackhole' });
      const extra = addAddress(index, '10.9.0.1', 32);
      succeed(host, [add(route), { op: 'replace-route', route: drop }, { op: 'delete-route', route: drop }]);
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
      const index = connect(host, pod);
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
      connect(host, pod);
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
      const index = connect(host, pod);
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
}
