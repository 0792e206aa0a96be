/**
 * The addresses of a node's tunnel devices: which pools they come from, and what to do about the one the node has.
 *
 * What IPAM holds under the tunnel's handle is the truth; the field of the Node tells it to others. So a crash between
 * the two is mended by looking again.
 *
 * Source: Calico node/pkg/allocateip.
 */
import { type Address, containsAddress, type Family, familyOf, type Prefix } from '@weft/ip';
import type { IPPool, Node, NodeSpec } from '@weft/resources';
import { type Tunnel, tunnelAttributes, tunnelHandle } from './attributes.ts';
import type { Allocation } from './block.ts';
import { poolCidr, whyNotEnabled, whyNotForNode, whyNotForUse } from './pool-choice.ts';

/** What decides about a tunnel beside pools and node. */
export interface TunnelSettings {
  /** WireGuard encrypts the traffic of hosts too and uses the node's own address. */
  readonly wireguardHostEncryption: boolean;
  /** Tunnels that the node's kernel cannot make: they have no address, so nobody sends by them. */
  readonly unsupported?: readonly Tunnel[];
}

/** The pools a tunnel's address may come from; none when the node has no such tunnel. */
export function tunnelPools(
  tunnel: Tunnel,
  node: Node,
  pools: readonly IPPool[],
  settings: TunnelSettings,
): Prefix[] {
  if (!mayRun(tunnel, node, settings)) return [];
  const self = { name: node.metadata.name, labels: node.metadata.labels ?? {} };
  return pools
    .filter((pool) => familyOf(poolCidr(pool)) === familyOfTunnel(tunnel) && encapsulates(tunnel, pool))
    .filter((pool) => !whyNotEnabled(pool) && !whyNotForUse(pool, 'Tunnel') && !whyNotForNode(pool, self))
    .map(poolCidr);
}

/** The family of a tunnel's address. */
export function familyOfTunnel(tunnel: Tunnel): Family {
  return tunnel === 'vxlanV6' || tunnel === 'wireguardV6' ? 6 : 4;
}

/** WireGuard runs once the node has published its key; the others run where a pool says so. */
function mayRun(
  tunnel: Tunnel,
  { status }: Node,
  { unsupported, wireguardHostEncryption }: TunnelSettings,
): boolean {
  if (unsupported?.includes(tunnel)) return false;
  if (tunnel === 'wireguard') return !wireguardHostEncryption && Boolean(status?.wireguardPublicKey);
  if (tunnel === 'wireguardV6') return !wireguardHostEncryption && Boolean(status?.wireguardPublicKeyV6);
  return true;
}

function encapsulates(tunnel: Tunnel, { spec }: IPPool): boolean {
  if (tunnel === 'ipip') return spec.ipipMode !== undefined && spec.ipipMode !== 'Never';
  if (tunnel === 'vxlan' || tunnel === 'vxlanV6')
    return spec.vxlanMode !== undefined && spec.vxlanMode !== 'Never';
  return true;
}

/** The address the Node tells, and who holds it; `by` is undefined while nobody does. */
export interface ToldAddress {
  readonly address: Address;
  readonly by: Allocation | undefined;
}

/** An address that the tunnel's handle holds. */
export interface HeldAddress {
  readonly address: Address;
  readonly block: Prefix;
  readonly by: Allocation;
}

/** What to do about a tunnel's address. */
export type TunnelDecision =
  /** The node has it: release what else the handle holds. */
  | { readonly kind: 'keep'; readonly address: Address; readonly others: readonly Address[] }
  /** IPAM holds it for the tunnel, the node does not say so: write it down. */
  | {
      readonly kind: 'adopt';
      readonly address: Address;
      readonly block: Prefix;
      readonly others: readonly Address[];
    }
  /** It was assigned without a handle by a Calico from before tunnels had any: take it again by name. */
  | { readonly kind: 'renew'; readonly address: Address; readonly sequenceNumber: bigint }
  /** Assign one; what the handle holds lies in no pool of the tunnel and is released first. */
  | { readonly kind: 'assign'; readonly others: readonly Address[] }
  /** There is no such tunnel: release all, and clear the field. */
  | { readonly kind: 'remove'; readonly others: readonly Address[] };

