/**
 * MTUs: of the host's interfaces that carry routes, of the tunnels on them, and of workloads.
 *
 * A workload reaches pools of every encapsulation, so it gets what fits the smallest tunnel that is in use on the node, as
 * in Calico. A pool may ask for less by an annotation, never for more: more would not fit.
 */
import { type Address, containsAddress, type Family, familyOf, networkAddress, type Prefix } from '@weft/ip';
import {
  type IPPool,
  MTU_ANNOTATION,
  type Node,
  nodeAddresses,
  nodeInterfaceAddresses,
  parseGoPattern,
} from '@weft/resources';
import type { FelixSettings } from '../felix-settings.ts';
import type { CalcInput } from '../input.ts';
import type { LocalFacts, LocalInterface } from '../local-facts.ts';
import { type NextHopTable, nextHopStatus, nextHopTable } from '../next-hop.ts';
import { TUNNEL_TYPES, type TunnelType, wantedTunnels } from './encapsulation.ts';

const fallbackBytes = 1500;
const smallestBytes: Readonly<Record<Family, number>> = { 4: 68, 6: 1280 };
const tunnelNames: ReadonlySet<string> = new Set(TUNNEL_TYPES.map(({ name }) => name));

/** The MTUs of workloads. */
export interface WorkloadMtu {
  /** Of those whose pools ask for nothing. */
  readonly bytes: number;
  readonly reason: string;
  /** What pools ask for. */
  readonly pools: readonly { readonly cidr: Prefix; readonly bytes: number }[];
  /** Annotations that make no sense and are passed over. */
  readonly problems: readonly string[];
}

/** The MTU of a workload with these addresses: the smallest that applies. */
export function mtuOfWorkload({ bytes, pools }: WorkloadMtu, addresses: readonly Address[]): number {
  const asked = pools.filter(({ cidr }) => addresses.some((address) => containsAddress(cidr, address)));
  return Math.min(bytes, ...asked.map((pool) => pool.bytes));
}

/** What decides about MTUs. */
export type MtuInput = Pick<CalcInput, 'facts' | 'felix' | 'nodeName' | 'nodes' | 'pools'>;

/** Decides the MTUs of workloads. */
export function workloadMtu(input: MtuInput): WorkloadMtu {
  const host = hostMtu(input);
  const ways = [
    { bytes: host.bytes, reason: host.reason },
    ...wantedTunnels(input.pools).map((type) => ({
      bytes: tunnelMtuBytes(type, host.bytes, input.felix),
      reason: `${host.reason}; ${type.name} on it`,
    })),
  ];
  const smallest = ways.reduce((least, way) => (way.bytes < least.bytes ? way : least));
  const asked = input.pools.flatMap((pool) => askedOf(pool) ?? []);
  return {
    ...smallest,
    pools: asked.flatMap((answer) => ('bytes' in answer ? [answer] : [])),
    problems: asked.flatMap((answer) => ('problem' in answer ? [answer.problem] : [])),
  };
}

function askedOf({
  metadata,
  spec,
}: IPPool): { readonly cidr: Prefix; readonly bytes: number } | { readonly problem: string } | undefined {
  const text = metadata.annotations?.[MTU_ANNOTATION];
  if (text === undefined) return undefined;
  const least = smallestBytes[familyOf(spec.cidr)];
  const bytes = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (bytes >= least && bytes <= 65_535) return { cidr: spec.cidr, bytes };
  return {
    problem: `IPPool ${metadata.name}: ${MTU_ANNOTATION} is a whole number from ${least} to 65535, not "${text}"`,
  };
}

/** The MTU of a tunnel: what the interface below leaves, or less where FelixConfiguration says so. */
export function tunnelMtuBytes(
  { kind, family, overheadBytes }: TunnelType,
  belowBytes: number,
  felix: FelixSettings,
): number {
  const vxlan = family === 4 ? felix.vxlanMtuBytes : felix.vxlanMtuV6Bytes;
  const asked = kind === 'ipip' ? felix.ipipMtuBytes : vxlan;
  const fits = belowBytes - overheadBytes;
  return asked === 0 ? fits : Math.min(asked, fits);
}

/** The smallest MTU of the interfaces that matter, and which those are. */
export function hostMtu(input: MtuInput): { readonly bytes: number; readonly reason: string } {
  const candidates = [byPattern(input), byRoutes(input), withAddresses(input.facts)];
  for (const interfaces of candidates) {
    const [first, ...rest] = interfaces.filter(({ up }) => up);
    if (first === undefined) continue;
    const smallest = rest.reduce((least, next) => (next.mtuBytes < least.mtuBytes ? next : least), first);
    return { bytes: smallest.mtuBytes, reason: `${smallest.name} carries ${smallest.mtuBytes} bytes` };
  }
  return { bytes: fallbackBytes, reason: 'no interface is up' };
}

function byPattern({ facts, felix }: MtuInput): LocalInterface[] {
  const pattern = felix.mtuIfacePattern === undefined ? undefined : parseGoPattern(felix.mtuIfacePattern);
  return pattern?.ok ? facts.interfaces.filter(({ name }) => pattern.value.test(name)) : [];
}

/** Those with the node's addresses, and those by which other nodes and everything else is reached. */
function byRoutes({ facts, nodeName, nodes }: MtuInput): LocalInterface[] {
  const table = nextHopTable(facts);
  const own = nodes.find(({ metadata }) => metadata.name === nodeName);
  const used = new Set([
    ...(own === undefined ? [] : nodeAddresses(own).map((address) => table.ownAddresses.get(address))),
    ...networksOf(nodes).map((address) => wayTo(address, table)),
    ...facts.routes.filter(({ destination }) => destination.endsWith('/0')).map((route) => route.interface),
  ]);
  return facts.interfaces.filter((one) => used.has(one.name) && carriesPackets(one));
}

/** One address for each subnet with nodes: a large cluster has few of those. */
function networksOf(nodes: readonly Node[]): Address[] {
  const bySubnet = new Map<Prefix, Address>();
  for (const { prefix } of nodes.flatMap(nodeInterfaceAddresses))
    bySubnet.set(prefix, networkAddress(prefix));
  return [...bySubnet.values()];
}

function wayTo(address: Address, table: NextHopTable): string | undefined {
  const status = nextHopStatus(address, table);
  return status.reachable ? status.interface : undefined;
}

function withAddresses({ interfaces }: LocalFacts): LocalInterface[] {
  return interfaces.filter((one) => one.addresses.length > 0 && carriesPackets(one));
}

/** A node address may lie on lo; packets leave by another interface. */
function carriesPackets({ leadsNowhere, name }: LocalInterface): boolean {
  return leadsNowhere !== true && !tunnelNames.has(name);
}
