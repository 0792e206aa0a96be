/** What becomes of addresses in use: whether a pool still holds them, and which nodes lose the way to them. */
import { type Address, PrefixTrie, parseInterfaceAddress } from '@weft/ip';
import type { ClusterResources } from '@weft/simulation';
import type { Comparison, Side } from './comparison.ts';
import type { RoutePlan } from './routes.ts';

/** An address of a workload for which something changes for the worse, or for the better. */
export interface AddressPlan {
  readonly address: Address;
  /** Namespace and name of the pod or workload; of one without a name the first 12 digits of its container, as Docker shows it. */
  readonly workload: string;
  readonly node: string;
  /** In a pool before, and in none after. */
  readonly leavesPools: boolean;
  /** Nodes that had a way to it and have none. */
  readonly unreachableFrom: readonly string[];
  /** Nodes that had no way to it and have one. */
  readonly reachableFrom: readonly string[];
}

/** An address in use. */
export interface UsedAddress {
  readonly address: Address;
  readonly workload: string;
  readonly node: string;
}

/** Lists the addresses for which something changes. */
export function planAddresses(comparison: Comparison, changed: readonly RoutePlan[]): AddressPlan[] {
  const { before, after } = comparison;
  const [poolsBefore, poolsAfter] = [before, after].map(({ resources }) => poolTrie(resources));
  const ways = changed.map(({ name }) => ({
    name,
    before: wayTrie(before, name),
    after: wayTrie(after, name),
  }));
  return usedAddresses(after.resources).flatMap((used) => {
    const { address, node } = used;
    const others = ways.filter(({ name }) => name !== node);
    const plan: AddressPlan = {
      ...used,
      leavesPools: holds(poolsBefore, address) && !holds(poolsAfter, address),
      unreachableFrom: others
        .filter((way) => holds(way.before, address) && !holds(way.after, address))
        .map(nameOf),
      reachableFrom: others
        .filter((way) => !holds(way.before, address) && holds(way.after, address))
        .map(nameOf),
    };
    const isNews = plan.leavesPools || plan.unreachableFrom.length + plan.reachableFrom.length > 0;
    return isNews ? [plan] : [];
  });
}

/** The addresses of all workloads. */
export function usedAddresses({ endpoints }: Pick<ClusterResources, 'endpoints'>): UsedAddress[] {
  return endpoints.flatMap(({ metadata, spec }) =>
    (spec.ipNetworks ?? []).flatMap((text) => {
      const parsed = parseInterfaceAddress(text);
      const name = spec.pod ?? spec.workload ?? spec.containerID?.slice(0, 12) ?? metadata.name;
      const workload = `${metadata.namespace ?? 'default'}/${name}`;
      return parsed.ok ? [{ address: parsed.value.address, workload, node: spec.node ?? '' }] : [];
    }),
  );
}

function poolTrie({ pools }: ClusterResources): PrefixTrie<true> {
  const trie = new PrefixTrie<true>();
  for (const { spec } of pools) trie.set(spec.cidr, true);
  return trie;
}

function wayTrie({ seen }: Side, name: string): PrefixTrie<true> {
  const trie = new PrefixTrie<true>();
  for (const prefix of seen.get(name)?.routes.keys() ?? []) trie.set(prefix, true);
  return trie;
}

function holds(trie: PrefixTrie<true> | undefined, address: Address): boolean {
  return trie?.longestMatch(address) !== undefined;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
