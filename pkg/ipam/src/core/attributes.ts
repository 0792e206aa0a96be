/**
 * What identifies the holder of an address: handle IDs and attributes, by Calico's conventions, so that its tools
 * recognise our allocations and we theirs.
 *
 * Source: Calico design/ipam, handle IDs; IPAMBlock `secondary`.
 */
import { formatGoTime } from './time-text.ts';

/** The attributes of a workload's address. */
export interface WorkloadIdentity {
  readonly node: string;
  readonly pod: string;
  readonly namespace: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The attributes Calico's CNI plugin stores with a pod's address. */
export function workloadAttributes({ node, pod, namespace, now }: WorkloadIdentity): Record<string, string> {
  return { namespace, node, pod, timestamp: formatGoTime(now) };
}

/** The handle of everything that one container holds in one network. */
export function workloadHandle(network: string, containerId: string): string {
  return `${network}.${containerId}`;
}

/** The tunnels a node takes an address for: their handle prefix and their attribute `type`. */
const TUNNELS = {
  ipip: { handle: 'ipip-tunnel-addr', type: 'ipipTunnelAddress' },
  vxlan: { handle: 'vxlan-tunnel-addr', type: 'vxlanTunnelAddress' },
  vxlanV6: { handle: 'vxlan-v6-tunnel-addr', type: 'vxlanV6TunnelAddress' },
  wireguard: { handle: 'wireguard-tunnel-addr', type: 'wireguardTunnelAddress' },
  wireguardV6: { handle: 'wireguard-v6-tunnel-addr', type: 'wireguardV6TunnelAddress' },
} as const;

/** A kind of tunnel. */
export type Tunnel = keyof typeof TUNNELS;

/** The handle of a node's tunnel address. */
export function tunnelHandle(tunnel: Tunnel, node: string): string {
  return `${TUNNELS[tunnel].handle}-${node}`;
}

/** The attributes of a node's tunnel address. */
export function tunnelAttributes(tunnel: Tunnel, node: string): Record<string, string> {
  return { node, type: TUNNELS[tunnel].type };
}
