/**
 * The tunnels of this node and the routes to other nodes' blocks of encapsulated pools.
 *
 * Each block of such a pool has one route, decided here: by the tunnel, or, where the pool says CrossSubnet and the other
 * node is in this node's subnet, straight to it. Where a tunnel cannot be used yet the reason is in `leftOut`, and what BGP
 * knows of the block counts meanwhile (`remoteRoute`). Where the blocks are not known nothing is decided of any.
 *
 * Source: Felix (VXLAN manager, L3 route resolver).
 */
import {
  type Address,
  containsAddress,
  type Family,
  familyOf,
  hostPrefix,
  type MacAddress,
  type Prefix,
  PrefixTrie,
} from '@weft/ip';
import { type BgpSettings, type IPPool, type Node, nodeAddress, nodeInterfaceAddress } from '@weft/resources';
import type { DesiredRoute } from '../desired-route.ts';
import type { CalcInput } from '../input.ts';
import type { LocalFacts, LocalInterface } from '../local-facts.ts';
import { normalMetric } from '../route-metric.ts';
import {
  askingPool,
  type Encapsulation,
  encapsulationOf,
  TUNNEL_TYPES,
  type TunnelKind,
  type TunnelType,
  unreadBlocks,
  wantedTunnels,
} from './encapsulation.ts';
import { hostMtu, tunnelMtuBytes } from './mtu.ts';
import type { Place } from './place.ts';
import { type TunnelSenders, tunnelSenders } from './senders.ts';

/** A tunnel device this node is to have. */
export interface DesiredTunnel {
  readonly kind: TunnelKind;
  readonly family: Family;
  readonly name: string;
  readonly mtuBytes: number;
  /** Its only address; absent until IPAM has given one. */
  readonly address?: Address;
  /** The address of this node that outer packets come from. */
  readonly local: Address;
  /** The interface that has it; absent where no packet leaves by that one: outer packets go where the routing table says. */
  readonly parent?: string;
  readonly vxlan?: { readonly vni: number; readonly port: number };
  /** The MAC its Node names; the one that follows from the node's name when absent. */
  readonly mac?: MacAddress;
  /** The other nodes with such a tunnel, sorted by name. */
  readonly peers: readonly TunnelPeer[];
  readonly reason: string;
}

/** Another node's end. */
export interface TunnelPeer {
  readonly nodeName: string;
  /** Where outer packets go. */
  readonly remote: Address;
  /** The address of its device. */
  readonly address: Address;
  /** The MAC its Node names; the one that follows from the node's name when absent. */
  readonly mac?: MacAddress;
}

/** A block of an encapsulated pool that has no route of its pool's kind, and why. The whole pool while its blocks are not known. */
export interface Unencapsulated {
  readonly prefix: Prefix;
  readonly reason: string;
  readonly lacks: Lacking;
}

/** What a tunnel cannot be used without: an address of either Node, this node's device, or knowing the blocks. */
export type Lacking = 'address' | 'device' | 'blocks';

/** What was decided about tunnels. */
export interface Tunnels {
  readonly devices: readonly DesiredTunnel[];
  readonly senders: readonly TunnelSenders[];
  /** To tunnel addresses, then to blocks; sorted, a class has at most one to a destination. */
  readonly routes: readonly DesiredRoute[];
  readonly leftOut: readonly Unencapsulated[];
}

const none: Tunnels = { devices: [], senders: [], routes: [], leftOut: [] };

/** Decides about tunnels. */
export function decideTunnels(input: CalcInput, settings: BgpSettings): Tunnels {
  const types = wantedTunnels(input.pools).filter(({ family }) => family === 4 || input.felix.ipv6Support);
  const own = input.nodes.find(({ metadata }) => metadata.name === input.nodeName);
  if (types.length === 0 || own === undefined) return none;
  const { bytes: hostBytes } = hostMtu(input);
  const devices = types.flatMap((type) => device(type, own, input, hostBytes) ?? []);
  const decisions = input.places
    ? routeDecisions(devices, input.places, own, input, settings)
    : undecidedPools(input);
  return {
    devices,
    senders: tunnelSenders(devices, input),
    routes: [
      ...addressRoutes(devices, input, settings),
      ...decisions.flatMap((decision) => ('route' in decision ? [decision.route] : [])),
    ],
    leftOut: decisions.flatMap((decision) => ('route' in decision ? [] : [decision])),
  };
}

