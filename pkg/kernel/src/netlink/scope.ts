/**
 * Scopes of routes and addresses, between their number and their name.
 */
import { RT_SCOPE } from './constants.ts';

/** How far a route or an address counts. */
export type Scope = 'global' | 'link' | 'host';

/** The number of a scope. */
export function encodeScope(scope: Scope): number {
  if (scope === 'link') return RT_SCOPE.LINK;
  return scope === 'host' ? RT_SCOPE.HOST : RT_SCOPE.UNIVERSE;
}

/** The name of a scope; the site scope, long deprecated, counts as global. */
export function decodeScope(scope: number): Scope {
  if (scope === RT_SCOPE.LINK) return 'link';
  return scope === RT_SCOPE.HOST ? 'host' : 'global';
}
