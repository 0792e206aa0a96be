/**
 * Which addresses of Services this node announces.
 *
 * Calico's rules: whole ranges from every node; beside them the addresses of a Service of its own
 * - with externalTrafficPolicy Local: from the nodes where an endpoint of that family is ready, so that the client's
 *   address survives and no packet takes a second hop;
 * - else only where no whole range stands for them: an address that is configured alone, or any while load balancers are
 *   not aggregated and an endpoint is ready somewhere.
 * A node that is excluded from load balancers by its label announces nothing.
 */
import {
  type Address,
  containsAddress,
  familyOf,
  hostPrefix,
  isHostPrefix,
  networkAddress,
  type Prefix,
} from '@weft/ip';
import type { BgpSettings } from '@weft/resources';
import type { CalcInput } from '../input.ts';
import { type Service, type ServiceRanges, serviceRanges, wholeRanges } from './service.ts';

/** Label of a Node that is not to be a target of load balancers. Source: Kubernetes */
export const EXCLUDED_FROM_LOAD_BALANCERS = 'node.kubernetes.io/exclude-from-external-load-balancers';

/** An address or a range, with why it is announced or is not. */
export interface ServiceDecision {
  readonly prefix: Prefix;
  readonly announced: boolean;
  readonly reason: string;
}

/** Decides on every range and every address of a Service, in no order; a prefix may come twice, announced and not. */
export function serviceDecisions(
  { nodeName, nodes, services }: Pick<CalcInput, 'nodeName' | 'nodes' | 'services'>,
  settings: BgpSettings,
): ServiceDecision[] {
  const ranges = serviceRanges(settings);
  const whole = wholeRanges(ranges).map((prefix) => ({
    prefix,
    announced: true,
    reason: 'a range of service addresses of BGPConfiguration',
  }));
  const decisions = [...whole, ...services.flatMap((service) => decideService(service, ranges))];
  const labels = nodes.find(({ metadata }) => metadata.name === nodeName)?.metadata.labels;
  if (labels?.[EXCLUDED_FROM_LOAD_BALANCERS] !== 'true') return decisions;
  const reason = `this node has the label ${EXCLUDED_FROM_LOAD_BALANCERS}`;
  return decisions.map((decision) => ({ ...decision, announced: false, reason }));
}

function decideService(service: Service, ranges: ServiceRanges): ServiceDecision[] {
  // A Service that kube-proxy does not serve, headless or ExternalName, has no cluster address.
  if (service.clusterIPs.length === 0) return [];
  const addresses = announceable(service, ranges);
  const shared = service.isLocal ? undefined : whyEverywhere(service, addresses, ranges);
  return addresses.map((address) => {
    const prefix = hostPrefix(address);
    const why = service.isLocal ? whyHere(service, address) : shared;
    return why === undefined
      ? { prefix, announced: false, reason: whyNot(service, address) }
      : { prefix, announced: true, reason: `an address of Service ${service.name}, ${why}` };
  });
}

/** Cluster addresses where any of their ranges is announced; others only inside theirs. */
function announceable(service: Service, { cluster, external, loadBalancer }: ServiceRanges): Address[] {
  const inside = (addresses: readonly Address[], ranges: readonly Prefix[]): Address[] =>
    addresses.filter((address) => ranges.some((range) => containsAddress(range, address)));
  return [
    ...(cluster.length > 0 ? service.clusterIPs : []),
    ...inside(service.externalIPs, external),
    ...inside(service.loadBalancerIPs, loadBalancer),
  ];
}

function whyHere({ readyHere }: Service, address: Address): string | undefined {
  return readyHere.includes(familyOf(address)) ? 'which has an endpoint on this node' : undefined;
}

function whyEverywhere(
  { readyAnywhere }: Service,
  addresses: readonly Address[],
  { external, loadBalancer, isAggregated }: ServiceRanges,
): string | undefined {
  const single = new Set([...external, ...loadBalancer].filter(isHostPrefix).map(networkAddress));
  if (addresses.some((address) => single.has(address)))
    return 'one of which is configured as a single address';
  if (!isAggregated && readyAnywhere.length > 0) return 'since load balancers are not aggregated';
  return undefined;
}

function whyNot({ isLocal, name, readyAnywhere }: Service, address: Address): string {
  if (isLocal) return `Service ${name} has no ready IPv${familyOf(address)} endpoint on this node`;
  return readyAnywhere.length === 0
    ? `Service ${name} has no ready endpoint`
    : `a whole range stands for the addresses of Service ${name}`;
}
