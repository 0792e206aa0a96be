/**
 * Host routes to peers that are reached by a gateway of their own (BGPPeer `reachableBy`).
 */
import { hostPrefix } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { DesiredRoute } from './desired-route.ts';
import { type NextHopTable, nextHopStatus } from './next-hop.ts';
import { normalMetric } from './route-metric.ts';
import type { WayToPeer } from './sessions/way-to-peer.ts';

/** The routes to those whose gateway is reachable. */
export function peerGatewayRoutes(
  ways: readonly WayToPeer[],
  table: NextHopTable,
  settings: BgpSettings,
): DesiredRoute[] {
  return ways.flatMap((way) => {
    if (!('gateway' in way)) return [];
    const { peer, gateway, askedBy } = way;
    const status = nextHopStatus(gateway, table);
    if (!status.reachable) return [];
    const destination = hostPrefix(peer);
    return [
      {
        destination,
        type: 'unicast',
        via: [status.via],
        metric: normalMetric(destination, settings),
        class: 'peer-gateway',
        reason: `${askedBy} reaches ${peer} by ${gateway}`,
      },
    ];
  });
}
