/**
 * The route that makes Linux answer ARP for the containers' gateway, 169.254.1.1, on a host without a default route.
 *
 * Linux answers ARP by proxy for an address only if it has a unicast route to it by another interface. Where weft sets a
 * container up it needs no answer, because the container has a permanent neighbour entry. Docker's containers have none:
 * dockerd moves the interface after its driver was asked for the last time. A route by the loopback is one by another interface
 * for all of them; no packet takes it, because no container sends any to its gateway itself. Its metric is the largest, so
 * that a route the host has to that address comes first.
 */
import { prefix } from '@weft/ip';
import type { DesiredRoute } from './desired-route.ts';
import type { CalcInput } from './input.ts';

const gateway = prefix('169.254.1.1/32');
/** Endpoints of Docker. Source: Calico's constant for the orchestrator. */
const docker = 'libnetwork';
const largestMetric = 2_147_483_647;

/** The route, while a container of this node needs it. */
export function gatewayRoutes({ endpoints, nodeName }: CalcInput): DesiredRoute[] {
  const isNeeded = endpoints.some(
    ({ spec }) =>
      spec.node === nodeName &&
      spec.orchestrator === docker &&
      spec.ipNetworks?.some((network) => network.includes('.')),
  );
  if (!isNeeded) return [];
  return [
    {
      destination: gateway,
      type: 'unicast',
      via: [{ interface: 'lo' }],
      metric: largestMetric,
      class: 'workload-gateway',
      reason: 'lets the host answer ARP for the gateway of the containers of Docker',
    },
  ];
}
