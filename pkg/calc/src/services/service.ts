/**
 * Services of Kubernetes, as far as their addresses are announced, and the ranges that BGPConfiguration names for them.
 */
import { type Address, containsPrefix, type Family, isHostPrefix, type Prefix } from '@weft/ip';
import type { BgpSettings } from '@weft/resources';

/** A Service with what its EndpointSlices say. */
export interface Service {
  /** `namespace/name`. */
  readonly name: string;
  /** None for a headless Service or one of type ExternalName, which have nothing to announce. */
  readonly clusterIPs: readonly Address[];
  readonly externalIPs: readonly Address[];
  /** What a load balancer's controller has given it. */
  readonly loadBalancerIPs: readonly Address[];
  /** externalTrafficPolicy Local: only nodes with an endpoint take its traffic. */
  readonly isLocal: boolean;
  /** Families of which an endpoint is ready on this node. */
  readonly readyHere: readonly Family[];
  /** Families of which an endpoint is ready on any node. */
  readonly readyAnywhere: readonly Family[];
}

/** The ranges of each sort of address, as BGPConfiguration has them. */
export interface ServiceRanges {
  readonly cluster: readonly Prefix[];
  readonly external: readonly Prefix[];
  readonly loadBalancer: readonly Prefix[];
  /** Whole ranges of load balancers are announced, not their addresses one by one. */
  readonly isAggregated: boolean;
}

/** Reads the settings; an entry without a CIDR says nothing. */
export function serviceRanges(settings: BgpSettings): ServiceRanges {
  const cidrs = (entries: BgpSettings['serviceClusterIPs']): Prefix[] =>
    (entries ?? []).flatMap(({ cidr }) => cidr ?? []);
  return {
    cluster: cidrs(settings.serviceClusterIPs),
    external: cidrs(settings.serviceExternalIPs),
    loadBalancer: cidrs(settings.serviceLoadBalancerIPs),
    isAggregated: settings.serviceLoadBalancerAggregation === 'Enabled',
  };
}

/** True when there is anything to announce: without ranges nobody needs to know the Services. */
export function announcesServices(settings: BgpSettings): boolean {
  return allRanges(serviceRanges(settings)).length > 0;
}

/** Every range, announced as a whole or not. */
export function allRanges({ cluster, external, loadBalancer }: ServiceRanges): Prefix[] {
  return [...cluster, ...external, ...loadBalancer];
}

/**
 * The ranges that every node announces as a whole: those of clusters, and of the others all but single addresses; those of
 * load balancers only while they are aggregated. Source: Calico, service advertisement.
 */
export function wholeRanges({ cluster, external, loadBalancer, isAggregated }: ServiceRanges): Prefix[] {
  const others = [...external, ...(isAggregated ? loadBalancer : [])];
  return [...cluster, ...others.filter((range) => !isHostPrefix(range))];
}

/** The whole range in which a destination lies: kube-proxy of this node serves it, so no route leads it away. */
export function rangeServedHere(destination: Prefix, whole: readonly Prefix[]): Prefix | undefined {
  return whole.find((range) => containsPrefix(range, destination));
}
