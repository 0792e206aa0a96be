/**
 * Reads the local facts: what `@weft/calc` knows of this node's kernel.
 */
import type { LocalFacts, LocalInterface, UnderlayRoute } from '@weft/calc';
import {
  type InterfaceAddress,
  type InterfaceIndex,
  type Kernel,
  type Link,
  MAIN_TABLE,
  type NextHop,
  type Route,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';

/** How the host's end of a workload's veth pair begins unless told; those interfaces are no facts but weft's own doing. */
const workloadPrefixes: readonly string[] = ['cali'];

/** True for the host's end of a workload's veth pair. */
export function isWorkloadInterface(name: string, prefixes: readonly string[] = workloadPrefixes): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

/** Reads them all. Throws KernelError when the kernel cannot be read. */
export function readFacts(kernel: Kernel, prefixes: readonly string[] = workloadPrefixes): LocalFacts {
  const links = kernel.links().filter(({ name }) => !isWorkloadInterface(name, prefixes));
  const names = new Map(links.map(({ index, name }) => [index, name]));
  const addresses = Map.groupBy(kernel.addresses(), ({ interfaceIndex }) => interfaceIndex);
  const routes = kernel
    .routes({ table: MAIN_TABLE })
    .filter(({ protocol }) => protocol !== WEFT_ROUTE_PROTOCOL);
  return {
    interfaces: links
      .toSorted((left, right) => left.index - right.index)
      .map((link) => localInterface(link, addresses.get(link.index) ?? [])),
    routes: routes.flatMap((route) => underlayRoutes(route, names)),
  };
}

function localInterface(
  { name, type, up, running, mtuBytes }: Link,
  addresses: readonly InterfaceAddress[],
): LocalInterface {
  return {
    name,
    ...(name === 'lo' || type === 'dummy' ? { leadsNowhere: true } : {}),
    up,
    running,
    mtuBytes,
    addresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
  };
}

function underlayRoutes(route: Route, names: ReadonlyMap<InterfaceIndex, string>): UnderlayRoute[] {
  const { destination, metric, nextHops, type } = route;
  if (type !== 'unicast') return dropsPackets(route) ? [{ destination, metric }] : [];
  return nextHops.flatMap((hop) => underlayRoute(route, hop, names) ?? []);
}

function dropsPackets({ type }: Route): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw';
}

function underlayRoute(
  { destination, metric }: Route,
  { gateway, interfaceIndex = 0, onlink }: NextHop,
  names: ReadonlyMap<InterfaceIndex, string>,
): UnderlayRoute | undefined {
  const name = names.get(interfaceIndex);
  if (name === undefined) return undefined;
  return {
    destination,
    metric,
    interface: name,
    ...(gateway === undefined ? {} : { gateway }),
    ...(onlink ? { onlink } : {}),
  };
}