function device(type: TunnelType, own: Node, input: CalcInput, hostBytes: number): DesiredTunnel | undefined {
  const { kind, family, name } = type;
  const local = nodeAddress(own, family);
  const place = local && interfaceWith(local, input.facts.interfaces);
  if (local === undefined || place === undefined) return undefined;
  const parent = place.leadsNowhere ? undefined : place;
  const { felix } = input;
  const address = tunnelAddress(own, type);
  const ownMac = nodeMac(own, type);
  const below = Math.min(parent?.mtuBytes ?? hostBytes, hostBytes);
  return {
    kind,
    family,
    name,
    mtuBytes: tunnelMtuBytes(type, below, felix),
    ...(address === undefined ? {} : { address }),
    local,
    ...(parent === undefined ? {} : { parent: parent.name }),
    ...(kind === 'vxlan' ? { vxlan: { vni: felix.vxlanVni, port: felix.vxlanPort } } : {}),
    ...(ownMac === undefined ? {} : { mac: ownMac }),
    peers: peersOf(type, input),
    reason: `${poolsAsking(type, input.pools)} ${kind.toUpperCase()}; ${local} is on ${place.name}`,
  };
}

function poolsAsking({ kind, family }: TunnelType, pools: readonly IPPool[]): string {
  const names = pools
    .filter((pool) => familyOf(pool.spec.cidr) === family && encapsulationOf(pool)?.kind === kind)
    .map(({ metadata }) => metadata.name)
    .sort();
  return `IPPool ${names.join(', ')} ${names.length === 1 ? 'asks' : 'ask'} for`;
}

function peersOf(type: TunnelType, { nodes, nodeName }: CalcInput): TunnelPeer[] {
  return nodes
    .filter(({ metadata }) => metadata.name !== nodeName)
    .flatMap((node) => {
      const remote = nodeAddress(node, type.family);
      const address = tunnelAddress(node, type);
      if (remote === undefined || address === undefined) return [];
      const named = nodeMac(node, type);
      return [
        { nodeName: node.metadata.name, remote, address, ...(named === undefined ? {} : { mac: named }) },
      ];
    })
    .sort((left, right) => (left.nodeName < right.nodeName ? -1 : 1));
}

type Decision = { readonly route: DesiredRoute } | Unencapsulated;

function undecidedPools({ felix, pools }: CalcInput): Unencapsulated[] {
  return pools
    .filter(({ spec }) => familyOf(spec.cidr) === 4 || felix.ipv6Support)
    .flatMap((pool) => {
      const reason = unreadBlocks(pool);
      return reason === undefined ? [] : [{ prefix: pool.spec.cidr, reason, lacks: 'blocks' as const }];
    })
    .sort((left, right) => (left.prefix < right.prefix ? -1 : 1));
}

function routeDecisions(
  devices: readonly DesiredTunnel[],
  given: readonly Place[],
  own: Node,
  input: CalcInput,
  settings: BgpSettings,
): Decision[] {
  const pools = new PrefixTrie<IPPool>();
  for (const pool of input.pools) pools.set(pool.spec.cidr, pool);
  const nodes = new Map(input.nodes.map((node) => [node.metadata.name, node]));
  const ends = devices.map((device) => ({
    device,
    peers: new Map(device.peers.map((peer) => [peer.nodeName, peer])),
  }));
  const places = new Map(given.map((place) => [place.prefix, place]));
  return [...places.values()]
    .filter(({ nodeName }) => nodeName !== input.nodeName)
    .sort((left, right) => (left.prefix < right.prefix ? -1 : 1))
    .flatMap(({ isHeld, nodeName, prefix }): Decision[] => {
      const pool = pools.longestMatch(prefix)?.value;
      const asked = pool && encapsulationOf(pool);
      if (pool === undefined || asked === undefined) return [];
      if (familyOf(prefix) === 6 && !input.felix.ipv6Support) return [];
      const found = way({ prefix, asked, remote: nodes.get(nodeName), nodeName, ends, own, input });
      const held = isHeld ? '; held by the fuse since its block is gone with many others' : '';
      const reason = `${askingPool(pool, asked)}: ${found.reason}${held}`;
      if ('lacks' in found) return [{ prefix, reason, lacks: found.lacks }];
      const { via, routeClass } = found;
      const metric = normalMetric(prefix, settings);
      return [
        { route: { destination: prefix, type: 'unicast', via: [via], metric, class: routeClass, reason } },
      ];
    });
}

/**
 * Tunnel addresses of other nodes, straight on the device. IPv6 needs them: the kernel takes a gateway that another route holds
 * for a mistake, and the gateway of a block lies in it. IPv4 needs those that lie in no block: hosts there send from them. Which
 * those are nobody knows before the blocks are.
 */
