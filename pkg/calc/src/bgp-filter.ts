/**
 * A BGPFilter as rules of the speaker, one to one.
 *
 * A rule of Calico says nothing of routes of the other family, so each rule is bound to its own. Priority p of Calico is
 * the LOCAL_PREF 2147483647 - p.
 */
import { type BGPFilter, type BGPFilterOperation, type BGPFilterRule, parseCommunity } from '@weft/resources';
import type { PolicyRule, PrefixMatch, RouteMatch, RouteOperation } from 'bgp-speaker-ts';
import { localPrefOfMetric } from './route-metric.ts';

/** Which way the routes go. */
export type Direction = 'export' | 'import';

/** The rules of one filter for one direction, both families. */
export function filterRules({ metadata, spec }: BGPFilter, direction: Direction): PolicyRule[] {
  const name = `BGPFilter ${metadata.name}`;
  return [
    ...rulesOf(spec[`${direction}V4`] ?? [], 'ipv4-unicast', `${name} ${direction}V4`),
    ...rulesOf(spec[`${direction}V6`] ?? [], 'ipv6-unicast', `${name} ${direction}V6`),
  ];
}

function rulesOf(
  rules: readonly BGPFilterRule[],
  family: 'ipv4-unicast' | 'ipv6-unicast',
  name: string,
): PolicyRule[] {
  return rules.map((rule, index) => ({
    name: `${name}[${index}]`,
    match: { family, ...match(rule) },
    ...(rule.operations === undefined ? {} : { operations: rule.operations.flatMap(operation) }),
    action: rule.action === 'Accept' ? 'accept' : 'reject',
  }));
}

function match(rule: BGPFilterRule): RouteMatch {
  const prefix = prefixMatch(rule);
  const { asPathPrefix, interface: name, peerType, priority, source } = rule;
  return {
    ...(prefix && { prefix }),
    ...(source && { source: 'remote' }),
    ...(peerType && { peerType: peerType === 'eBGP' ? 'external' : 'internal' }),
    ...communityMatch(rule.communities?.values[0]),
    ...(asPathPrefix && { asPathPrefix }),
    ...(priority !== undefined && { localPref: localPrefOfMetric(priority) }),
    ...(name !== undefined && { interface: name }),
  };
}

const operators: Readonly<Record<NonNullable<BGPFilterRule['matchOperator']>, PrefixMatch['operator']>> = {
  Equal: 'equal',
  NotEqual: 'not-equal',
  In: 'in',
  NotIn: 'not-in',
};

function prefixMatch({ cidr, matchOperator, prefixLength }: BGPFilterRule): PrefixMatch | undefined {
  if (cidr === undefined || matchOperator === undefined) return undefined;
  return {
    operator: operators[matchOperator],
    prefix: cidr,
    ...(prefixLength?.min !== undefined && { minLength: prefixLength.min }),
    ...(prefixLength?.max !== undefined && { maxLength: prefixLength.max }),
  };
}

function communityMatch(text: string | undefined): Pick<RouteMatch, 'communities' | 'largeCommunities'> {
  if (text === undefined) return {};
  const parsed = parseCommunity(text);
  return parsed.ok && parsed.value.kind === 'large' ? { largeCommunities: [text] } : { communities: [text] };
}

function operation({ addCommunity, prependASPath, setPriority }: BGPFilterOperation): RouteOperation[] {
  if (addCommunity !== undefined) return [{ kind: 'add-community', community: addCommunity.value }];
  if (prependASPath !== undefined) return [{ kind: 'prepend-as-path', asns: prependASPath.prefix }];
  if (setPriority !== undefined)
    return [{ kind: 'set-local-pref', localPref: localPrefOfMetric(setPriority.value) }];
  return [];
}
