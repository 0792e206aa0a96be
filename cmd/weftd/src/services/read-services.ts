/**
 * Services and EndpointSlices as the API server has them, as `calculate` wants them. Pure; what cannot be read is left out.
 */
import type { Service } from '@weft/calc';
import type { KubernetesObject } from '@weft/datastore';
import { type Address, type Family, parseAddress } from '@weft/ip';

/** What a Service says by itself. */
export type ServiceSpec = Omit<Service, 'readyHere' | 'readyAnywhere'>;

/** What an EndpointSlice says about its Service. */
export interface SliceFacts {
  /** `namespace/name` of the Service. */
  readonly service: string;
  readonly family: Family;
  readonly isReadyHere: boolean;
  readonly isReadyAnywhere: boolean;
}

const SERVED_TYPES = new Set(['ClusterIP', 'NodePort', 'LoadBalancer']);

interface ServiceFields {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalTrafficPolicy?: string;
}

interface LoadBalancerStatus {
  readonly ingress?: readonly { readonly ip?: string }[];
}

/** Reads a Service. One that kube-proxy does not serve has no cluster address: headless, ExternalName. */
export function readService({ metadata, spec = {}, status = {} }: KubernetesObject): ServiceSpec {
  const {
    type = 'ClusterIP',
    clusterIP,
    clusterIPs,
    externalIPs,
    externalTrafficPolicy,
  } = spec as ServiceFields;
  const { ingress = [] } = (status.loadBalancer ?? {}) as LoadBalancerStatus;
  const isServed = SERVED_TYPES.has(type) && clusterIP !== 'None';
  return {
    name: `${metadata.namespace}/${metadata.name}`,
    clusterIPs: isServed ? addresses(clusterIPs ?? [clusterIP]) : [],
    externalIPs: addresses(externalIPs ?? []),
    loadBalancerIPs: addresses(ingress.map(({ ip }) => ip)),
    isLocal: externalTrafficPolicy === 'Local',
  };
}

interface SliceEndpoint {
  readonly nodeName?: string;
  /** Absent or null means ready. */
  readonly conditions?: { readonly ready?: boolean | null };
}

/** Reads an EndpointSlice; undefined for one that belongs to no Service, or holds names. */
export function readSlice(slice: KubernetesObject, nodeName: string): SliceFacts | undefined {
  const { metadata, addressType, endpoints } = slice as KubernetesObject & {
    readonly addressType?: string;
    readonly endpoints?: readonly SliceEndpoint[] | null;
  };
  const service = metadata.labels?.['kubernetes.io/service-name'];
  const family = addressType === 'IPv4' ? 4 : addressType === 'IPv6' ? 6 : undefined;
  if (service === undefined || family === undefined) return undefined;
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return {
    service: `${metadata.namespace}/${service}`,
    family,
    isReadyHere: ready.some((endpoint) => endpoint.nodeName === nodeName),
    isReadyAnywhere: ready.length > 0,
  };
}

/** Puts the two together, sorted by name. */
export function joinServices(specs: Iterable<ServiceSpec>, slices: Iterable<SliceFacts>): Service[] {
  const ready = new Map<string, { readonly here: Set<Family>; readonly anywhere: Set<Family> }>();
  for (const { service, family, isReadyHere, isReadyAnywhere } of slices) {
    const families = ready.get(service) ?? { here: new Set(), anywhere: new Set() };
    ready.set(service, families);
    if (isReadyHere) families.here.add(family);
    if (isReadyAnywhere) families.anywhere.add(family);
  }
  return [...specs]
    .map((spec) => ({
      ...spec,
      readyHere: [...(ready.get(spec.name)?.here ?? [])].sort(),
      readyAnywhere: [...(ready.get(spec.name)?.anywhere ?? [])].sort(),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

function addresses(texts: readonly (string | undefined)[]): Address[] {
  return texts.flatMap((text) => {
    const parsed = parseAddress(text ?? '');
    return parsed.ok ? [parsed.value] : [];
  });
}
