/** What holds in a lab whatever was done to it. Pure: a state in, what does not hold out, in words. */
import type { ObservedHost, ObservedRoute, ObservedState } from './observed.ts';

/** One of them. */
export interface Invariant {
  readonly name: string;
  /** It holds at every moment; the others hold once everything has settled. */
  readonly isAlways: boolean;
  readonly violations: (state: ObservedState) => string[];
}

/** All of them. */
export const INVARIANTS: readonly Invariant[] = [
  { name: 'each block has one owner', isAlways: true, violations: ownersOfBlocks },
  { name: 'no address twice', isAlways: true, violations: doubleAddresses },
  { name: 'blocks and affinities agree', isAlways: false, violations: disagreeingBlocks },
  { name: 'endpoints are the pods that are there', isAlways: false, violations: strayEndpoints },
  { name: 'no address or handle is leaked', isAlways: false, violations: leaks },
  { name: 'sessions are Established', isAlways: false, violations: missingSessions },
  {
    name: 'each local address is a host route there and only there',
    isAlways: false,
    violations: hostRoutes,
  },
  { name: 'each announced prefix is a kernel route', isAlways: false, violations: clusterRoutes },
  { name: 'each best path is a kernel route', isAlways: false, violations: unwrittenPaths },
  { name: 'no stale route', isAlways: false, violations: staleRoutes },
  { name: 'pods ping', isAlways: false, violations: lostPings },
];

/** What does not hold, each with the name of its invariant. `always`: only of those that hold at every moment. */
export function violationsOf(state: ObservedState, which: 'all' | 'always'): string[] {
  return INVARIANTS.filter(({ isAlways }) => isAlways || which === 'all').flatMap(({ name, violations }) =>
    violations(state).map((text) => `${name}: ${text}`),
  );
}

function ownersOfBlocks({ affinities }: ObservedState): string[] {
  const owners = Map.groupBy(affinities, ({ cidr }) => cidr);
  return [...owners]
    .filter(([, all]) => all.length > 1)
    .map(([cidr, all]) => `${cidr} belongs to ${all.map(({ node }) => node).join(' and ')}`);
}

function doubleAddresses({ endpoints }: ObservedState): string[] {
  const held = endpoints.flatMap(({ pod, addresses }) => addresses.map((address) => ({ pod, address })));
  return [...Map.groupBy(held, ({ address }) => address)]
    .filter(([, all]) => all.length > 1)
    .map(([address, all]) => `${address} is that of ${all.map(({ pod }) => pod).join(' and ')}`);
}

function disagreeingBlocks({ affinities, blocks }: ObservedState): string[] {
  const owners = new Map(affinities.map(({ cidr, node }) => [cidr, node]));
  const cidrs = new Set(blocks.map(({ cidr }) => cidr));
  return [
    ...blocks
      .filter(({ cidr, node }) => owners.get(cidr) !== node)
      .map(({ cidr, node }) => `${cidr} says ${node}, its affinity is that of ${owners.get(cidr)}`),
    ...affinities
      .filter(({ cidr }) => !cidrs.has(cidr))
      .map(({ cidr, node }) => `${node} has an affinity to ${cidr}, which is not there`),
  ];
}

function strayEndpoints({ endpoints, pods }: ObservedState): string[] {
  const expected = new Set(pods.map(({ name, node }) => `${name} on ${node}`));
  const actual = new Set(endpoints.map(({ pod, node }) => `${pod} on ${node}`));
  return [
    ...[...expected].filter((pod) => !actual.has(pod)).map((pod) => `${pod} has no endpoint`),
    ...[...actual].filter((pod) => !expected.has(pod)).map((pod) => `the endpoint of ${pod} is left over`),
  ];
}

function leaks({ blocks, endpoints, handles }: ObservedState): string[] {
  const allocations = blocks.flatMap((block) => block.allocations);
  const used = new Set(endpoints.flatMap(({ addresses }) => addresses));
  const allocated = new Set(allocations.map(({ address }) => address));
  const named = new Set(allocations.map(({ handle }) => handle));
  const known = new Set(handles);
  return [
    ...[...allocated].filter((address) => !used.has(address)).map((address) => `${address} is nobody's`),
    ...[...used]
      .filter((address) => !allocated.has(address))
      .map((address) => `${address} is used, and free in IPAM`),
    ...handles.filter((handle) => !named.has(handle)).map((handle) => `handle ${handle} holds nothing`),
    ...[...named]
      .filter((handle) => handle !== undefined && !known.has(handle))
      .map((handle) => `handle ${handle} is not there`),
  ];
}

