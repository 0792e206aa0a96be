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
const TUNNEL_NAMES = {
  ipip: { handle: 'ipip-tunnel-addr', type: 'ipipTunnelAddress' },
  vxlan: { handle: 'vxlan-tunnel-addr', type: 'vxlanTunnelAddress' },
  vxlanV6: { handle: 'vxlan-v6-tunnel-addr', type: 'vxlanV6TunnelAddress' },
  wireguard: { handle: 'wireguard-tunnel-addr', type: 'wireguardTunnelAddress' },
  wireguardV6: { handle: 'wireguard-v6-tunnel-addr', type: 'wireguardV6TunnelAddress' },
} as const;

/** A kind of tunnel. */
export type Tunnel = keyof typeof TUNNEL_NAMES;

/** Every kind of tunnel. */
export const TUNNELS: readonly Tunnel[] = Object.keys(TUNNEL_NAMES) as Tunnel[];

/** The handle of a node's tunnel address. */
export function tunnelHandle(tunnel: Tunnel, node: string): string {
  return `${TUNNEL_NAMES[tunnel].handle}-${node}`;
}

/** The attributes of a node's tunnel address. */
export function tunnelAttributes(tunnel: Tunnel, node: string): Record<string, string> {
  return { node, type: TUNNEL_NAMES[tunnel].type };
}

/** True when an attribute `type` is a tunnel's. */
export function isTunnelType(type: string | undefined): boolean {
  return TUNNELS.some((tunnel) => TUNNEL_NAMES[tunnel].type === type);
}

/** A Service, as its handle is made from it. */
export interface ServiceIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
}

/**
 * The handle of a Service's LoadBalancer addresses.
 *
 * @param sha256Base64url digests a text, base64url without padding
 */
export function serviceHandle(
  { name, namespace, uid }: ServiceIdentity,
  sha256Base64url: (text: string) => string,
): string {
  const digest = sha256Base64url(`${name}-${namespace}-${uid}`.toLowerCase());
  return `lb-${digest.replace(/[-_]/g, '')}`;
}

/** The attributes of a LoadBalancer address; `type` is the Service's. */
export function serviceAttributes(
  { name, namespace }: Omit<ServiceIdentity, 'uid'>,
  type: string,
): Record<string, string> {
  return { service: name, namespace, type };
}
