/**
 * What to do in which namespace to make an endpoint, as data: nothing here touches a kernel.
 *
 *        container                        host
 *     ┌───────────────────────────┐    ┌──────────────────────────────────────────────┐
 *     │ eth0  10.0.0.5/32         │    │ cali…  ee:ee:ee:ee:ee:ee, no address         │
 *     │ 169.254.1.1 dev eth0      ├────┤ 10.0.0.5/32 dev cali… scope link proto weft  │
 *     │ default via 169.254.1.1   │    │ proxy_arp, forwarding                        │
 *     └───────────────────────────┘    └──────────────────────────────────────────────┘
 *
 * Both sides hold a permanent neighbour entry for the other. Linux answers ARP by proxy only for addresses it has a route
 * to by another interface, so on a host without a default route 169.254.1.1 would go unanswered; and with the entries
 * the first packet waits for nothing.
 *
 * Source: Calico's CNI plugin and Felix for names, routes and sysctls.
 */
import {
  type Address,
  familyOf,
  hostPrefix,
  type MacAddress,
  networkAddress,
  type Prefix,
  prefix,
} from '@weft/ip';
import { type Change, type InterfaceIndex, type Link, MAIN_TABLE, type Route } from '@weft/kernel';
import { GATEWAY_IPV4, GATEWAY_IPV6, HOST_SIDE_MAC } from './names.ts';
import { type EndpointSpec, hostRoutesOf } from './spec.ts';

/** One change, where it belongs, and which refusals are as good as success. */
export interface Step {
  readonly where: 'host' | 'container';
  readonly change: Change;
  /** What the change does, to follow "the kernel refused to". */
  readonly purpose: string;
  /** Refusals that mean that there is nothing left to do; `any` for what only some kernels have. */
  readonly tolerated: readonly string[] | 'any';
}

/** The two interfaces, as they are before the steps. */
export interface EndpointState {
  readonly host: Link;
  /** Absent where somebody else sets it up. */
  readonly container: Link | undefined;
  readonly containerMac: string;
  /** They were there already, and may be configured in part or wrongly. */
  readonly found: boolean;
  /** Where the host's route is right already; writing it again would leave a moment without. */
  readonly routed: readonly Prefix[];
}

/** The protocol of routes that are there for the life of an interface; `ip route` shows none. Source: RTPROT_BOOT */
const bootProtocol = 3;
const loopbackIndex = 1;

/** The change that makes the pair of interfaces. */
export function planPair(spec: EndpointSpec, netnsFd: number): Step {
  const { hostInterface, containerInterface, mtuBytes, mac } = spec;
  const change: Change = {
    op: 'add-veth',
    host: { name: hostInterface, mac: HOST_SIDE_MAC, mtuBytes },
    peer: { name: containerInterface, mtuBytes, netnsFd, ...(mac === undefined ? {} : { mac }) },
  };
  return step('host', `make the interfaces ${hostInterface} and ${containerInterface}`, change);
}

/**
 * The changes that make an endpoint of a pair of interfaces, in order. Doing them twice does no harm.
 *
 * The end that is set up last can send at once; the other only when the kernel has noticed that there is a carrier now.
 * It is the container's that must not lose its first packet.
 */
export function planEndpoint(spec: EndpointSpec, state: EndpointState): Step[] {
  const { container } = state;
  const host = hostSteps(spec, state);
  return container === undefined ? host : [...host, ...containerSteps(spec, state, container)];
}

function hostSteps(spec: EndpointSpec, state: EndpointState): Step[] {
  return [
    ...hostSysctls(spec),
    setUp('host', state.host, state, spec.mtuBytes, HOST_SIDE_MAC),
    ...hostNeighbours(spec, state),
    ...hostRoutes(spec, state),
  ];
}

function containerSteps(spec: EndpointSpec, { found }: EndpointState, container: Link): Step[] {
  return [
    ...containerSysctls(spec),
    setUp('container', container, { found }, spec.mtuBytes, spec.mac),
    ...containerAddresses(spec, container.index),
    ...containerRoutes(spec, container, found),
    // Last, because it stays when the interfaces are taken away again.
    step('container', 'set the loopback up', { op: 'set-link', index: loopbackIndex, up: true }),
  ];
}

