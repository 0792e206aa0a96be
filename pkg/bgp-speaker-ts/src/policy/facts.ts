/**
 * What a policy looks at: one route, as plain numbers where it is hot.
 */

import type { PathAttributes } from '../wire/attribute/path-attributes.ts';
import type { Family } from '../wire/family.ts';

/** Where a route comes from. */
export type RouteSource = 'local' | 'internal' | 'external';

/**
 * One route. The speaker fills the same object again for every route, so keep nothing of it.
 */
export interface RouteFacts {
  family: Family;
  /** Address words with host bits clear; an IPv4 address is `word0`, the others are 0. */
  word0: number;
  word1: number;
  word2: number;
  word3: number;
  /** Prefix length in bits. */
  length: number;
  source: RouteSource;
  attributes: PathAttributes;
  /** Interface the route points out of, if that is known. */
  interface: string | undefined;
}

/** Makes facts to be filled in. */
export function createRouteFacts(family: Family): RouteFacts {
  return {
    family,
    word0: 0,
    word1: 0,
    word2: 0,
    word3: 0,
    length: 0,
    source: 'local',
    attributes: {},
    interface: undefined,
  };
}

/** Part of a policy that is code: says whether a rule matches. It must depend on its argument alone. */
export type PolicyFunction = (route: Readonly<RouteFacts>) => boolean;
