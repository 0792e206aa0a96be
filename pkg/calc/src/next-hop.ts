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

/**
 * Resolves a next hop. Where the most specific route leads out of an interface that is down, the next one counts: the
 * kernel will have removed the first, or will get no packet through it.
 */
export function nextHopStatus(address: Address, table: NextHopTable): NextHopStatus {
  const own = table.ownAddresses.get(address);
  if (own !== undefined) return unreachable(`${address} is an address of this node, on ${own}`);
  let refusal: NextHopStatus | undefined;
  for (const { value: routes } of table.routes.covering(address).reverse())
    for (const route of routes.toSorted((left, right) => left.metric - right.metric)) {
      const status = statusThrough(route, address, table);
      if (status.reachable || route.interface === undefined) return status;
      refusal ??= status;
    }
  return refusal ?? unreachable(`no route to ${address}`);
}

function statusThrough(route: UnderlayRoute, address: Address, { interfaces }: NextHopTable): NextHopStatus {
  const { destination, gateway, interface: name, metric, onlink } = route;
  if (name === undefined) return unreachable(`the route to ${destination} drops packets`);
  const obstacle = whyNotOut(interfaces.get(name), name);
  if (obstacle !== undefined) return unreachable(`the way to ${address} is ${destination} and ${obstacle}`);
  const place = gateway === undefined ? 'is' : `is behind ${gateway}`;
  return {
    reachable: true,
    metric,
    interface: name,
    via: { gateway: gateway ?? address, interface: name, ...(gateway && onlink && { onlink }) },
    reason: `${address} ${place} on ${name} (${destination})`,
  };
}

/** The status of a next hop that is a workload of this node: its host route is weft's own, and leads nowhere else. */
export function workloadStatus(address: Address, name: string): NextHopStatus {
  const via = { gateway: address, interface: name };
  return {
    reachable: true,
    metric: 0,
    interface: name,
    via,
    reason: `${address} is the workload on ${name}`,
  };
}

/** The status of a link-local next hop, which is on the link of the peer of that address. */
export function linkLocalStatus(
  address: Address,
  name: string | undefined,
  { interfaces }: NextHopTable,
): NextHopStatus {
  if (name === undefined) return unreachable(`${address} is link-local, and no session says on which link`);
  const obstacle = whyNotOut(interfaces.get(name), name);
  if (obstacle !== undefined) return unreachable(`${address} is on ${name}, and ${obstacle}`);
  const via = { gateway: address, interface: name };
  return { reachable: true, metric: 0, interface: name, via, reason: `${address} is the router on ${name}` };
}

function whyNotOut(found: LocalInterface | undefined, name: string): string | undefined {
  if (found === undefined) return `there is no interface ${name}`;
  if (!found.up) return `${name} is down`;
  return found.running ? undefined : `${name} has no carrier`;
}

function unreachable(reason: string): NextHopStatus {
  return { reachable: false, reason };
}
