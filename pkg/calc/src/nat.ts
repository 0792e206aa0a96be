/**
 * The address translation this node does: what leaves the pools with `natOutgoing` gets an address of the host, and
 * published ports lead to their containers. What workloads may send from, and who may send into tunnels, is in the same table of the kernel, so it is here, too.
 *
 * Source: Calico's nat-outgoing chain (masquerading); Docker's bridge without userland proxy (published ports).
 */
import {
  type Address,
  type Family,
  familyOf,
  hostPrefix,
  isUnspecified,
  networkAddress,
  type Prefix,
} from '@weft/ip';
import { type IPPool, type Node, nodeAddress, type WorkloadEndpoint } from '@weft/resources';
import { type AllowedSources, allowedSources, disjoint } from './allowed-sources.ts';
import { FAMILY_NUMBERS } from './bgp-node.ts';
import type { PortRange } from './felix-settings.ts';
import type { CalcInput } from './input.ts';
import { type PublishedPort, portFamilies, portText, publishedPorts } from './published-ports.ts';
import { type RefusedTunnel, refusedTunnels } from './tunnels/refused-tunnels.ts';
import type { TunnelSenders } from './tunnels/senders.ts';
import type { Tunnels } from './tunnels/tunnels.ts';

/** What leaves the cluster from the sources gets another source address; one family. */
export interface Masquerade {
  readonly family: Family;
  /** Sorted; none lies in another. */
  readonly sources: readonly Prefix[];
  /** Destinations that are reached with the address the packet has; sorted, none lies in another. */
  readonly exempt: readonly Prefix[];
  /** The address given; that of the interface a packet leaves by when absent. */
  readonly address?: Address;
  /** The source ports given to TCP and UDP; the kernel's choice when absent. */
  readonly ports?: PortRange;
  /** Only what leaves by an interface of this name; a + at its end stands for any rest. */
  readonly outInterface?: string;
  readonly reason: string;
}

/** A port of the host that leads to a container, in one family. */
export interface PortForward {
  readonly family: Family;
  readonly protocol: PublishedPort['protocol'];
  /** Absent: every address of the host. */
  readonly hostAddress?: Address;
  readonly hostPort: number;
  readonly to: Address;
  readonly containerPort: number;
  readonly reason: string;
}

/** All of it, sorted, and what workloads may send from. */
export interface DesiredNat {
  readonly masquerades: readonly Masquerade[];
  readonly portForwards: readonly PortForward[];
  /**
   * Tunnel devices with an address. What the host itself sends by one from another address gets this one: the other node
   * has a route back to it, and maybe none to the other, or not by the tunnel.
   */
  readonly tunnels: readonly { readonly name: string; readonly family: Family }[];
  /** The host's ends of workloads, by name; a * at the end stands for any rest. */
  readonly workloadInterfaces: readonly string[];
  readonly allowedSources: readonly AllowedSources[];
  /** Packets of workloads that are dropped, wherever they go. */
  readonly refusedTunnels: readonly RefusedTunnel[];
  /** Packets of VXLAN from anybody else are dropped. */
  readonly tunnelSenders: readonly TunnelSenders[];
}

/** Decides what is translated. */
export function desiredNat(
  input: CalcInput,
  masquerades: readonly Masquerade[],
  { devices, senders }: Pick<Tunnels, 'devices' | 'senders'>,
): DesiredNat {
  return {
    masquerades,
    portForwards: input.endpoints
      .filter(({ spec }) => spec.node === input.nodeName)
      .flatMap((endpoint) => portForwards(endpoint, familiesOf(input)))
      .sort((left, right) => (sortKey(left) < sortKey(right) ? -1 : 1)),
    tunnels: devices
      .filter(({ address }) => address !== undefined)
      .map(({ name, family }) => ({ name, family })),
    workloadInterfaces: workloadInterfaces(input),
    allowedSources: allowedSources(input),
    refusedTunnels: refusedTunnels(input.felix),
    tunnelSenders: senders,
  };
}