/** A new interface has its MTU and MAC from its first moment; one that was found may need them. */
function setUp(
  where: Step['where'],
  link: Link,
  { found }: Pick<EndpointState, 'found'>,
  mtuBytes: number,
  mac: MacAddress | undefined,
): Step {
  const mend = {
    ...(found && mtuBytes !== link.mtuBytes ? { mtuBytes } : {}),
    ...(found && mac !== undefined && mac !== link.mac ? { mac } : {}),
  };
  return step(where, `set ${link.name} up`, { op: 'set-link', index: link.index, up: true, ...mend });
}

/** A new namespace takes over the host's forwarding, but a container is no router unless it asks. */
function containerSysctls(spec: EndpointSpec): Step[] {
  const forwarding = spec.forwarding === true ? '1' : '0';
  const ipv6 = hasFamily(spec, 6);
  return [
    ...(hasFamily(spec, 4) ? [sysctl('container', 'net/ipv4/ip_forward', forwarding)] : []),
    // Runtimes turn IPv6 off in containers they know no IPv6 address of; `all` takes every interface with it.
    ...(ipv6 ? [sysctl('container', 'net/ipv6/conf/all/disable_ipv6', '0')] : []),
    ...(ipv6 ? [sysctl('container', 'net/ipv6/conf/all/forwarding', forwarding)] : []),
    ...(ipv6 ? [sysctl('container', `net/ipv6/conf/${spec.containerInterface}/accept_dad`, '0')] : []),
  ];
}

function containerAddresses(spec: EndpointSpec, interfaceIndex: InterfaceIndex): Step[] {
  return spec.addresses.map((address) => {
    const prefixLength = familyOf(address) === 4 ? 32 : 128;
    const added = { interfaceIndex, address, prefixLength, scope: 'global' } as const;
    const change: Change = { op: 'add-address', address: added, duplicateAddressDetection: false };
    return step('container', `add the address ${address}`, change, ['EEXIST']);
  });
}

function containerRoutes(spec: EndpointSpec, container: Link, found: boolean): Step[] {
  const destinations = spec.routes ?? defaultRoutes(spec);
  return gatewaysOf(spec).flatMap((gateway) => [
    neighbour('container', container.index, gateway, HOST_SIDE_MAC),
    // IPv6 needs no route to a link-local gateway.
    ...(familyOf(gateway) === 4 ? [gatewayRoute(spec, container.index)] : []),
    ...destinations
      .filter((destination) => familyOf(destination) === familyOf(gateway))
      .map((destination) =>
        containerRoute(spec, destination, { gateway, interfaceIndex: container.index }, found),
      ),
  ]);
}

function defaultRoutes(spec: EndpointSpec): Prefix[] {
  return [
    ...(hasFamily(spec, 4) ? [prefix('0.0.0.0/0')] : []),
    ...(hasFamily(spec, 6) ? [prefix('::/0')] : []),
  ];
}

function gatewayRoute(spec: EndpointSpec, interfaceIndex: InterfaceIndex): Step {
  const route = bootRoute(spec, hostPrefix(GATEWAY_IPV4), { interfaceIndex }, 'link');
  return step('container', `add the route to ${GATEWAY_IPV4}`, { op: 'replace-route', route });
}

/** In an endpoint that was found, a route that leads elsewhere is the container's own doing. */
function containerRoute(
  spec: EndpointSpec,
  destination: Prefix,
  nextHop: Route['nextHops'][number],
  found: boolean,
): Step {
  const route = bootRoute(spec, destination, nextHop, 'global');
  return step(
    'container',
    `add the route to ${destination}`,
    { op: 'add-route', route },
    found ? ['EEXIST'] : [],
  );
}

