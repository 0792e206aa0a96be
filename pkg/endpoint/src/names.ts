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

/**
 * The name of the host's interface: the prefix (`cali` unless told) and 11 hex digits of the SHA-1 of "<namespace>.<pod>", or the
 * prefix and the first 11 characters of the container id; fewer after a prefix of more than four characters.
 *
 * @returns at most 15 bytes for an id of ASCII characters, which is what an interface name may have
 */
export function hostInterfaceName(workload: Workload, prefix: string = HOST_INTERFACE_PREFIX): string {
  const suffix =
    workload.kind === 'pod'
      ? createHash('sha1').update(`${workload.namespace}.${workload.pod}`).digest('hex')
      : workload.containerId;
  const room = Math.min(suffixCharacters, longestName - prefix.length);
  return `${prefix}${suffix.slice(0, room)}`;
}
