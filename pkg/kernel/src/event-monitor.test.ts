import { address, prefix } from '@weft/ip';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KernelError } from './errno.ts';
import { EventMonitor } from './event-monitor.ts';
import type { Change, Kernel, KernelEvent } from './kernel.ts';
import { openKernel } from './linux-kernel.ts';
import { createNetns, deleteNetns, netnsPath } from './namespaces.ts';
import { eventGroups } from './netlink/event.ts';
import { type EventSink, pollEvents } from './netlink/event-source.ts';
import { openNetlinkFd } from './netlink/socket.ts';
import { withNetns } from './netns.ts';
import { MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from './route.ts';

describe('the event monitor', () => {
  const opened: { sink: EventSink; closed: boolean }[] = [];
  const openSource = (_fd: number, sink: EventSink) => {
    const source = { sink, closed: false };
    opened.push(source);
    return {
      close() {
        source.closed = true;
      },
      read: () => false,
    };
  };
  beforeEach(() => void opened.splice(0));
  afterEach(() => void vi.useRealTimers());

  it('has a socket only while somebody listens', () => {
    const monitor = new EventMonitor(() => 3, openSource);
    expect(opened).toHaveLength(0);
    const stops = [monitor.subscribe(() => {}), monitor.subscribe(() => {})];
    expect(opened).toHaveLength(1);
    for (const stop of stops) stop();
    expect(opened[0]?.closed).toBe(true);
    monitor.subscribe(() => {})();
    expect(opened).toHaveLength(2);
  });

  it('announces a loss after the new socket is there', () => {
    const monitor = new EventMonitor(() => 3, openSource);
    const seen: string[] = [];
    monitor.subscribe(({ kind }) => seen.push(`${kind} with ${opened.length} sockets opened`));
    opened[0]?.sink.failed('ENOBUFS');
    expect(seen).toEqual(['overrun with 2 sockets opened']);
  });

  it('keeps trying when no socket can be had, and announces the loss once there is one', () => {
    vi.useFakeTimers();
    let broken = false;
    const openFd = (): number => {
      if (broken) throw new KernelError('cannot open a netlink socket', 'EMFILE');
      return 3;
    };
    const monitor = new EventMonitor(openFd, openSource);
    const seen: KernelEvent[] = [];
    monitor.subscribe((event) => seen.push(event));
    broken = true;
    opened[0]?.sink.failed('ENOBUFS');
    vi.advanceTimersByTime(1000);
    expect(seen).toEqual([]);
    broken = false;
    vi.advanceTimersByTime(100);
    expect(seen).toEqual([{ kind: 'overrun' }]);
  });

  it('does not reopen for nobody', () => {
    const monitor = new EventMonitor(() => 3, openSource);
    monitor.subscribe(() => {})();
    opened[0]?.sink.failed('ENOBUFS');
    expect(opened).toHaveLength(1);
  });
});

describe('events of a real kernel (needs root)', () => {
  const name = `wt-kernel-${process.pid}-events`;
  let kernel: Kernel;
  beforeEach(() => {
    createNetns(name);
    kernel = openKernel({ netns: netnsPath(name) });
  });
  afterEach(() => {
    kernel.close();
    deleteNetns(name);
  });

  const routes = (count: number): Change[] =>
    Array.from({ length: count }, (_, index) => ({
      op: 'add-route',
      route: {
        table: MAIN_TABLE,
        destination: prefix(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}/32`),
        metric: 0,
        type: 'blackhole',
        protocol: WEFT_ROUTE_PROTOCOL,
        scope: 'global',
        nextHops: [],
      },
    }));
  const waitFor = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

  it('says so when it lost some, and goes on', async () => {
    const events: KernelEvent[] = [];
    kernel.subscribe((event) => events.push(event));
    // Nothing is read meanwhile, and this is more than the receive buffer holds.
    kernel.apply(routes(40_000));
    await waitFor(() => expect(events).toContainEqual({ kind: 'overrun' }));
    events.splice(0);
    const interfaceAddress = {
      interfaceIndex: 1,
      address: address('10.9.0.1'),
      prefixLength: 32,
      scope: 'global',
    } as const;
    kernel.apply([{ op: 'add-address', address: interfaceAddress }]);
    await waitFor(() =>
      expect(events).toContainEqual({ kind: 'address', op: 'new', address: interfaceAddress }),
    );
  });

  it('loses none of a burst that fits', async () => {
    let seen = 0;
    kernel.subscribe((event) => {
      expect(event.kind).toBe('route');
      seen += 1;
    });
    kernel.apply(routes(3000));
    await waitFor(() => expect(seen).toBe(3000));
  });

  it('come by the hundred in a turn of the event loop, and leave others their turn', async () => {
    let seen = 0;
    let turns = 0;
    let most = 0;
    kernel.subscribe(() => {
      seen += 1;
    });
    kernel.apply(routes(2000));
    for (let before = 0; seen < 2000 && turns < 2000; turns += 1, before = seen) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, seen - before);
    }
    expect(seen).toBe(2000);
    expect(turns).toBeLessThan(100);
    expect(most).toBeLessThan(500);
  });

  it('say that there are more than are read at once, and that they were lost', () => {
    const events: KernelEvent[] = [];
    kernel.subscribe((event) => events.push(event));
    kernel.apply(routes(1000));
    expect(kernel.readEvents()).toBe(true);
    expect(events.length).toBeLessThan(500);
    while (kernel.readEvents());
    expect(events).toHaveLength(1000);
    kernel.apply(routes(41_000));
    expect(kernel.readEvents()).toBe(false);
    expect(events.at(-1)).toEqual({ kind: 'overrun' });
  });

  it('come by the timer just as well', async () => {
    const inside = withNetns(kernel.netnsFd, () => openNetlinkFd(eventGroups));
    if (inside.kind !== 'done') throw new Error(inside.errno);
    const monitor = new EventMonitor(() => inside.value, pollEvents);
    const events: KernelEvent[] = [];
    const stop = monitor.subscribe((event) => {
      events.push(event);
      // Stopping from inside the callback must not read the closed descriptor.
      if (events.length === 2) stop();
    });
    kernel.apply(routes(3));
    await waitFor(() => expect(events).toHaveLength(2));
    expect(events).toMatchObject([
      { kind: 'route', op: 'new', route: { destination: '10.0.0.0/32' } },
      { kind: 'route', op: 'new', route: { destination: '10.0.0.1/32' } },
    ]);
  });
});
