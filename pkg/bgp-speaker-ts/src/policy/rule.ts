/**
 * Import and export policy as data: an ordered list of named rules, each a match and what follows from it.
 *
 * A rule whose match holds applies its operations and then accepts or rejects the route, or lets the next rule look
 * at it (with the operations kept). All fields of a match must hold; an empty match always holds. A route that no rule
 * accepts or rejects is accepted: end the list with a rule that rejects to turn that around. Calico's BGPFilter is
 * expressed one rule to one rule, its priority p as a LOCAL_PREF of 2147483647 - p.
 */

import type { Prefix } from '@weft/ip';
import type { Family } from '../wire/family.ts';

/** Compares the prefix of a route with a pattern: the prefix of the rule, and all lengths allowed below it. */
export interface PrefixMatch {
  /**
   * `in`: inside the prefix, itself included. `equal`: the same prefix. `not-in`, `not-equal`: their opposites, true
   * for every prefix of the other family.
   */
  readonly operator: 'in' | 'not-in' | 'equal' | 'not-equal';
  readonly prefix: Prefix;
  /** Shortest prefix length of the pattern; raised to the length of `prefix` if below it. Applies to `equal` too. */
  readonly minLength?: number | undefined;
  /** Longest prefix length of the pattern; lowered to 32 or 128 if above it. Applies to `equal` too. */
  readonly maxLength?: number | undefined;
}

/** Bounds of LOCAL_PREF, both included. */
export interface LocalPrefRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What a rule looks at. Fields that are absent hold for every route. */
export interface RouteMatch {
  readonly family?: Family | undefined;
  readonly prefix?: PrefixMatch | undefined;
  /** Where the route comes from: this speaker, any peer, an external peer, an internal peer. */
  readonly source?: 'local' | 'remote' | 'external' | 'internal' | undefined;
  /** The type of the peer this policy belongs to. */
  readonly peerType?: 'internal' | 'external' | undefined;
  /** Communities that must all be there, each `aa:nn`: RFC 1997. */
  readonly communities?: readonly string[] | undefined;
  /** Large communities that must all be there, each `aa:nn:mm`: RFC 8092. */
  readonly largeCommunities?: readonly string[] | undefined;
  /** AS numbers the AS_PATH must start with, nearest first. */
  readonly asPathPrefix?: readonly number[] | undefined;
  /** LOCAL_PREF of the route; a route without one counts as 100. */
  readonly localPref?: number | LocalPrefRange | undefined;
  /** Interface the route points out of, `*` for any text and `?` for any character; a route without one never matches. */
  readonly interface?: string | undefined;
  /** Name of a function given to the speaker as code; it must answer true. */
  readonly call?: string | undefined;
}

/** What a rule does to a route it matches. */
export type RouteOperation =
  /** `aa:nn` is added to COMMUNITIES, `aa:nn:mm` to LARGE_COMMUNITIES. */
  | { readonly kind: 'add-community'; readonly community: string }
  /** Put in front of the AS_PATH, in the order written. */
  | { readonly kind: 'prepend-as-path'; readonly asns: readonly number[] }
  | { readonly kind: 'set-local-pref'; readonly localPref: number };

/** One rule of a policy. */
export interface PolicyRule {
  /** Shown by `explain` as the reason of a decision. */
  readonly name: string;
  readonly match?: RouteMatch | undefined;
  readonly operations?: readonly RouteOperation[] | undefined;
  readonly action: 'accept' | 'reject' | 'next';
}