/** Decides what is masqueraded, at most once a family. */
export function desiredMasquerades(input: MasqueradeInput): Masquerade[] {
  return familiesOf(input).flatMap((family) => masquerade(input, family));
}

type MasqueradeInput = Pick<CalcInput, 'felix' | 'nodes' | 'pools'>;

function familiesOf({ felix }: Pick<CalcInput, 'felix'>): Family[] {
  return FAMILY_NUMBERS.filter((family) => family === 4 || felix.ipv6Support);
}

/** An endpoint keeps its name when the prefix becomes another. */
function workloadInterfaces({ endpoints, felix, nodeName }: CalcInput): string[] {
  const prefixes = felix.interfacePrefixes;
  const others = endpoints
    .filter(({ spec }) => spec.node === nodeName)
    .flatMap(({ spec }) => spec.interfaceName ?? [])
    .filter((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
  return [...prefixes.map((prefix) => `${prefix}*`), ...others.sort()];
}

/** Disabled pools count too: their addresses are in use until the last workload is gone. */
function masquerade({ felix, nodes, pools }: MasqueradeInput, family: Family): Masquerade[] {
  const ofFamily = pools.filter(({ spec }) => familyOf(spec.cidr) === family);
  const masqueraded = ofFamily.filter(({ spec }) => spec.natOutgoing);
  if (masqueraded.length === 0) return [];
  const exemptsHosts = felix.natOutgoingExclusions === 'IPPoolsAndHostIPs';
  const hosts = exemptsHosts ? nodes.flatMap((node) => hostPrefixes(node, family)) : [];
  const { natOutgoingAddress: address, natPortRange: ports } = felix;
  const { iptablesNATOutgoingInterfaceFilter: outInterface } = felix;
  const names = masqueraded.map(({ metadata }) => metadata.name).sort();
  return [
    {
      family,
      sources: disjoint(masqueraded.map(({ spec }) => spec.cidr)),
      exempt: disjoint([...ofFamily.filter(isForWorkloads).map(({ spec }) => spec.cidr), ...hosts]),
      ...(address !== undefined && family === 4 ? { address } : {}),
      ...(ports === undefined ? {} : { ports }),
      ...(outInterface === undefined ? {} : { outInterface }),
      reason: `natOutgoing of ${names.join(', ')}: what leaves the pools${exemptsHosts ? ' and nodes' : ''}`,
    },
  ];
}

/** Addresses of load balancers are no workload's: pods reach them as they reach the outside. */
function isForWorkloads({ spec }: IPPool): boolean {
  return spec.allowedUses.some((use) => use !== 'LoadBalancer');
}

function hostPrefixes(node: Node, family: Family): Prefix[] {
  const address = nodeAddress(node, family);
  return address === undefined ? [] : [hostPrefix(address)];
}

function portForwards(endpoint: WorkloadEndpoint, families: readonly Family[]): PortForward[] {
  const addresses = (endpoint.spec.ipNetworks ?? [])
    .map(networkAddress)
    .filter((address) => families.includes(familyOf(address)));
  return publishedPorts(endpoint).flatMap((port) =>
    addresses
      .filter((address) => portFamilies(port, families).includes(familyOf(address)))
      .map((to) => portForward(endpoint, port, to)),
  );
}

function portForward({ metadata }: WorkloadEndpoint, port: PublishedPort, to: Address): PortForward {
  const { containerPort, hostAddress, hostPort, protocol } = port;
  const owner = metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
  return {
    family: familyOf(to),
    protocol,
    ...(hostAddress === undefined || isUnspecified(hostAddress) ? {} : { hostAddress }),
    hostPort,
    to,
    containerPort,
    reason: `${portText(port)} is published by ${owner}`,
  };
}

function sortKey({ family, hostAddress, hostPort, protocol, to }: PortForward): string {
  return `${family} ${protocol} ${String(hostPort).padStart(5, '0')} ${hostAddress ?? ''} ${to}`;
}
