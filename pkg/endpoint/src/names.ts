/**
 * Names and addresses that are the same for every endpoint, and the name of the host's end of one.
 *
 * They are Calico's, so that a node's tools, policies and dashboards know weft's interfaces for what they are.
 */
import { createHash } from 'node:crypto';
import { type Address, address, linkLocalFromMac, type MacAddress, mac } from '@weft/ip';

/** What the name of every host-side interface begins with. Source: Calico, FELIX_INTERFACEPREFIX */
export const HOST_INTERFACE_PREFIX = 'cali';

/** The MAC of every host-side interface: each is alone with its container, so they can all be the same. */
export const HOST_SIDE_MAC: MacAddress = mac('ee:ee:ee:ee:ee:ee');

/** The IPv4 gateway of every container; no interface has it as an address. */
export const GATEWAY_IPV4: Address = address('169.254.1.1');

/** The IPv6 gateway of every container: the link-local address that follows from the MAC, fe80::ecee:eeff:feee:eeee. */
export const GATEWAY_IPV6: Address = linkLocalFromMac(HOST_SIDE_MAC);

const suffixCharacters = 11;
/** An interface's name in bytes. */
const longestName = 15;

/** What an endpoint belongs to: a Kubernetes pod, or a container by its runtime's id. */
export type Workload =
  | { readonly kind: 'pod'; readonly namespace: string; readonly pod: string }
  | { readonly kind: 'container'; readonly containerId: string };

/** The interface that every workload has; those of further networks are eth1, eth2 … */
const firstInterface = 'eth0';

/**
 * The name of the host's interface: the prefix (`cali` unless told) and 11 hex digits of the SHA-1 of "<namespace>.<pod>", or the
 * prefix and the first 11 hex digits of the container id; fewer after a prefix of more than four characters.
 *
 * Where Calico's rule would name two interfaces alike, the digits are those of a SHA-1 too: of an id that does not begin with
 * 11 hex digits (containerd's `ctr` makes "<namespace>-<name>"), and of "<workload>.<interface>" for a workload's second network.
 *
 * @param containerInterface its name in the container, like `eth0`
 * @returns at most 15 bytes, which is what an interface name may have
 */
export function hostInterfaceName(
  workload: Workload,
  prefix: string = HOST_INTERFACE_PREFIX,
  containerInterface: string = firstInterface,
): string {
  const room = Math.min(suffixCharacters, longestName - prefix.length);
  return `${prefix}${digitsOf(workload, containerInterface).slice(0, room)}`;
}

function digitsOf(workload: Workload, containerInterface: string): string {
  const isPod = workload.kind === 'pod';
  const name = isPod ? `${workload.namespace}.${workload.pod}` : workload.containerId;
  if (containerInterface !== firstInterface) return sha1(`${name}.${containerInterface}`);
  return isPod || !/^[0-9a-f]{11}/.test(name) ? sha1(name) : name;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
