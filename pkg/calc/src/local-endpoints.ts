/**
 * The workloads that are plugged in on this node, as routes and announcements look at them.
 */
import type { Prefix } from '@weft/ip';
import type { CalcInput } from './input.ts';

/** One address of one workload of this node. */
export interface LocalAddress {
  readonly prefix: Prefix;
  /** `namespace/name` of the WorkloadEndpoint, or its name alone. */
  readonly endpoint: string;
  /** The host's end of its veth pair; absent while it is not known. */
  readonly interfaceName: string | undefined;
}

/** All addresses, sorted by the name of their endpoint, so that the outcome does not depend on the order of the input. */
export function localAddresses({ endpoints, nodeName }: CalcInput): LocalAddress[] {
  return endpoints
    .filter(({ spec }) => spec.node === nodeName)
    .flatMap(({ metadata, spec }) => {
      const endpoint =
        metadata.namespace === undefined ? metadata.name : `${metadata.namespace}/${metadata.name}`;
      return (spec.ipNetworks ?? []).map((prefix) => ({
        prefix,
        endpoint,
        interfaceName: spec.interfaceName,
      }));
    })
    .sort((left, right) => (left.endpoint < right.endpoint ? -1 : 1));
}
