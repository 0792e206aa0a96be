/**
 * The addresses that a workload may send from although the host has no route to them by its interface. Everything else that is not
 * its own is dropped.
 *
 * Source: Calico's workloadSourceSpoofing and allowSpoofedSourcePrefixes. The addresses of a container's other interfaces are
 * weft's own: Linux answers by its first default route, whatever address was asked.
 */
import { type Family, familyOf, networkAddress, type Prefix, PrefixTrie } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import { FAMILY_NUMBERS } from './bgp-node.ts';
import type { CalcInput } from './input.ts';

/** What one interface may send from, in one family. */
export interface AllowedSources {
  readonly hostInterface: string;
  readonly family: Family;
  /** Sorted; none lies in another. */
  readonly prefixes: readonly Prefix[];
}

/** Those of this node, sorted. */
export function allowedSources({ endpoints, felix, nodeName }: CalcInput): AllowedSources[] {
  const local = endpoints.filter(({ spec }) => spec.node === nodeName && spec.interfaceName !== undefined);
  const siblings = Map.groupBy(local, containerOf);
  const mayAsk = felix.workloadSourceSpoofing === 'Any';
  return local
    .flatMap((endpoint) => {
      const others = (siblings.get(containerOf(endpoint)) ?? []).filter((other) => other !== endpoint);
      const asked = mayAsk ? (endpoint.spec.allowSpoofedSourcePrefixes ?? []) : [];
      const prefixes = [...others.flatMap(({ spec }) => spec.ipNetworks ?? []), ...asked];
      return FAMILY_NUMBERS.map((family) => ({
        hostInterface: endpoint.spec.interfaceName ?? '',
        family,
        prefixes: disjoint(prefixes.filter((prefix) => familyOf(networkAddress(prefix)) === family)),
      }));
    })
    .filter(({ prefixes }) => prefixes.length > 0)
    .sort((left, right) => (left.hostInterface < right.hostInterface ? -1 : 1));
}

/** What the endpoints of one container have in common, and no others. */
function containerOf({ metadata, spec }: WorkloadEndpoint): string {
  return spec.containerID === undefined
    ? `${metadata.namespace}/${metadata.name}`
    : `${spec.orchestrator} ${spec.containerID}`;
}

/** Without those that lie in others: a set of nftables does not take them. */
export function disjoint(prefixes: readonly Prefix[]): Prefix[] {
  const each = new PrefixTrie<true>();
  for (const prefix of prefixes) each.set(prefix, true);
  return [...new Set(prefixes)].filter((prefix) => each.covering(prefix).length === 1).sort();
}
