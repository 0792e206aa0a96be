/**
 * What an endpoint shall be, and which specs cannot become one.
 */
import { type Address, familyOf, hostPrefix, type MacAddress, type Prefix } from '@weft/ip';
import { type InterfaceIndex, MAIN_TABLE, type Route, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';

/** One workload's plumbing. */
export interface EndpointSpec {
  /** The name on the host, from `hostInterfaceName`. */
  readonly hostInterface: string;
  /** The name in the container, usually `eth0`; without `netns` the name of its end on the host until it is moved. */
  readonly containerInterface: string;
  /**
   * Path of the container's network namespace: `/run/netns/…` or `/proc/<pid>/ns/net`. Absent: somebody else moves the
   * container's end out of the host's namespace and sets it up there, as dockerd does; only the host's end is weft's then.
   */
  readonly netns?: string;
  /** The container's addresses of either family or both; each is a /32 or /128. */
  readonly addresses: readonly Address[];
  readonly mtuBytes: number;
  /** The container's MAC; the kernel chooses one when left out. */
  readonly mac?: MacAddress;
  /** Where the container's routes lead; the default route of each of its families when left out. */
  readonly routes?: readonly Prefix[];
  /** How the host's routes of each family are written; metric 1024 and no source address when left out. */
  readonly hostRouting?: Readonly<Record<4 | 6, HostRouting>>;
  /** True: 127.0.0.1 of the host leads to the container's published ports (`route_localnet`). */
  readonly reachedByLoopback?: boolean;
  /** True: the container may forward packets for others (Calico's `allow_ip_forwarding`). */
  readonly forwarding?: boolean;
}

/** How a host route is written. */
export interface HostRouting {
  readonly metric: number;
  /** The source address of what the host itself sends to the workload. */
  readonly preferredSource?: Address;
}

/** The metric of a workload's host route. Source: Calico, normal route priority 1024 */
export const HOST_ROUTE_METRIC = 1024;

/**
 * The host's routes to an endpoint, as the dataplane wants them too: `<address>/32 dev cali… scope link proto weft`.
 *
 * @param interfaceIndex of the host's interface
 */
export function hostRoutesOf(
  spec: Pick<EndpointSpec, 'addresses' | 'hostRouting'>,
  interfaceIndex: InterfaceIndex,
): Route[] {
  return spec.addresses.map((address) => ({
    table: MAIN_TABLE,
    destination: hostPrefix(address),
    ...(spec.hostRouting?.[familyOf(address)] ?? { metric: HOST_ROUTE_METRIC }),
    type: 'unicast',
    protocol: WEFT_ROUTE_PROTOCOL,
    scope: 'link',
    nextHops: [{ interfaceIndex }],
  }));
}

const longestNameBytes = 15;
const smallestMtuBytes = { 4: 68, 6: 1280 } as const;

/** Why no kernel would take the spec; undefined when nothing speaks against it. */
export function refuseSpec(spec: EndpointSpec): SpecFault | undefined {
  return (
    refuseName(spec.hostInterface) ??
    refuseName(spec.containerInterface) ??
    refuseAddresses(spec.addresses) ??
    refuseMtu(spec)
  );
}

/** What is wrong with a spec, and with which part of it. */
export interface SpecFault {
  readonly kind: 'name-too-long' | 'bad-spec';
  readonly message: string;
  readonly object: string;
  readonly hint: string;
}

function refuseName(name: string): SpecFault | undefined {
  const bytes = Buffer.byteLength(name);
  if (bytes > longestNameBytes)
    return {
      kind: 'name-too-long',
      message: `an interface name has at most ${longestNameBytes} bytes, this one has ${bytes}`,
      object: name,
      hint: 'Choose a shorter name.',
    };
  // Linux's own rule (dev_valid_name), which also keeps the name a file name below /proc/sys.
  if (name !== '' && name !== '.' && name !== '..' && !/[/:\s]/.test(name)) return undefined;
  return {
    kind: 'bad-spec',
    message: 'an interface cannot have this name',
    object: JSON.stringify(name),
    hint: 'Use letters, digits, dots and dashes.',
  };
}

function refuseAddresses(addresses: readonly Address[]): SpecFault | undefined {
  if (addresses.length === 0)
    return {
      kind: 'bad-spec',
      message: 'an endpoint needs an address',
      object: 'addresses',
      hint: 'Give it one of IPv4, of IPv6, or of both.',
    };
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice === undefined) return undefined;
  return {
    kind: 'bad-spec',
    message: 'an address is given twice',
    object: twice,
    hint: 'Give each address once.',
  };
}

function refuseMtu({ addresses, mtuBytes }: EndpointSpec): SpecFault | undefined {
  // Below these Linux turns the protocol off on the interface (RFC 791, RFC 8200 §5).
  const smallest = smallestMtuBytes[addresses.some((address) => familyOf(address) === 6) ? 6 : 4];
  if (Number.isInteger(mtuBytes) && mtuBytes >= smallest && mtuBytes <= 65535) return undefined;
  return {
    kind: 'bad-spec',
    message: `an MTU is a whole number from ${smallest} to 65535 bytes here`,
    object: `mtuBytes ${mtuBytes}`,
    hint: 'Use the MTU of the interface that carries the routes.',
  };
}
