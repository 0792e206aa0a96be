/**
 * Two namespaces for one test of the suite, and the words its tests are written in.
 */
import { address, prefix } from '@weft/ip';
import { expect } from 'vitest';
import type { Change, Kernel, Link, Route } from '../kernel.ts';
import { MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from '../route.ts';

/** Two namespaces of one machine, made for one test. */
export interface TestMachine {
  readonly host: Kernel;
  readonly pod: Kernel;
  /** A UDP packet from each of these addresses of the host to its own port 9, where packets are tracked. */
  talkToOneself(addresses: readonly string[]): void;
  /** Closes both and removes the namespaces. */
  remove(): void;
}

export const staticProtocol = 4;
export const hostMac = 'ee:ee:ee:ee:ee:ee';
export const podMac = '02:00:00:00:00:42';

/** The link, which has to be there. */
export function linkOf(kernel: Kernel, name: string): Link {
  const link = kernel.link(name);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

/** Makes the changes; the errno of each, null where it took effect. */
export function errnos(kernel: Kernel, changes: readonly Change[]): (string | null)[] {
  return kernel.apply(changes).map((result) => result?.errno ?? null);
}

/** Makes changes that have to take effect. */
export function succeed(kernel: Kernel, changes: readonly Change[]): void {
  expect(errnos(kernel, changes)).toEqual(changes.map(() => null));
}

/** A veth `cali1` whose peer is `eth0` of the pod. */
export function addVeth(pod: Kernel): Change {
  return {
    op: 'add-veth',
    host: { name: 'cali1', mac: hostMac, mtuBytes: 1400 },
    peer: { name: 'eth0', mac: podMac, mtuBytes: 1300, netnsFd: pod.netnsFd },
  };
}

/** That veth, up at both ends, with 10.0.0.1/24 and fd00::1/64 on the host's. Answers the host's index. */
export function connect(host: Kernel, pod: Kernel): number {
  succeed(host, [addVeth(pod)]);
  const { index } = linkOf(host, 'cali1');
  succeed(pod, [{ op: 'set-link', index: linkOf(pod, 'eth0').index, up: true }]);
  succeed(host, [
    { op: 'set-link', index, up: true },
    addAddress(index, '10.0.0.1', 24),
    addAddress(index, 'fd00::1', 64),
  ]);
  return index;
}

/** Adds an address of global scope, usable at once. */
export function addAddress(
  interfaceIndex: number,
  text: string,
  prefixLength: number,
): Extract<Change, { op: 'add-address' }> {
  return {
    op: 'add-address',
    address: { interfaceIndex, address: address(text), prefixLength, scope: 'global' },
    duplicateAddressDetection: false,
  };
}

/** Adds a route. */
export function add(route: Route): Change {
  return { op: 'add-route', route };
}

/** A route of weft in the main table, with metric 0 and no next hop but for what the rest says. */
export function weftRoute(destination: string, rest: Partial<Route>): Route {
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

/** The main table without what IPv6 makes for itself: a fake has no link-local addresses. */
export function mainRoutes(kernel: Kernel): Route[] {
  return kernel.routes({ table: MAIN_TABLE }).filter(({ destination }) => destination !== 'fe80::/64');
}

/** In an order that does not depend on where the values come from. */
export function sorted<T>(values: readonly T[]): T[] {
  return [...values].sort((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1));
}
