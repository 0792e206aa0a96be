/** What the kernel does with a packet: asked of the kernel itself, since routes of others and policy rules count too. */
import type { KernelLookup, KernelRoute } from '@weft/control';
import { containsAddress, prefixLength } from '@weft/ip';
import { type Kernel, MAIN_TABLE, type Route, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import type { Destination } from './destination.ts';

/** By their numbers in /etc/iproute2/rt_protos. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'redirect',
  2: 'kernel',
  3: 'boot',
  4: 'static',
  9: 'ra',
  11: 'zebra',
  12: 'bird',
  16: 'dhcp',
  186: 'bgp',
  188: 'ospf',
  [WEFT_ROUTE_PROTOCOL]: 'weft',
};

/** Looks the destination up as a packet of this host would; one that is dropped costs a reading of the main table. */
export function kernelLookup(kernel: Kernel, { address, family }: Destination): KernelLookup {
  const found = kernel.lookup(address);
  const route = found ?? droppingRoute(kernel, { address, family });
  if (route === undefined) return { address };
  const names = new Map(kernel.links().map(({ index, name }) => [index, name]));
  return { address, [found === undefined ? 'dropping' : 'route']: toKernelRoute(route, names) };
}

function droppingRoute(
  kernel: Kernel,
  { address, family }: Pick<Destination, 'address' | 'family'>,
): Route | undefined {
  return kernel
    .routes({ family, table: MAIN_TABLE })
    .filter(({ destination }) => containsAddress(destination, address))
    .sort(
      (left, right) =>
        prefixLength(right.destination) - prefixLength(left.destination) || left.metric - right.metric,
    )[0];
}

function toKernelRoute(
  { destination, metric, nextHops, protocol, table, type }: Route,
  names: ReadonlyMap<number, string>,
): KernelRoute {
  return {
    prefix: destination,
    type,
    via: nextHops.map(({ gateway, interfaceIndex = 0 }) => ({
      gateway,
      interface: names.get(interfaceIndex) ?? `if${interfaceIndex}`,
    })),
    metric,
    table,
    protocol: PROTOCOLS[protocol] ?? `${protocol}`,
  };
}
