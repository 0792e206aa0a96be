/**
 * Kernel state as text a reader of `ip route` knows, so that a whole table is compared at once.
 */
import { comparePrefixes, familyOf } from '@weft/ip';
import { type Kernel, MAIN_TABLE, type NextHop, type Route } from '@weft/kernel';

const protocols: Readonly<Record<number, string>> = { 2: 'kernel', 3: 'boot', 4: 'static', 119: 'weft' };

/** The main table, sorted, without the routes the kernel makes by itself for addresses and multicast. */
export function ipRouteText(kernel: Kernel): string {
  const names = new Map(kernel.links().map(({ index, name }) => [index, name]));
  return kernel
    .routes({ table: MAIN_TABLE })
    .filter(({ protocol }) => protocol !== 2)
    .sort((left, right) => comparePrefixes(left.destination, right.destination) || left.metric - right.metric)
    .map((route) => line(route, names))
    .join('\n');
}

function line(route: Route, names: ReadonlyMap<number, string>): string {
  const { destination, type, nextHops, protocol, scope, metric } = route;
  return [
    type === 'unicast' ? destination : `${type} ${destination}`,
    ...nextHops.map((hop) => nextHopText(hop, names, nextHops.length > 1)),
    `proto ${protocols[protocol] ?? protocol}`,
    ...(scope === 'link' && familyOf(destination) === 4 ? ['scope link'] : []),
    `metric ${metric}`,
  ].join(' ');
}

function nextHopText(
  { gateway, interfaceIndex = 0, onlink }: NextHop,
  names: ReadonlyMap<number, string>,
  several: boolean,
): string {
  const words = [
    ...(several ? ['nexthop'] : []),
    ...(gateway === undefined ? [] : [`via ${gateway}`]),
    `dev ${names.get(interfaceIndex) ?? interfaceIndex}`,
    ...(onlink ? ['onlink'] : []),
  ];
  return words.join(' ');
}

/** The expected text of a table, written with any indentation. */
export function text(block: string): string {
  return block
    .split('\n')
    .map((row) => row.trim())
    .filter((row) => row !== '')
    .join('\n');
}