function bootRoute(
  { containerInterface }: EndpointSpec,
  destination: Prefix,
  nextHop: Route['nextHops'][number],
  scope: Route['scope'],
): Route {
  const metric = containerMetric(containerInterface, familyOf(networkAddress(destination)));
  const common = { table: MAIN_TABLE, metric, type: 'unicast', protocol: bootProtocol } as const;
  return { ...common, destination, scope, nextHops: [nextHop] };
}

/** What Linux makes of an IPv6 route's metric 0. Source: IP6_RT_PRIO_USER */
const usualMetric6 = 1024;
const largestOrdinal = 0xffff;

/** A container in two networks has the routes of both: those of eth0 count, and those of eth1 once eth0 is gone. */
function containerMetric(containerInterface: string, family: 4 | 6): number {
  const ordinal = Math.min(Number(/\d*$/.exec(containerInterface)?.[0]), largestOrdinal);
  return ordinal === 0 || family === 4 ? ordinal : usualMetric6 + ordinal;
}

/**
 * Source: Calico; `accept_ra` and `proxy_delay` are best effort there too. Calico always sets `route_localnet`, by which a
 * container could reach what listens on 127.0.0.1 of the host (CVE-2020-8558): here only an endpoint with ports has it.
 */
function hostSysctls(spec: EndpointSpec): Step[] {
  const name = spec.hostInterface;
  const ipv4 = (key: string): Step => sysctl('host', `net/ipv4/conf/${name}/${key}`, '1');
  const ipv6 = (key: string, value: string): Step => sysctl('host', `net/ipv6/conf/${name}/${key}`, value);
  return [
    { ...ipv6('accept_ra', '0'), tolerated: 'any' },
    ...(hasFamily(spec, 4)
      ? [
          ...(spec.reachedByLoopback ? [ipv4('route_localnet')] : []),
          ipv4('proxy_arp'),
          ipv4('forwarding'),
          { ...sysctl('host', `net/ipv4/neigh/${name}/proxy_delay`, '0'), tolerated: 'any' as const },
        ]
      : []),
    ...(hasFamily(spec, 6)
      ? [ipv6('disable_ipv6', '0'), ipv6('accept_dad', '0'), ipv6('proxy_ndp', '1'), ipv6('forwarding', '1')]
      : []),
  ];
}

function hostNeighbours(spec: EndpointSpec, { host, containerMac }: EndpointState): Step[] {
  return spec.addresses.map((address) => neighbour('host', host.index, address, containerMac));
}

/**
 * A route of weft that leads elsewhere (the address lived on another node, or behind an interface that is gone) gives
 * way; anybody else's is a conflict.
 */
function hostRoutes(spec: EndpointSpec, { host, routed }: EndpointState): Step[] {
  const missing = hostRoutesOf(spec, host.index).filter(({ destination }) => !routed.includes(destination));
  return missing.flatMap((route) => [
    step('host', `delete the former route to ${route.destination}`, { op: 'delete-route', route }, ['ESRCH']),
    step('host', `add the route to ${route.destination}`, { op: 'add-route', route }),
  ]);
}

function gatewaysOf(spec: EndpointSpec): Address[] {
  return [...(hasFamily(spec, 4) ? [GATEWAY_IPV4] : []), ...(hasFamily(spec, 6) ? [GATEWAY_IPV6] : [])];
}

function hasFamily(spec: EndpointSpec, family: 4 | 6): boolean {
  return spec.addresses.some((address) => familyOf(address) === family);
}

function neighbour(
  where: Step['where'],
  interfaceIndex: InterfaceIndex,
  address: Address,
  mac: string,
): Step {
  const change: Change = { op: 'replace-neighbour', neighbour: { interfaceIndex, address, mac } };
  return step(where, `add the neighbour ${address}`, change);
}

function sysctl(where: Step['where'], key: string, value: string): Step {
  return step(where, `set ${key} to ${value}`, { op: 'write-sysctl', key, value });
}

function step(
  where: Step['where'],
  purpose: string,
  change: Change,
  tolerated: readonly string[] = [],
): Step {
  return { where, purpose, change, tolerated };
}
