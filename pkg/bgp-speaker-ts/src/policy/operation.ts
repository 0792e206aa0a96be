/**
 * What rules do to attributes.
 */

import type { LargeCommunity, PathAttributes } from '../wire/attribute/path-attributes.ts';
import { isSameLargeCommunity, parseLargeCommunity } from './community.ts';
import { requireCommunity } from './matcher.ts';
import type { RouteOperation } from './rule.ts';

/** An operation whose text has been read. */
export type CompiledOperation = (attributes: PathAttributes) => PathAttributes;

/** Compiles an operation. Throws TypeError for a community that cannot be read. */
export function compileOperation(operation: RouteOperation): CompiledOperation {
  switch (operation.kind) {
    case 'add-community':
      return compileAddCommunity(operation.community);
    case 'prepend-as-path':
      return prependAsPath(operation.asns);
    case 'set-local-pref':
      return (attributes) => ({ ...attributes, localPref: operation.localPref });
  }
}

/** Applies operations in order; without any, the attributes come back as they are. */
export function applyOperations(
  attributes: PathAttributes,
  operations: readonly CompiledOperation[],
): PathAttributes {
  return operations.reduce((changed, operation) => operation(changed), attributes);
}

function compileAddCommunity(text: string): CompiledOperation {
  const large = parseLargeCommunity(text);
  return large === undefined ? addCommunity(requireCommunity(text)) : addLargeCommunity(large);
}

function addCommunity(community: number): CompiledOperation {
  return (attributes) => {
    const { communities = [] } = attributes;
    if (communities.includes(community)) return attributes;
    return { ...attributes, communities: [...communities, community] };
  };
}

function addLargeCommunity(community: LargeCommunity): CompiledOperation {
  return (attributes) => {
    const { largeCommunities = [] } = attributes;
    if (largeCommunities.some((other) => isSameLargeCommunity(community, other))) return attributes;
    return { ...attributes, largeCommunities: [...largeCommunities, community] };
  };
}

function prependAsPath(asns: readonly number[]): CompiledOperation {
  return (attributes) => {
    const [first, ...rest] = attributes.asPath ?? [];
    if (first?.kind !== 'sequence') {
      return { ...attributes, asPath: [{ kind: 'sequence', asns }, ...(attributes.asPath ?? [])] };
    }
    return { ...attributes, asPath: [{ kind: 'sequence', asns: [...asns, ...first.asns] }, ...rest] };
  };
}
