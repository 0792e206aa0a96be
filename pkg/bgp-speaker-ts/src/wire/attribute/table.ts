/**
 * The one table of path attributes, in the order of their codes, which is the order they are sent in.
 *
 * MP_REACH_NLRI (14) and MP_UNREACH_NLRI (15) are not in it: their prefixes belong to the UPDATE, not to the block of
 * attributes that many UPDATEs share. `message/02-update.ts` reads and `update-packer.ts` writes them.
 */

import { origin } from './01-origin.ts';
import { asPath } from './02-as-path.ts';
import { nextHop } from './03-next-hop.ts';
import { med } from './04-med.ts';
import { localPref } from './05-local-pref.ts';
import { atomicAggregate } from './06-atomic-aggregate.ts';
import { aggregator } from './07-aggregator.ts';
import { communities } from './08-communities.ts';
import { originatorId } from './09-originator-id.ts';
import { clusterList } from './10-cluster-list.ts';
import { extendedCommunities } from './16-extended-communities.ts';
import { as4Path } from './17-as4-path.ts';
import { as4Aggregator } from './18-as4-aggregator.ts';
import { largeCommunities } from './32-large-communities.ts';
import { otc } from './35-otc.ts';
import type { AttributeCodec } from './codec.ts';
import type { PathAttributes } from './path-attributes.ts';

/** A row whose key is not known to the compiler: its value type is that of any attribute. */
export type AnyAttributeCodec = AttributeCodec<Exclude<keyof PathAttributes, 'unknown'>>;

const ROWS: { readonly [K in Exclude<keyof PathAttributes, 'unknown'>]: AttributeCodec<K> } = {
  origin,
  asPath,
  nextHop,
  med,
  localPref,
  atomicAggregate,
  aggregator,
  communities,
  originatorId,
  clusterList,
  extendedCommunities,
  as4Path,
  as4Aggregator,
  largeCommunities,
  otc,
};

/** All known attributes, ascending by code. */
export const ATTRIBUTES: readonly AnyAttributeCodec[] = Object.values(ROWS) as AnyAttributeCodec[];

const BY_CODE: readonly (AnyAttributeCodec | undefined)[] = indexByCode();

/** Finds the row of a type code; undefined when this speaker does not know the attribute. */
export function findAttribute(code: number): AnyAttributeCodec | undefined {
  return BY_CODE[code];
}

/** Gives the name of an attribute as in the RFCs, e.g. `AS_PATH`, or `attribute 99`. */
export function attributeName(code: number): string {
  if (code === 14) return 'MP_REACH_NLRI';
  if (code === 15) return 'MP_UNREACH_NLRI';
  return findAttribute(code)?.name ?? `attribute ${code}`;
}

function indexByCode(): readonly (AnyAttributeCodec | undefined)[] {
  const index: (AnyAttributeCodec | undefined)[] = new Array(256).fill(undefined);
  for (const row of ATTRIBUTES) index[row.code] = row;
  return index;
}
