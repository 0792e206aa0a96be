/**
 * Import and export policy of a peer, as data for the speaker.
 *
 * Calico's order for export, of which each step is terminal: the peer's BGPFilters; pools that are not to be exported;
 * communities of prefixAdvertisements (which only add); own blocks as a whole, and of what is inside them only what is
 * better than normal (a workload that moves); addresses of Services; everything else in a pool; nothing else. Its rules about interfaces of
 * tunnels have nothing to act on here: weft's speaker holds no routes of the kernel.
 *
 * On import the BGPFilters decide, and what they let through is accepted.
 */
import { bitsOf, familyOf, type Prefix, prefixLength } from '@weft/ip';
import { type BGPFilter, type BgpSettings, type IPPool, parseCommunity } from '@weft/resources';
import type { PolicyRule } from 'bgp-speaker-ts';
import { type Direction, filterRules } from './bgp-filter.ts';
import type { CalcInput } from './input.ts';
import type { OwnBlocks } from './own-blocks.ts';
import { localPrefOfMetric, normalMetric } from './route-metric.ts';
import { allRanges, serviceRanges } from './services/service.ts';

/** The policies of a peer, and which of its filters are not there. */
export interface PeerPolicies {
  readonly importPolicy: readonly PolicyRule[];
  readonly exportPolicy: readonly PolicyRule[];
  /** Calico skips these in silence; so do we, but the session says it. */
  readonly missingFilters: readonly string[];
}

/** Gives the policies for a list of filter names. Peers with equal lists share the same arrays: one update group. */
export function policyMaker(
  input: CalcInput,
  blocks: OwnBlocks,
  settings: BgpSettings,
  isReflector: boolean,
): (filters: readonly string[]) => PeerPolicies {
  const filtersByName = new Map(input.bgpFilters.map((filter) => [filter.metadata.name, filter]));
  const commonRules = exportRules(input.pools, blocks, settings, isReflector);
  const { isDraining } = input.settings;
  const made = new Map<string, PeerPolicies>();
  return (names) => {
    const key = JSON.stringify(names);
    const policies = made.get(key) ?? makePolicies(names, filtersByName, commonRules, isDraining);
    made.set(key, policies);
    return policies;
  };
}

function makePolicies(
  names: readonly string[],
  filters: ReadonlyMap<string, BGPFilter>,
  commonRules: readonly PolicyRule[],
  isDraining: boolean,
): PeerPolicies {
  const rules = (direction: Direction): PolicyRule[] =>
    names.flatMap((name) => {
      const filter = filters.get(name);
      return filter === undefined ? [] : filterRules(filter, direction);
    });
  return {
    importPolicy: rules('import'),
    exportPolicy: isDraining
      ? [...rules('export'), ...commonRules].map(asLastChoice)
      : [...rules('export'), ...commonRules],
    missingFilters: names.filter((name) => !filters.has(name)),
  };
}

/** GRACEFUL_SHUTDOWN, and the least LOCAL_PREF where the peer sees that (RFC 8326 §4). */
const LAST_CHOICE = [
  { kind: 'add-community', community: '65535:0' },
  { kind: 'set-local-pref', localPref: 0 },
] as const;

/** What the rule lets out, peers take when they have nothing else. */
function asLastChoice(rule: PolicyRule): PolicyRule {
  if (rule.action !== 'accept') return rule;
  return { ...rule, operations: [...(rule.operations ?? []), ...LAST_CHOICE] };
}

function exportRules(
  pools: readonly IPPool[],
  { confirmed }: OwnBlocks,
  settings: BgpSettings,
  isReflector: boolean,
): PolicyRule[] {
  const sorted = pools.toSorted((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
  const [closed, open] = [true, false].map((disabled) =>
    sorted.filter(({ spec }) => spec.disableBGPExport === disabled),
  );
  return [
    ...(closed ?? []).map((pool) => poolRule(pool, 'reject')),
    ...communityRules(settings),
    ...confirmed.flatMap((block) => ownBlockRules(block, settings)),
    ...serviceRules(settings, isReflector),
    ...(open ?? []).map((pool) => poolRule(pool, 'accept')),
    { name: 'in no pool', action: 'reject' },
  ];
}

function poolRule({ metadata, spec }: IPPool, action: 'accept' | 'reject'): PolicyRule {
  return {
    name: `IPPool ${metadata.name}${action === 'reject' ? ' with disableBGPExport' : ''}`,
    match: { prefix: { operator: 'in', prefix: spec.cidr } },
    action,
  };
}

/**
 * Addresses of Services: those this node originates, and on a reflector also those of others. Cluster addresses are not
 * reflected, in Calico neither: every node announces their whole range itself.
 */
function serviceRules(settings: BgpSettings, isReflector: boolean): PolicyRule[] {
  const ranges = serviceRanges(settings);
  const accept = (prefix: Prefix, name: string, source?: 'local'): PolicyRule => ({
    name: `${name} ${prefix}`,
    match: { prefix: { operator: 'in', prefix }, ...(source && { source }) },
    action: 'accept',
  });
  const reflected = isReflector ? [...ranges.external, ...ranges.loadBalancer] : [];
  return [
    ...allRanges(ranges).map((range) => accept(range, 'service range', 'local')),
    ...reflected.map((range) => accept(range, 'reflected service range')),
  ];
}

/** Not even its own addresses: the block stands for them. */
function ownBlockRules(block: Prefix, settings: BgpSettings): PolicyRule[] {
  const whole: PolicyRule = {
    name: `own block ${block}`,
    match: { prefix: { operator: 'equal', prefix: block } },
    action: 'accept',
  };
  const minLength = prefixLength(block) + 1;
  if (minLength > bitsOf(familyOf(block))) return [whole];
  const prefix = { operator: 'in', prefix: block, minLength } as const;
  const better = { min: localPrefOfMetric(normalMetric(block, settings)) + 1 };
  return [
    whole,
    { name: `moving within own block ${block}`, match: { prefix, localPref: better }, action: 'accept' },
    { name: `inside own block ${block}`, match: { prefix }, action: 'reject' },
  ];
}

function communityRules({ communities = [], prefixAdvertisements }: BgpSettings): PolicyRule[] {
  const named = new Map(communities.map(({ name, value }) => [name, value]));
  return prefixAdvertisements.map((advertisement) => ({
    name: `prefixAdvertisement ${advertisement.cidr}`,
    match: { prefix: { operator: 'in', prefix: advertisement.cidr } },
    operations: (advertisement.communities ?? [])
      .map((text) => named.get(text) ?? text)
      // A name that nothing defines: validation refuses it, but the store may hold it.
      .filter((text) => parseCommunity(text).ok)
      .map((community) => ({ kind: 'add-community', community })),
    action: 'next',
  }));
}
