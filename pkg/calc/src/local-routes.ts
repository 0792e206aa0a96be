/**
 * Routes to what is on this node: each workload by its interface, and each own block as a blackhole, so that packets to
 * an address nobody has end here and do not go in circles by way of a default route.
 */
import { isHostPrefix, type Prefix } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { DesiredRoute } from './desired-route.ts';
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
  return [...workloadRoutes(input, settings), ...blackholes].sort((left, right) =>
    left.destination < right.destination ? -1 : 1,
  );
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
      routes.set(prefix, workloadRoute(prefix, interfaceName, endpoint, settings));
    }
  }
  return [...routes.values()];
}

function workloadRoute(
  destination: Prefix,
  interfaceName: string,
  endpoint: string,
  settings: BgpSettings,
): DesiredRoute {
  return {
    destination,
    type: 'unicast',
    via: [{ interface: interfaceName }],
    metric: normalMetric(destination, settings),
    class: 'local-workload',
    reason: `the address of ${endpoint} on this node`,
  };
}