function missingSessions({ hosts }: ObservedState): string[] {
  const present = hosts.filter(({ isAway }) => !isAway);
  return present.flatMap(({ name, sessions }) =>
    present
      .filter((other) => other.name !== name)
      .flatMap((other) => {
        const states = sessions
          .filter(({ peer }) => other.addresses.includes(peer))
          .map(({ state }) => state);
        if (states.length === 0) return [`${name} has none with ${other.name}`];
        return states
          .filter((state) => state !== 'Established')
          .map((state) => `that of ${name} with ${other.name} is ${state}`);
      }),
  );
}

function hostRoutes({ hosts, endpoints }: ObservedState): string[] {
  return hosts.flatMap(({ name, routes }) => {
    const expected = new Set(
      endpoints.filter(({ node }) => node === name).flatMap(({ addresses }) => addresses),
    );
    const actual = new Set(routes.filter(isLocal).map(({ destination }) => destination.split('/')[0] ?? ''));
    return [
      ...[...expected]
        .filter((address) => !actual.has(address))
        .map((address) => `${name} has none to ${address}`),
      ...[...actual]
        .filter((address) => !expected.has(address))
        .map((address) => `${name} has one to ${address}`),
    ];
  });
}

function isLocal({ gateways, isBlackhole }: ObservedRoute): boolean {
  return gateways.length === 0 && !isBlackhole;
}

function clusterRoutes({ hosts, affinities }: ObservedState): string[] {
  return hosts.flatMap((host) =>
    affinities
      .map(({ cidr, node }) => ({ cidr, owner: hosts.find(({ name }) => name === node) }))
      .filter(({ owner }) => owner !== undefined && owner !== host && hasSession(host, owner))
      .filter(({ cidr, owner }) => !leadsTo(host, cidr, owner?.addresses ?? []))
      .map(({ cidr, owner }) => `${host.name} has none to ${cidr} of ${owner?.name}`),
  );
}

function hasSession(host: ObservedHost, other: ObservedHost): boolean {
  if (host.isAway || other.isAway) return false;
  return host.sessions.some(({ peer, state }) => state === 'Established' && other.addresses.includes(peer));
}

function leadsTo({ routes }: ObservedHost, cidr: string, gateways: readonly string[]): boolean {
  return routes.some(
    (route) => route.destination === cidr && route.gateways.some((gateway) => gateways.includes(gateway)),
  );
}

function unwrittenPaths({ hosts }: ObservedState): string[] {
  return hosts
    .filter(({ isAway }) => !isAway)
    .flatMap((host) =>
      host.rib
        .filter(({ prefix, nextHop }) => !leadsTo(host, prefix, [nextHop]))
        .map(({ prefix, nextHop }) => `${host.name} knows ${prefix} by ${nextHop}, its kernel does not`),
    );
}

function staleRoutes({ hosts, affinities }: ObservedState): string[] {
  const addressesOf = new Map(hosts.map(({ name, addresses }) => [name, addresses]));
  const owners = new Map(affinities.map(({ cidr, node }) => [cidr, node]));
  return hosts.flatMap(({ name, routes }) =>
    routes
      .filter((route) => !isLocal(route))
      .filter(({ destination, gateways, isBlackhole }) => {
        const owner = owners.get(destination);
        if (isBlackhole) return owner !== name;
        const expected = owner === undefined || owner === name ? [] : (addressesOf.get(owner) ?? []);
        return !gateways.every((gateway) => expected.includes(gateway));
      })
      .map(
        ({ destination, gateways }) =>
          `${name} has ${destination} by ${gateways.join(' and ') || 'blackhole'}`,
      ),
  );
}

function lostPings({ pings }: ObservedState): string[] {
  return pings.filter(({ ok }) => !ok).map(({ from, address }) => `${from} does not reach ${address}`);
}