function addressRoutes(
  devices: readonly DesiredTunnel[],
  { facts, places }: CalcInput,
  settings: BgpSettings,
): DesiredRoute[] {
  const blocksOf = places && Map.groupBy(places, ({ nodeName }) => nodeName);
  const isInBlock = ({ address, nodeName }: TunnelPeer): boolean =>
    blocksOf?.get(nodeName)?.some(({ prefix }) => containsAddress(prefix, address)) === true;
  return devices
    .filter(({ kind, name }) => kind === 'vxlan' && isUp(name, facts))
    .flatMap(({ family, name, peers }) =>
      peers
        .filter((peer) => family === 6 || (blocksOf !== undefined && !isInBlock(peer)))
        .map(({ address, nodeName }) => ({
          destination: hostPrefix(address),
          type: 'unicast',
          via: [{ interface: name }],
          metric: normalMetric(hostPrefix(address), settings),
          class: 'tunnel-address',
          reason: `the address of ${nodeName} on ${name}`,
        })),
    );
}

function isUp(device: string, { interfaces }: LocalFacts): boolean {
  return interfaces.some(({ name, up }) => name === device && up);
}

/** A device and, by the name of its node, each other end. */
interface TunnelEnds {
  readonly device: DesiredTunnel;
  readonly peers: ReadonlyMap<string, TunnelPeer>;
}

interface Question {
  readonly prefix: Prefix;
  readonly asked: Encapsulation;
  readonly nodeName: string;
  readonly remote: Node | undefined;
  readonly ends: readonly TunnelEnds[];
  readonly own: Node;
  readonly input: CalcInput;
}

type Way =
  | {
      readonly via: DesiredRoute['via'][number];
      readonly routeClass: 'same-subnet' | TunnelKind;
      readonly reason: string;
    }
  | { readonly lacks: Lacking; readonly reason: string };

/** How a block is reached, or what is missing. */
function way({ prefix, asked, nodeName, remote, ends, own, input }: Question): Way {
  const family = familyOf(prefix);
  if (remote === undefined) return missing(`there is no Node ${nodeName}`);
  const outer = nodeAddress(remote, family);
  if (outer === undefined) return missing(`Node ${nodeName} has no IPv${family} address`);
  const found = ends.find(({ device }) => device.kind === asked.kind && device.family === family);
  if (found === undefined) return missing(`no interface of this node has its IPv${family} address`);
  const { device } = found;
  // What is on lo has no link with neighbours, whatever length its Node names.
  if (asked.mode === 'CrossSubnet' && device.parent !== undefined && isInOwnSubnet(outer, own)) {
    const via = { gateway: outer, interface: device.parent, onlink: true } as const;
    return { via, routeClass: 'same-subnet', reason: `${nodeName} at ${outer} is in this node's subnet` };
  }
  if (!isUp(device.name, input.facts)) return missing(`waits for ${device.name} to be up`, 'device');
  const peer = found.peers.get(nodeName);
  if (peer === undefined) return missing(`Node ${nodeName} tells no address of its ${device.name} yet`);
  const gateway = asked.kind === 'vxlan' ? peer.address : peer.remote;
  const via = { gateway, interface: device.name, onlink: true } as const;
  return { via, routeClass: asked.kind, reason: `by ${device.name} to ${nodeName} at ${outer}` };
}

function missing(reason: string, lacks: Lacking = 'address'): Way {
  return { lacks, reason };
}

function isInOwnSubnet(address: Address, own: Node): boolean {
  const found = nodeInterfaceAddress(own, familyOf(address));
  return found !== undefined && containsAddress(found.prefix, address);
}

function interfaceWith(address: Address, interfaces: readonly LocalInterface[]): LocalInterface | undefined {
  const isTunnel = (name: string): boolean => TUNNEL_TYPES.some((type) => type.name === name);
  return interfaces.find(
    ({ name, addresses }) => !isTunnel(name) && addresses.some((text) => text.startsWith(`${address}/`)),
  );
}

function tunnelAddress({ spec }: Node, { kind, family }: TunnelType): Address | undefined {
  if (kind === 'ipip') return spec.bgp?.ipv4IPIPTunnelAddr;
  return family === 4 ? spec.ipv4VXLANTunnelAddr : spec.ipv6VXLANTunnelAddr;
}

function nodeMac({ spec }: Node, { kind, family }: TunnelType): MacAddress | undefined {
  if (kind === 'ipip') return undefined;
  return family === 4 ? spec.vxlanTunnelMACAddr : spec.vxlanTunnelMACAddrV6;
}
