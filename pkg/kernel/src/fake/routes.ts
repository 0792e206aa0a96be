/**
 * Routes of the fake kernel: identity, the checks Linux makes on next hops, and whose route may be deleted.
 */
import { type Address, containsAddress, familyOf, isLinkLocal, prefixLength } from '@weft/ip';
import type { ChangeResult, NextHop, Route } from '../kernel.ts';
import { dropsPackets, MAIN_TABLE, normalizeRoute, routeKey } from '../route.ts';
import type { FakeNamespace } from './namespace.ts';

/** Adds a route; EEXIST when its table, destination and metric are taken. */
export function addRoute(namespace: FakeNamespace, given: Route): ChangeResult {
  const resolved = resolve(namespace, normalizeRoute(given));
  if ('errno' in resolved) return resolved;
  if (namespace.routes.some((route) => routeKey(route) === routeKey(resolved))) return { errno: 'EEXIST' };
  namespace.addRoute(resolved);
  return null;
}

/** Adds a route in place of the one with its table, destination and metric. */
export function replaceRoute(namespace: FakeNamespace, given: Route): ChangeResult {
  const resolved = resolve(namespace, normalizeRoute(given));
  if ('errno' in resolved) return resolved;
  namespace.removeRoutes((route) => routeKey(route) === routeKey(resolved), { silently: true });
  namespace.addRoute(resolved);
  return null;
}

/** Deletes by table, destination, metric and protocol; IPv4 takes metric 0 as any, and then the lowest. */
export function deleteRoute(namespace: FakeNamespace, given: Route): ChangeResult {
  const { table, destination, metric, protocol } = normalizeRoute(given);
  const [found] = namespace.routes
    .filter(
      (route) => route.table === table && route.destination === destination && route.protocol === protocol,
    )
    .filter((route) => route.metric === metric || (metric === 0 && familyOf(destination) === 4))
    .sort((left, right) => left.metric - right.metric);
  if (found === undefined) return { errno: 'ESRCH' };
  namespace.removeRoutes((route) => route === found);
  return null;
}

/** The route packets to an address take: the longest match, and of those the lowest metric. */
export function lookupRoute(namespace: FakeNamespace, destination: Address): Route | undefined {
  const [best] = namespace.routes
    .filter((route) => route.table === MAIN_TABLE && containsAddress(route.destination, destination))
    .sort(
      (left, right) =>
        prefixLength(right.destination) - prefixLength(left.destination) || left.metric - right.metric,
    );
  return best === undefined || dropsPackets(best.type) ? undefined : best;
}

/** Checks every next hop and fills in the interfaces the kernel finds out. */
function resolve(namespace: FakeNamespace, route: Route): Route | Exclude<ChangeResult, null> {
  if (dropsPackets(route.type)) return route;
  if (route.nextHops.length === 0) return { errno: 'ENODEV' };
  const nextHops: NextHop[] = [];
  for (const nextHop of route.nextHops) {
    const resolved = resolveNextHop(namespace, route, nextHop);
    if ('errno' in resolved) return resolved;
    nextHops.push(resolved);
  }
  return { ...route, nextHops };
}

function resolveNextHop(
  namespace: FakeNamespace,
  route: Route,
  nextHop: NextHop,
): NextHop | Exclude<ChangeResult, null> {
  const { gateway, interfaceIndex, onlink } = nextHop;
  if (interfaceIndex !== undefined) {
    const link = namespace.links.get(interfaceIndex);
    if (link === undefined) return { errno: 'ENODEV' };
    if (!link.up) return { errno: 'ENETDOWN' };
  }
  if (gateway === undefined || onlink === true) return nextHop;
  if (isLinkLocal(gateway) && familyOf(gateway) === 6)
    return interfaceIndex === undefined ? { errno: 'EINVAL' } : nextHop;
  const found = interfaceTo(namespace, gateway, interfaceIndex);
  if (found !== undefined) return { ...nextHop, interfaceIndex: found };
  return familyOf(route.destination) === 4
    ? { errno: 'ENETUNREACH', message: 'Nexthop has invalid gateway' }
    : { errno: 'EHOSTUNREACH' };
}

/** The link on which the gateway is a neighbour, by the longest match among routes without a gateway of their own. */
function interfaceTo(
  namespace: FakeNamespace,
  gateway: Address,
  through: number | undefined,
): number | undefined {
  const hop = lookupRoute(namespace, gateway)?.nextHops[0];
  if (hop === undefined || hop.gateway !== undefined) return undefined;
  return through === undefined || through === hop.interfaceIndex ? hop.interfaceIndex : undefined;
}
