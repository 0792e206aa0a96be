import { address, prefix } from '@weft/ip';
import { KernelError, type Link, type Route, type RouterListener } from '@weft/kernel';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkRouters } from './link-routers.ts';

const ONE = address('fe80::1');
const OTHER = address('fe80::2');

function link(name: string, index: number): Link {
  return { index, name, mac: '02:00:00:00:00:01', mtuBytes: 1500, up: true, running: true, type: 'veth' };
}

/** Links as they are now, what was sent on them, and how something is heard. */
function scene() {
  const links = new Map([['eth1', link('eth1', 7)]]);
  const sent: string[] = [];
  const open: { heard: RouterListener; closed: boolean }[] = [];
  const changed = vi.fn();
  const sessions = new Set<string>();
  const kernel = { link: (name: string) => links.get(name), links: () => [...links.values()] };
  const routers = new LinkRouters({
    kernel,
    open: ({ name }, heard) => {
      const socket = { heard, closed: false };
      open.push(socket);
      return {
        send: (kind) => void sent.push(`${kind} ${name}`),
        close: () => {
          socket.closed = true;
        },
      };
    },
    log: createLogger({ name: 'test', level: 'error' }),
    now: () => performance.now(),
    hasSession: ({ address: peer, interface: name }) => sessions.has(`${peer}%${name}`),
    changed,
  });
  return { kernel, links, sent, open, changed, routers, sessions };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('the router on a link', () => {
  it('is asked for, told of us, and known by its advertisement', () => {
    const { changed, open, routers, sent } = scene();
    routers.want(['eth1']);
    expect(sent).toEqual(['solicitation eth1', 'advertisement eth1']);
    const before = routers.routers;
    open[0]?.heard('advertisement', ONE);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE }]);
    expect(routers.routers).not.toBe(before);
    expect(changed).toHaveBeenCalledTimes(1);
    const known = routers.routers;
    open[0]?.heard('advertisement', ONE);
    expect(routers.routers).toBe(known);
    routers.close();
  });

  it('is looked for again when the kernel could not answer', () => {
    const { kernel, open, routers } = scene();
    const link = vi.spyOn(kernel, 'link').mockImplementation(() => {
      throw new KernelError("cannot receive the kernel's answer", 'ENOBUFS');
    });
    routers.want(['eth1']);
    vi.advanceTimersByTime(3_000);
    expect(open).toEqual([]);
    link.mockRestore();
    vi.advanceTimersByTime(1_000);
    open[0]?.heard('advertisement', ONE);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE }]);
    routers.close();
  });

  it('is answered when it asks, and told every ten seconds', () => {
    const { open, routers, sent } = scene();
    routers.want(['eth1']);
    open[0]?.heard('advertisement', ONE);
    vi.advanceTimersByTime(10_000);
    sent.length = 0;
    open[0]?.heard('solicitation', ONE);
    expect(sent).toEqual(['advertisement eth1']);
    vi.advanceTimersByTime(30_000);
    expect(sent).toEqual(Array(4).fill('advertisement eth1'));
    routers.close();
  });

  it('gives way to another only after it has been silent', () => {
    const { open, routers } = scene();
    routers.want(['eth1']);
    open[0]?.heard('advertisement', ONE);
    vi.advanceTimersByTime(39_000);
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE, others: [OTHER] }]);
    vi.advanceTimersByTime(2000);
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: OTHER }]);
    routers.close();
  });

  it('never gives way to another while it has a session', () => {
    const { open, routers, sessions } = scene();
    routers.want(['eth1']);
    open[0]?.heard('advertisement', ONE);
    sessions.add(`${ONE}%eth1`);
    vi.advanceTimersByTime(100_000);
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE, others: [OTHER] }]);
    sessions.clear();
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: OTHER }]);
    routers.close();
  });

  it('has others beside it, four at most, for as long as they are heard', () => {
    const { changed, open, routers } = scene();
    routers.want(['eth1']);
    open[0]?.heard('advertisement', ONE);
    changed.mockClear();
    for (let last = 9; last > 1; last -= 1) open[0]?.heard('advertisement', address(`fe80::${last}`));
    expect(routers.routers[0]?.others).toEqual(['fe80::6', 'fe80::7', 'fe80::8', 'fe80::9']);
    expect(changed).toHaveBeenCalledTimes(4);
    vi.advanceTimersByTime(20_000);
    open[0]?.heard('advertisement', address('fe80::7'));
    vi.advanceTimersByTime(21_000);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE, others: ['fe80::7'] }]);
    expect(changed).toHaveBeenCalledTimes(5);
    routers.close();
  });

  it('is known from the routes of an earlier weftd, unless it does not answer and another is heard', () => {
    const { open, routers } = scene();
    const route = {
      destination: prefix('10.1.0.0/26'),
      nextHops: [{ gateway: ONE, interfaceIndex: 7 }],
    } as unknown as Route;
    routers.adopt([route]);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE }]);
    routers.want(['eth1']);
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: ONE, others: [OTHER] }]);
    vi.advanceTimersByTime(5000);
    open[0]?.heard('advertisement', OTHER);
    expect(routers.routers).toEqual([{ interface: 'eth1', address: OTHER }]);
    routers.close();
  });

  it('is looked for anew when the interface is another, and no more when nobody wants it', () => {
    const { links, open, routers } = scene();
    routers.want(['eth1']);
    links.set('eth1', link('eth1', 8));
    vi.advanceTimersByTime(1000);
    expect(open.map(({ closed }) => closed)).toEqual([true, false]);
    links.delete('eth1');
    vi.advanceTimersByTime(1000);
    expect(open.map(({ closed }) => closed)).toEqual([true, true]);
    links.set('eth1', link('eth1', 9));
    vi.advanceTimersByTime(1000);
    expect(open).toHaveLength(3);
    routers.want([]);
    expect(open[2]?.closed).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
