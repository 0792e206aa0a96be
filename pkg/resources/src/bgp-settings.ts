/**
 * The BGP settings that hold on one node, out of the two BGPConfigurations that may say something about it.
 */
import type { BGPConfiguration, BGPConfigurationSpec, PrefixAdvertisement } from './generated/types.ts';
import { clusterOnlyFields } from './kinds/bgp-configuration.ts';

/** AS number of nodes that name none. Source: Calico. */
export const defaultAsNumber = 64512;

/** TCP port of BGP. Source: RFC 4271 §8.2.1. */
export const defaultBgpPort = 179;

/** Settings with nothing left open; fields without a default stay optional. */
export type BgpSettings = Omit<BGPConfigurationSpec, keyof SettledFields> & SettledFields;

interface SettledFields {
  readonly logSeverityScreen: string;
  readonly nodeToNodeMeshEnabled: boolean;
  readonly asNumber: number;
  readonly listenPort: number;
  readonly bindMode: 'None' | 'NodeIP';
  readonly serviceLoadBalancerAggregation: 'Enabled' | 'Disabled';
  readonly programClusterRoutes: 'Disabled' | 'EnabledNoEncapOnly' | 'EnabledIPIPOnly' | 'Enabled';
  readonly ipv4NormalRoutePriority: number;
  readonly ipv6NormalRoutePriority: number;
  readonly prefixAdvertisements: readonly PrefixAdvertisement[];
}

const defaults: SettledFields = {
  logSeverityScreen: 'Info',
  nodeToNodeMeshEnabled: true,
  asNumber: defaultAsNumber,
  listenPort: defaultBgpPort,
  bindMode: 'None',
  serviceLoadBalancerAggregation: 'Enabled',
  programClusterRoutes: 'EnabledNoEncapOnly',
  ipv4NormalRoutePriority: 1024,
  ipv6NormalRoutePriority: 1024,
  prefixAdvertisements: [],
};

/**
 * What holds on a node: its own BGPConfiguration `node.<name>` before `default`, and that before the defaults of
 * Calico. Either may be absent.
 */
export function effectiveBgpSettings(
  cluster: BGPConfiguration | undefined,
  node: BGPConfiguration | undefined,
): BgpSettings {
  return { ...defaults, ...cluster?.spec, ...nodeFields(node?.spec ?? {}) };
}

/** What a node may decide for itself; what else its object says is for the cluster alone to decide. */
function nodeFields(spec: BGPConfigurationSpec): Partial<BGPConfigurationSpec> {
  const clusterOnly: readonly string[] = clusterOnlyFields;
  return Object.fromEntries(Object.entries(spec).filter(([field]) => !clusterOnly.includes(field)));
}
