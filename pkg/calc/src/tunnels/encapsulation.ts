/**
 * What a pool asks for, and what each way of encapsulating is made of.
 *
 * Source: Calico (names of devices, overheads), RFC 7348 (VXLAN), RFC 2003 (IPIP).
 */
import { type Family, familyOf } from '@weft/ip';
import type { IPPool } from '@weft/resources';

/** A way to carry packets of pods between nodes. */
export type TunnelKind = 'vxlan' | 'ipip';

/** What a pool asks for; the one datapath of all its blocks. */
export interface Encapsulation {
  readonly kind: TunnelKind;
  /** CrossSubnet: only to nodes of other subnets. */
  readonly mode: 'Always' | 'CrossSubnet';
}

/** What the pool asks for; undefined for one that asks for nothing. A disabled pool still has workloads. */
export function encapsulationOf({ spec }: IPPool): Encapsulation | undefined {
  if (spec.vxlanMode !== 'Never') return { kind: 'vxlan', mode: spec.vxlanMode };
  return spec.ipipMode === 'Never' ? undefined : { kind: 'ipip', mode: spec.ipipMode };
}

/** `IPPool pods (VXLAN CrossSubnet)`: what reasons begin with. */
export function askingPool(pool: IPPool, { kind, mode }: Encapsulation): string {
  return `IPPool ${pool.metadata.name} (${kind.toUpperCase()} ${mode})`;
}

/** Why nothing is decided of the blocks of a pool while nobody knows where they are; undefined for a pool without tunnels. */
export function unreadBlocks(pool: IPPool): string | undefined {
  const asked = encapsulationOf(pool);
  return asked && `${askingPool(pool, asked)}: its blocks were not read yet, and what the kernel has stays`;
}

/** One tunnel a node can have: a device for each, whatever the number of pools and peers. */
export interface TunnelType {
  readonly kind: TunnelKind;
  readonly family: Family;
  readonly name: string;
  /** What the outer headers take of each packet: Ethernet, VXLAN, UDP and IP, or IP alone. */
  readonly overheadBytes: number;
}

/** Every tunnel there is. */
export const TUNNEL_TYPES: readonly TunnelType[] = [
  { kind: 'vxlan', family: 4, name: 'vxlan.calico', overheadBytes: 50 },
  { kind: 'vxlan', family: 6, name: 'vxlan-v6.calico', overheadBytes: 70 },
  { kind: 'ipip', family: 4, name: 'tunl0', overheadBytes: 20 },
];

/** The tunnels that some pool asks for. */
export function wantedTunnels(pools: readonly IPPool[]): TunnelType[] {
  return TUNNEL_TYPES.filter(({ kind, family }) =>
    pools.some((pool) => familyOf(pool.spec.cidr) === family && encapsulationOf(pool)?.kind === kind),
  );
}
