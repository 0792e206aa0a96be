/**
 * Where the addresses of encapsulated pools are, as far as the resources tell: blocks at their owners, borrowed addresses where
 * their workloads are. A daemon reads the same from the blocks of IPAM.
 */
import { encapsulationOf, type Place } from '@weft/calc';
import { hostPrefix, PrefixTrie, parseInterfaceAddress } from '@weft/ip';
import type { BlockAffinity, IPPool, WorkloadEndpoint } from '@weft/resources';

/** What places are read from. */
export interface PlaceResources {
  readonly pools: readonly IPPool[];
  readonly blockAffinities: readonly BlockAffinity[];
  readonly endpoints: readonly WorkloadEndpoint[];
}

/** The places in pools that ask for a tunnel; none while no pool does. */
export function encapsulatedPlaces({ blockAffinities, endpoints, pools }: PlaceResources): readonly Place[] {
  if (pools.every((pool) => encapsulationOf(pool) === undefined)) return [];
  const poolAt = new PrefixTrie<IPPool>();
  for (const pool of pools) poolAt.set(pool.spec.cidr, pool);
  const whole = blockAffinities
    .filter(({ spec }) => !spec.deleted && spec.state === 'confirmed' && spec.type === 'host')
    .map(({ spec }): Place => ({ prefix: spec.cidr, nodeName: spec.node }));
  const blocks = new PrefixTrie<string>();
  for (const { nodeName, prefix } of whole) blocks.set(prefix, nodeName);
  return [...whole, ...endpoints.flatMap((endpoint) => borrowed(endpoint, blocks))].filter(({ prefix }) => {
    const pool = poolAt.longestMatch(prefix)?.value;
    return pool !== undefined && encapsulationOf(pool) !== undefined;
  });
}

/** The addresses of a workload that lie in no block of its node. */
function borrowed({ spec }: WorkloadEndpoint, blocks: PrefixTrie<string>): Place[] {
  const { ipNetworks = [], node: nodeName } = spec;
  if (nodeName === undefined) return [];
  return ipNetworks.flatMap((text) => {
    const parsed = parseInterfaceAddress(text);
    if (!parsed.ok || blocks.longestMatch(parsed.value.address)?.value === nodeName) return [];
    return [{ prefix: hostPrefix(parsed.value.address), nodeName }];
  });
}
