/**
 * What workloads may not send: tunnel packets. The tunnel device of a node would take them, from its own workloads as they are and from
 * those of another node with that node's address by masquerading, and what is in them passes for a packet of any pod.
 *
 * Source: Felix's rules on encapsulated packets of workloads, which it has on nodes without tunnels, too: others may have some. Departs
 * from it: of VXLAN only packets of this cluster's VNI, others on the port are somebody else's network.
 */
import type { FelixSettings } from '../felix-settings.ts';

/** Packets of one encapsulation, in both families. */
export type RefusedTunnel =
  | { readonly kind: 'ipip' }
  | { readonly kind: 'vxlan'; readonly vni: number; readonly port: number };

/** None that FelixConfiguration allows. */
export function refusedTunnels(felix: FelixSettings): RefusedTunnel[] {
  const { vxlanVni: vni, vxlanPort: port } = felix;
  return [
    ...(felix.allowIpipFromWorkloads ? [] : [{ kind: 'ipip' } as const]),
    ...(felix.allowVxlanFromWorkloads ? [] : [{ kind: 'vxlan', vni, port } as const]),
  ];
}
