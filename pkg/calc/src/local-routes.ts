/**
 * Routes to what is on this node: each workload by its interface, and each own block as a blackhole, so that packets to
 * an address nobody has end here and do not go in circles by way of a default route.
 */
import { type Address, type Family, familyOf, isHostPrefix, type Prefix } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { DesiredRoute } from './desired-route.ts';
import type { FelixSettings } from './felix-settings.ts';
import type { CalcInput } from './input.ts';
import { localAddresses } from './local-endpoints.ts';
import type { OwnBlocks } from './own-blocks.ts';
import { normalMetric } from './route-metric.ts';

/** The routes, sorted by destination as text. */
export function localRoutes(input: CalcInput, blocks: OwnBlocks, settings: BgpSettings): DesiredRoute[] {
  // A block of one address is the address of a workload. Source: Felix.
  const blackholes = blocks.confirmed
    .filter((block) => !isHostPrefix(block))
    .map((block) => blackhole(block, settings));
  return [...workloadRoutes(input, settings), ...blackholes]
    .filter(({ destination }) => input.felix.ipv6Support || familyOf(destination) === 4)
    .sort((left, right) => (left.destination < right.destination ? -1 : 1));
}

function blackhole(block: Prefix, settings: BgpSettings): DesiredRoute {
  return {
    destination: block,
    type: 'blackhole',
    via: [],
    metric: normalMetric(block, settings),
    class: 'blackhole',
    reason: 'a confirmed block of this node: addresses in it that no workload has lead nowhere',
  };
}

function workloadRoutes(input: CalcInput, settings: BgpSettings): DesiredRoute[] {
  const routes = new Map<Prefix, DesiredRoute>();
  for (const { prefix, endpoint, interfaceName } of localAddresses(input)) {
    const former = routes.get(prefix);
    if (former !== undefined) {
      routes.set(prefix, {
        ...former,
        reason: `${former.reason}; ${endpoint} claims it too and does not get it`,
      });
    } else if (interfaceName !== undefined) {
      const { metric, preferredSource } = workloadRouting(familyOf(prefix), input.felix, settings);
      routes.set(prefix, {
        destination: prefix,
        type: 'unicast',
        via: [{ interface: interfaceName }],
        metric,
        class: 'local-workload',
        ...(preferredSource === undefined ? {} : { preferredSource }),
        reason: `the address of ${endpoint} on this node`,
      });
    }
  }
  return [...routes.values()];
}

/** How the routes of a family to the workloads of this node are written. */
export interface WorkloadRouting {
  readonly metric: number;
  readonly preferredSource?: Address;
}

/** What FelixConfiguration says, else BGPConfiguration; Calico demands that both say the same. */
export function workloadRouting(
  family: Family,
  felix: FelixSettings,
  settings: Pick<BgpSettings, 'ipv4NormalRoutePriority' | 'ipv6NormalRoutePriority'>,
): WorkloadRouting {
  const [own, shared, source] =
    family === 4
      ? [felix.ipv4NormalRoutePriority, settings.ipv4NormalRoutePriority, felix.deviceRouteSourceAddress]
      : [felix.ipv6NormalRoutePriority, settings.ipv6NormalRoutePriority, felix.deviceRouteSourceAddressIPv6];
  return { metric: own ?? shared, ...(source === undefined ? {} : { preferredSource: source }) };
}
