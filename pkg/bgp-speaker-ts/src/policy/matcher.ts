/**
 * Compiles the match of a rule into a list of tests, cheapest first. All must hold.
 */

import { DEFAULT_LOCAL_PREF } from '../rib/attribute-store.ts';
import type { AsPath } from '../wire/attribute/path-attributes.ts';
import { isSameLargeCommunity, parseCommunity, parseLargeCommunity } from './community.ts';
import type { PolicyFunction, RouteFacts } from './facts.ts';
import { type Condition, compilePrefixMatch } from './prefix-matcher.ts';
import type { RouteMatch } from './rule.ts';

/** What is fixed for all routes a policy will see. */
export interface PolicyScope {
  /** Type of the peer the policy belongs to. */
  readonly peerType: 'internal' | 'external';
  /** Functions rules may name. */
  readonly functions?: Readonly<Record<string, PolicyFunction>> | undefined;
}

/** Compiles a match; undefined when it cannot hold for this peer. Throws TypeError for text that cannot be read. */
export function compileMatch(match: RouteMatch, scope: PolicyScope): Condition[] | undefined {
  if (match.peerType !== undefined && match.peerType !== scope.peerType) return undefined;
  const conditions: Condition[] = [];
  if (match.family !== undefined) conditions.push(compileFamily(match.family));
  if (match.source !== undefined) conditions.push(compileSource(match.source));
  if (match.prefix !== undefined) conditions.push(compilePrefixMatch(match.prefix));
  if (match.localPref !== undefined) conditions.push(compileLocalPref(match.localPref));
  if (match.communities !== undefined) conditions.push(compileCommunities(match.communities));
  if (match.largeCommunities !== undefined) conditions.push(compileLargeCommunities(match.largeCommunities));
  if (match.asPathPrefix !== undefined) conditions.push(compileAsPathPrefix(match.asPathPrefix));
  if (match.interface !== undefined) conditions.push(compileInterface(match.interface));
  if (match.call !== undefined) conditions.push(findFunction(match.call, scope));
  return conditions;
}

/** Says whether the answer of a match can differ between two prefixes with the same attributes and source. */
export function dependsOnPrefix(match: RouteMatch): boolean {
  return match.prefix !== undefined || match.interface !== undefined || match.call !== undefined;
}

/** Reads a community or throws TypeError. */
export function requireCommunity(text: string): number {
  const community = parseCommunity(text);
  if (community === undefined)
    throw new TypeError(`${JSON.stringify(text)} is no community of the form aa:nn`);
  return community;
}

function compileFamily(family: RouteFacts['family']): Condition {
  return (route) => route.family === family;
}

function compileSource(source: NonNullable<RouteMatch['source']>): Condition {
  if (source === 'remote') return (route) => route.source !== 'local';
  return (route) => route.source === source;
}

function compileLocalPref(localPref: NonNullable<RouteMatch['localPref']>): Condition {
  const { min = 0, max = 0xffffffff } =
    typeof localPref === 'number' ? { min: localPref, max: localPref } : localPref;
  return ({ attributes }) => {
    const value = attributes.localPref ?? DEFAULT_LOCAL_PREF;
    return value >= min && value <= max;
  };
}

function compileCommunities(texts: readonly string[]): Condition {
  const wanted = texts.map(requireCommunity);
  return ({ attributes: { communities } }) =>
    communities !== undefined && wanted.every((community) => communities.includes(community));
}

function compileLargeCommunities(texts: readonly string[]): Condition {
  const wanted = texts.map((text) => {
    const community = parseLargeCommunity(text);
    if (community === undefined) {
      throw new TypeError(`${JSON.stringify(text)} is no large community of the form aa:nn:mm`);
    }
    return community;
  });
  return ({ attributes: { largeCommunities } }) =>
    largeCommunities !== undefined &&
    wanted.every((community) => largeCommunities.some((other) => isSameLargeCommunity(community, other)));
}

function compileAsPathPrefix(asns: readonly number[]): Condition {
  return ({ attributes }) => startsWith(attributes.asPath ?? [], asns);
}

/** A sequence split over several segments is one sequence; a set never matches. */
function startsWith(path: AsPath, asns: readonly number[]): boolean {
  let matched = 0;
  for (const { kind, asns: members } of path) {
    if (kind !== 'sequence') break;
    for (const member of members) {
      if (matched === asns.length) return true;
      if (member !== asns[matched]) return false;
      matched += 1;
    }
  }
  return matched === asns.length;
}

/** The pattern language of interface names in BIRD and Calico: `*` any text, `?` any character. */
function compileInterface(pattern: string): Condition {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const expression = new RegExp(`^${source}$`);
  return (route) => route.interface !== undefined && expression.test(route.interface);
}

function findFunction(name: string, scope: PolicyScope): Condition {
  const found = scope.functions?.[name];
  if (found === undefined)
    throw new TypeError(`no policy function ${JSON.stringify(name)} was given to the speaker`);
  return found;
}
