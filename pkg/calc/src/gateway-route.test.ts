import { prefix } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { gatewayRoutes } from './gateway-route.ts';
import type { CalcInput } from './input.ts';

const endpoint = (orchestrator: string, node: string, network: string): WorkloadEndpoint => ({
  apiVersion: 'projectcalico.org/v3',
  kind: 'WorkloadEndpoint',
  metadata: { name: 'x', namespace: 'default' },
  spec: { node, orchestrator, ipNetworks: [prefix(network)] },
});
const routes = (one: WorkloadEndpoint): string[] =>
  gatewayRoutes({ nodeName: 'node1', endpoints: [one] } as unknown as CalcInput).map(
    ({ destination, metric, via }) => `${destination} dev ${via[0]?.interface} metric ${metric}`,
  );

describe('the route by which a host answers ARP for 169.254.1.1', () => {
  it('is there for an IPv4 container of Docker', () => {
    expect(routes(endpoint('libnetwork', 'node1', '10.0.0.5/32'))).toEqual([
      '169.254.1.1/32 dev lo metric 2147483647',
    ]);
  });

  it.each([
    ['of another node', endpoint('libnetwork', 'node2', '10.0.0.5/32')],
    [
      'of IPv6 alone, whose gateway is an address of the host',
      endpoint('libnetwork', 'node1', 'fd00::5/128'),
    ],
    ['that weft sets up itself', endpoint('cni', 'node1', '10.0.0.5/32')],
  ])('is not there for a container %s', (_, one) => {
    expect(routes(one)).toEqual([]);
  });
});
