/**
 * Import and export policy in the file: the rules of `policy/rule.ts`, key by key.
 *
 * One key has no way here: `call` names a function that only a program which embeds the speaker can give.
 */

import { z } from 'zod';
import type {
  LocalPrefRange,
  PolicyRule,
  PrefixMatch,
  RouteMatch,
  RouteOperation,
} from '../../policy/rule.ts';
import {
  anyCommunity,
  asn,
  community,
  family,
  integer,
  ipPrefix,
  largeCommunity,
  oneOf,
  text,
  uint32,
} from './fields.ts';
import { type Complete, either, field, list, object, optional, optionalPart, required } from './schema.ts';

const prefixMatchSchema: z.ZodType<Complete<PrefixMatch>> = object({
  operator: required(oneOf('in', 'not-in', 'equal', 'not-equal'), 'how the prefix of a route is compared'),
  prefix: required(ipPrefix, 'what it is compared with'),
  minLength: optional(integer(0, 128), 'shortest prefix length of the pattern'),
  maxLength: optional(integer(0, 128), 'longest prefix length of the pattern'),
});

const localPrefRangeSchema: z.ZodType<Complete<LocalPrefRange>> = object({
  min: optional(uint32, 'lowest LOCAL_PREF'),
  max: optional(uint32, 'highest LOCAL_PREF'),
});

const matchSchema: z.ZodType<Complete<Omit<RouteMatch, 'call'>>> = object({
  family: optional(family, 'address family'),
  prefix: optionalPart(prefixMatchSchema, 'the prefix of the route'),
  source: optional(oneOf('local', 'remote', 'external', 'internal'), 'where the route comes from'),
  peerType: optional(oneOf('internal', 'external'), 'the type of the peer this policy belongs to'),
  communities: optionalPart(list(field(community)), 'communities that must all be there'),
  largeCommunities: optionalPart(list(field(largeCommunity)), 'large communities that must all be there'),
  asPathPrefix: optionalPart(list(field(asn)), 'AS numbers the AS_PATH must start with, nearest first'),
  localPref: optionalPart(
    either(field(uint32), localPrefRangeSchema, 'a whole number, or min and max'),
    'LOCAL_PREF of the route; 100 without',
  ),
  interface: optional(text, 'interface the route points out of; * and ? as in a shell'),
});

const operationSchema: z.ZodType<RouteOperation> = z.discriminatedUnion(
  'kind',
  [
    object({ kind: z.literal('add-community'), community: required(anyCommunity, 'community to add') }),
    object({
      kind: z.literal('prepend-as-path'),
      asns: list(field(asn)).describe('put in front of the AS_PATH, in this order'),
    }),
    object({ kind: z.literal('set-local-pref'), localPref: required(uint32, 'LOCAL_PREF to set') }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? wantedKinds(issue) : 'must be keys with values') },
);

const ruleSchema: z.ZodType<Complete<PolicyRule>> = object({
  name: required(text, 'shown as the reason of a decision'),
  match: optionalPart(matchSchema, 'what must hold, all of it; every route without'),
  operations: optionalPart(list(operationSchema), 'what is done to the route'),
  action: required(oneOf('accept', 'reject', 'next'), 'what follows when the match holds'),
});

/** An import or export policy. */
export const policySchema: z.ZodType<readonly PolicyRule[]> = list(ruleSchema).default([]);

function wantedKinds({ options, input }: { options?: unknown; input?: unknown }): string {
  const kinds = Array.isArray(options) ? options.join(' or ') : 'known';
  const { kind } = input as { kind?: unknown };
  return kind === undefined
    ? `is missing; it is ${kinds}`
    : `must be ${kinds}, and is ${JSON.stringify(kind)}`;
}
