/**
 * Who may send into this node's VXLAN devices: the nodes of the cluster, and whom FelixConfiguration names beside them. A device takes
 * what it is sent from anybody, and its packets pass for those of pods.
 *
 * Source: Felix's rule on VXLAN packets of hosts that are none of Calico's. Departs from it: only packets of this cluster's VNI are
 * looked at, others on the port are somebody else's network.
 */
import { type Family, hostPrefix, type Prefix } from '@weft/ip';
import { nodeAddress } from '@weft/resources';
import { disjoint } from '../allowed-sources.ts';
import type { CalcInput } from '../input.ts';
import type { DesiredTunnel } from './tunnels.ts';

/** Who may send VXLAN of one family. */
export interface TunnelSenders {
  readonly family: Family;
  readonly vni: number;
  readonly port: number;
  /** Outer source addresses; sorted, none lies in another. */
  readonly prefixes: readonly Prefix[];
}

/** One for each VXLAN device. */
export function tunnelSenders(
  devices: readonly DesiredTunnel[],
  { felix, nodes }: Pick<CalcInput, 'felix' | 'nodes'>,
): TunnelSenders[] {
  return devices.flatMap(({ family, vxlan }) => {
    if (vxlan === undefined) return [];
    const addresses = nodes.flatMap((node) => nodeAddress(node, family) ?? []);
    const others = family === 4 ? felix.externalNodes : [];
    return [{ family, ...vxlan, prefixes: disjoint([...addresses.map(hostPrefix), ...others]) }];
  });
}
