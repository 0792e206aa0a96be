/**
 * Compares an endpoint with what it shall be, and changes nothing. What others may add (addresses, routes, sysctls of later
 * plugins in a chain) is no difference; what is missing or leads elsewhere is.
 */
import { familyOf, networkAddress, prefix } from '@weft/ip';
import { type Kernel, KernelError, type Link, MAIN_TABLE, type Route, routeSatisfies } from '@weft/kernel';
import { type EndpointFailure, kernelFailure, netnsFailure } from './failure.ts';
import { GATEWAY_IPV4, GATEWAY_IPV6 } from './names.ts';
import { type EndpointSpec, hostRoutesOf } from './spec.ts';

/** An endpoint as it is to be; an MTU of undefined may be any, as long as both ends have the same. */
export type ExpectedEndpoint = Omit<EndpointSpec, 'netns' | 'mtuBytes'> & {
  readonly netns: string;
  readonly mtuBytes: number | undefined;
};

/**
 * What is not as it should be, each in words that name it; empty when nothing is.
 *
 * @param host the kernel of the host's namespace
 * @returns a failure when it cannot be looked at
 */
export function inspectEndpoint(
  host: Kernel,
  expected: ExpectedEndpoint,
): readonly string[] | EndpointFailure {
  const opened = host.openNetns(expected.netns);
  if (opened.kind === 'refused') return netnsFailure(expected.netns, opened);
  try {
    return differences(host, opened.kernel, expected);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const refusal = { errno: error.code, message: error.message };
    return kernelFailure('show what is there', expected.hostInterface, refusal);
  } finally {
    opened.kernel.close();
  }
}

function differences(host: Kernel, container: Kernel, expected: ExpectedEndpoint): string[] {
  const { containerInterface, hostInterface } = expected;
  const hostLink = host.link(hostInterface);
  const containerLink = container.link(containerInterface);
  return [
    ...(hostLink === undefined ? [`the host has no interface ${hostInterface}`] : []),
    ...(containerLink === undefined ? [`the container has no interface ${containerInterface}`] : []),
    ...(hostLink && containerLink ? ofPair(host, container, hostLink, containerLink, expected) : []),
    ...(containerLink ? ofContainer(container, containerLink, expected) : []),
    ...(hostLink ? ofHost(host, hostLink, expected) : []),
  ];
}

function ofPair(
  host: Kernel,
  container: Kernel,
  hostLink: Link,
  containerLink: Link,
  { mtuBytes = hostLink.mtuBytes }: ExpectedEndpoint,
): string[] {
  const isPair =
    hostLink.peerIndex === containerLink.index && hostLink.peerNetnsId === host.netnsIdOf(container.netnsFd);
  const ends = [
    { where: 'on the host', link: hostLink },
    { where: 'in the container', link: containerLink },
  ];
  return [
    ...(isPair ? [] : [`${hostLink.name} does not lead to ${containerLink.name} of the container`]),
    ...ends.flatMap(({ link, where }) => [
      ...(link.up ? [] : [`${link.name} ${where} is down`]),
      ...(link.mtuBytes === mtuBytes
        ? []
        : [`${link.name} ${where} has an MTU of ${link.mtuBytes}, not ${mtuBytes}`]),
    ]),
  ];
}

function ofContainer(
  container: Kernel,
  { index, mac, name }: Link,
  { addresses, mac: wantedMac, routes }: ExpectedEndpoint,
): string[] {
  const has = container.addresses().filter(({ interfaceIndex }) => interfaceIndex === index);
  const missing = addresses.filter((wanted) => !has.some(({ address }) => address === wanted));
  const actual = container.routes({ table: MAIN_TABLE });
  const wantedRoutes = (routes ?? [prefix('0.0.0.0/0'), prefix('::/0')]).filter((destination) =>
    addresses.some((address) => familyOf(address) === familyOf(destination)),
  );
  const lost = wantedRoutes.filter(
    (destination) => !actual.some((route) => leads(route, destination, index)),
  );
  return [
    ...(wantedMac === undefined || mac === wantedMac
      ? []
      : [`${name} in the container has the MAC ${mac}, not ${wantedMac}`]),
    ...missing.map((address) => `${name} in the container has no address ${address}`),
    ...lost.map((destination) => `the container has no route to ${destination} by ${name}`),
  ];
}

function leads(
  { destination, nextHops }: Route,
  wanted: Route['destination'],
  interfaceIndex: number,
): boolean {
  const gateway = familyOf(wanted) === 4 ? GATEWAY_IPV4 : GATEWAY_IPV6;
  return (
    destination === wanted &&
    nextHops.some((hop) => hop.interfaceIndex === interfaceIndex && hop.gateway === gateway)
  );
}

function ofHost(host: Kernel, { index, name }: Link, expected: ExpectedEndpoint): string[] {
  return hostRoutesOf(expected, index).flatMap((wanted) => {
    const actual = host.lookup(networkAddress(wanted.destination));
    const isThere = actual !== undefined && routeSatisfies(actual, wanted);
    return isThere ? [] : [`the host has no route to ${wanted.destination} by ${name}`];
  });
}
