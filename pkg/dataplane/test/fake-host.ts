/**
 * A host in a fake kernel: eth0 with 10.0.0.1/24 and fd00::1/64, one workload interface, and routes of others.
 */
import type { DesiredNextHop, DesiredRoute, RouteClass } from '@weft/calc';
import { address, prefix } from '@weft/ip';
import { type Change, FakeKernel, type Kernel, MAIN_TABLE, type Route } from '@weft/kernel';

/** Applies changes that must succeed. */
export function succeed(kernel: Kernel, ...changes: Change[]): void {
  const refused = kernel.apply(changes).filter((result) => result !== null);
  if (refused.length > 0) throw new Error(`the kernel refused: ${JSON.stringify(refused)}`);
}

/** The index of an interface that is there. */
export function indexOf(kernel: Kernel, name: string): number {
  const link = kernel.link(name);
  if (link === undefined) throw new Error(`there is no interface ${name}`);
  return link.index;
}

/** Makes an interface and sets it up. */
export function addInterface(kernel: Kernel, name: string, ...addresses: readonly string[]): void {
  succeed(kernel, { op: 'add-bridge', name });
  const interfaceIndex = indexOf(kernel, name);
  succeed(kernel, { op: 'set-link', index: interfaceIndex, up: true });
  for (const item of addresses) {
    const [text = '', length = ''] = item.split('/');
    succeed(kernel, {
      op: 'add-address',
      address: { interfaceIndex, address: address(text), prefixLength: Number(length), scope: 'global' },
    });
  }
}

/** The host of this file. */
export function fakeHost(): FakeKernel {
  const kernel = new FakeKernel();
  kernel.writeSysctl('net/ipv4/ip_forward', '0');
  addInterface(kernel, 'eth0', '10.0.0.1/24', 'fd00::1/64');
  addInterface(kernel, 'cali1');
  return kernel;
}

/** A route somebody writes by hand: protocol boot, in the main table, by way of 10.0.0.9 unless told otherwise. */
export function handMade(kernel: Kernel, destination: string, changes: Partial<Route> = {}): Route {
  return {
    table: MAIN_TABLE,
    destination: prefix(destination),
    metric: 1024,
    type: 'unicast',
    protocol: 3,
    scope: 'global',
    nextHops: [{ gateway: address('10.0.0.9'), interfaceIndex: indexOf(kernel, 'eth0') }],
    ...changes,
  };
}

/** A desired route by its gateways ("10.0.0.2", out of eth0) or interfaces ("cali1"); a blackhole when there are none. */
export function desired(
  destination: string,
  via: readonly string[],
  changes: Partial<DesiredRoute> = {},
): DesiredRoute {
  const hops = via.map(
    (text): DesiredNextHop =>
      text.includes('.') || text.includes(':')
        ? { gateway: address(text), interface: 'eth0' }
        : { interface: text },
  );
  return {
    destination: prefix(destination),
    type: via.length === 0 ? 'blackhole' : 'unicast',
    via: hops,
    metric: 1024,
    class: classOf(hops),
    reason: 'the test wants it',
    ...changes,
  };
}

function classOf(hops: readonly DesiredNextHop[]): RouteClass {
  if (hops.length === 0) return 'blackhole';
  return hops.every(({ gateway }) => gateway === undefined) ? 'local-workload' : 'no-encap';
}