/** What decides about a tunnel's address. */
export interface TunnelState {
  readonly tunnel: Tunnel;
  readonly node: string;
  readonly pools: readonly Prefix[];
  readonly told: ToldAddress | undefined;
  /** What the tunnel's handle holds. */
  readonly held: readonly HeldAddress[];
}

/** Decides what to do. */
export function decideTunnel({ tunnel, node, pools, told, held }: TunnelState): TunnelDecision {
  const addresses = held.map(({ address }) => address);
  if (pools.length === 0) return { kind: 'remove', others: addresses };
  const usable = held.filter(({ address, by }) => isInPools(address, pools) && isOurs(by, tunnel, node));
  const best = usable.find(({ address }) => address === told?.address) ?? usable[0];
  if (best) {
    const others = addresses.filter((address) => address !== best.address);
    return best.address === told?.address
      ? { kind: 'keep', address: best.address, others }
      : { kind: 'adopt', address: best.address, block: best.block, others };
  }
  if (told?.by && isNameless(told.by) && isInPools(told.address, pools))
    return { kind: 'renew', address: told.address, sequenceNumber: told.by.sequenceNumber };
  return { kind: 'assign', others: addresses };
}

function isInPools(address: Address, pools: readonly Prefix[]): boolean {
  return pools.some((pool) => containsAddress(pool, address));
}

function isOurs(by: Allocation, tunnel: Tunnel, node: string): boolean {
  const wanted = tunnelAttributes(tunnel, node);
  return (
    by.handle === tunnelHandle(tunnel, node) &&
    by.attributes.type === wanted.type &&
    by.attributes.node === wanted.node
  );
}

/** Workloads always had handles, so an allocation without any is a tunnel's of old. */
function isNameless({ handle, attributes, releasedAt }: Allocation): boolean {
  return handle === undefined && Object.keys(attributes).length === 0 && releasedAt === undefined;
}

/** The address of a tunnel that the Node tells. */
export function tunnelAddressOf(tunnel: Tunnel, { spec }: Node): Address | undefined {
  switch (tunnel) {
    case 'ipip':
      return spec.bgp?.ipv4IPIPTunnelAddr;
    case 'vxlan':
      return spec.ipv4VXLANTunnelAddr;
    case 'vxlanV6':
      return spec.ipv6VXLANTunnelAddr;
    case 'wireguard':
      return spec.wireguard?.interfaceIPv4Address;
    case 'wireguardV6':
      return spec.wireguard?.interfaceIPv6Address;
  }
}

/** The Node telling another address of a tunnel, or none. Parts that say nothing any more are left out, as in Calico. */
export function withTunnelAddress(tunnel: Tunnel, node: Node, address: Address | undefined): Node {
  const { spec } = node;
  switch (tunnel) {
    case 'ipip':
      return withSpec(node, { bgp: orNothing({ ...spec.bgp, ipv4IPIPTunnelAddr: address }) });
    case 'vxlan':
      return withSpec(node, { ipv4VXLANTunnelAddr: address });
    case 'vxlanV6':
      return withSpec(node, { ipv6VXLANTunnelAddr: address });
    case 'wireguard':
      return withSpec(node, { wireguard: orNothing({ ...spec.wireguard, interfaceIPv4Address: address }) });
    case 'wireguardV6':
      return withSpec(node, { wireguard: orNothing({ ...spec.wireguard, interfaceIPv6Address: address }) });
  }
}

/** A value whose fields may be undefined. */
type Loose<T> = { readonly [Field in keyof T]?: T[Field] | undefined };

function withSpec(node: Node, change: Loose<NodeSpec>): Node {
  return { ...node, spec: compact<NodeSpec>({ ...node.spec, ...change }) };
}

function orNothing<T extends object>(part: Loose<T>): T | undefined {
  const kept = compact<T>(part);
  return Object.keys(kept).length > 0 ? kept : undefined;
}

/** The value without the fields that are undefined. */
function compact<T>(value: Loose<T>): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}
