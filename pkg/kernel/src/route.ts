/**
 * What makes a route the same route: the kernel's own spelling of it, and the comparison of a wanted route with one
 * that is there.
 */
import { familyOf } from '@weft/ip';
import type { NextHop, Route, RouteType } from './kernel.ts';

/** The main routing table. Source: rtnetlink.h, RT_TABLE_MAIN */
export const MAIN_TABLE = 254;

/**
 * The number weft marks its routes with (`rtm_protocol`), so that it knows them again. Free in the kernel's list and in
 * iproute2's; `rt_protos.d` can name it `weft`.
 */
export const WEFT_ROUTE_PROTOCOL = 119;

/**
 * The route as the kernel will show it: IPv6 has no scopes and no metric 0 (it becomes 1024), and a route that drops
 * packets has no next hop (for IPv6 the kernel shows one by way of the loopback).
 */
export function normalizeRoute(route: Route): Route {
  const drops = dropsPackets(route.type);
  const ipv6 = familyOf(route.destination) === 6;
  const fits =
    !(drops && route.nextHops.length > 0) && !(ipv6 && (route.metric === 0 || route.scope !== 'global'));
  if (fits) return route;
  return {
    ...route,
    ...(drops ? { nextHops: [] } : {}),
    ...(ipv6 ? { scope: 'global', metric: route.metric === 0 ? 1024 : route.metric } : {}),
  };
}

/** True for the types whose packets go nowhere, and which therefore have no next hop. */
export function dropsPackets(type: RouteType): boolean {
  return type === 'blackhole' || type === 'unreachable' || type === 'prohibit' || type === 'throw';
}

/** The identity of a route in its kernel as a map key: table, destination, metric. */
export function routeKey(route: Route): string {
  const { table, destination, metric } = normalizeRoute(route);
  return `${table} ${destination} ${metric}`;
}

/**
 * True when the route the kernel shows is the wanted one. What the wanted route leaves open (the interface of a
 * gateway, the preferred source) the kernel may have filled in; the order of next hops does not matter. A route that
 * expires is never the wanted one, which is to stay.
 */
export function routeSatisfies(actual: Route, wanted: Route): boolean {
  const desired = normalizeRoute(wanted);
  return (
    routeKey(actual) === routeKey(desired) &&
    actual.type === desired.type &&
    actual.protocol === desired.protocol &&
    actual.scope === desired.scope &&
    actual.expires === undefined &&
    (desired.preferredSource === undefined || actual.preferredSource === desired.preferredSource) &&
    sameNextHops(actual.nextHops, desired.nextHops)
  );
}

function sameNextHops(actual: readonly NextHop[], desired: readonly NextHop[]): boolean {
  return (
    actual.length === desired.length &&
    desired.every((wanted) => actual.some((candidate) => nextHopSatisfies(candidate, wanted)))
  );
}

function nextHopSatisfies(actual: NextHop, desired: NextHop): boolean {
  return (
    actual.gateway === desired.gateway &&
    (desired.interfaceIndex === undefined || actual.interfaceIndex === desired.interfaceIndex) &&
    (actual.onlink ?? false) === (desired.onlink ?? false)
  );
}
