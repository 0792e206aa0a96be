/**
 * Where packets to a BGP next hop leave this node: recursive resolution over the routes weft did not write.
 *
 * A next hop resolves through the most specific route that holds it, as in a kernel lookup: on a connected subnet it
 * is its own gateway, behind a router that router is the gateway. Weft's own routes do not take part, so a route
 * learned by BGP never resolves another (no loop can arise).
 */
import { type Address, PrefixTrie, parseInterfaceAddress } from '@weft/ip';
import type { DesiredNextHop } from './desired-route.ts';
import type { LocalFacts, LocalInterface, UnderlayRoute } from './local-facts.ts';

/** Whether and how a next hop is reached. */
export type NextHopStatus =
  | {
      readonly reachable: true;
      /** Metric of the route it resolves through: the IGP cost of RFC 4271 §9.1.2.2 (e). */
      readonly metric: number;
      readonly interface: string;
      /** What a route by way of this next hop has to name: a gateway and its interface. */
      readonly via: DesiredNextHop;
      readonly reason: string;
    }
  | { readonly reachable: false; readonly reason: string };

/** The local facts, arranged for look-ups. Made once per `LocalFacts`. */
export interface NextHopTable {
  readonly routes: PrefixTrie<readonly UnderlayRoute[]>;
  readonly interfaces: ReadonlyMap<string, LocalInterface>;
  /** Our own addresses, with the interface that has them. */
  readonly ownAddresses: ReadonlyMap<Address, string>;
}

/** Arranges the facts; `extraRoutes` are weft's own that next hops may resolve through (BGPPeer `reachableBy`). */
export function nextHopTable(facts: LocalFacts, extraRoutes: readonly UnderlayRoute[] = []): NextHopTable {
  const routes = new PrefixTrie<UnderlayRoute[]>();
  for (const route of [...facts.routes, ...extraRoutes]) {
    const same = routes.get(route.destination);
    if (same === undefined) routes.set(route.destination, [route]);
    else same.push(route);
  }
  return {
    routes,
    interfaces: new Map(facts.interfaces.map((item) => [item.name, item])),
    ownAddresses: ownAddresses(facts),
  };
}

function ownAddresses(facts: LocalFacts): Map<Address, string> {
  const owned = new Map<Address, string>();
  for (const { name, addresses } of facts.interfaces)
    for (const text of addresses) {
      const parsed = parseInterfaceAddress(text);
      if (parsed.ok) owned.set(parsed.value.address, name);
    }
  return owned;
}

/** Resolves a next hop. */
export function nextHopStatus(address: Address, table: NextHopTable): NextHopStatus {
  const own = table.ownAddresses.get(address);
  if (own !== undefined) return unreachable(`${address} is an address of this node, on ${own}`);
  // The shorter prefixes matter as well: a more specific route may point out of an interface that is down, and the
  // kernel (which removes such a route) would then use the next one.
  const candidates = table.routes.covering(address).reverse();
  if (candidates.length === 0) return unreachable(`no route to ${address}`);
  const refusals: string[] = [];
  for (const { value } of candidates) {
    const status = resolveThrough(address, value, table);
    if (status.reachable || status.final) return status;
    refusals.push(status.reason);
  }
  return unreachable(refusals[0] ?? `no route to ${address}`);
}

/** Tries the routes of one prefix, the smaller metric first. `final`: packets end here, whatever else there is. */
function resolveThrough(
  address: Address,
  routes: readonly UnderlayRoute[],
  table: NextHopTable,
): (NextHopStatus & { readonly reachable: true }) | { reachable: false; final: boolean; reason: string } {
  let refusal = '';
  for (const route of routes.toSorted((left, right) => left.metric - right.metric)) {
    if (route.interface === undefined)
      return { reachable: false, final: true, reason: `the route to ${route.destination} drops packets` };
    const reason = whyNotOut(table.interfaces.get(route.interface), route.interface);
    if (reason === undefined) return reachable(address, route, route.interface);
    refusal ||= `the way to ${address} is ${route.destination} and ${reason}`;
  }
  return { reachable: false, final: false, reason: refusal };
}

function whyNotOut(found: LocalInterface | undefined, name: string): string | undefined {
  if (found === undefined) return `there is no interface ${name}`;
  if (!found.up) return `${name} is down`;
  return found.running ? undefined : `${name} has no carrier`;
}

function reachable(
  address: Address,
  route: UnderlayRoute,
  name: string,
): NextHopStatus & { readonly reachable: true } {
  const gateway = route.gateway ?? address;
  const onlink = route.gateway !== undefined && route.onlink ? { onlink: true as const } : {};
  return {
    reachable: true,
    metric: route.metric,
    interface: name,
    via: { gateway, interface: name, ...onlink },
    reason:
      route.gateway === undefined
        ? `${address} is on ${name} (${route.destination})`
        : `${address} is behind ${route.gateway} on ${name} (${route.destination})`,
  };
}

function unreachable(reason: string): NextHopStatus {
  return { reachable: false, reason };
}
