/**
 * What BGP changes in the attributes of a route on its way to a peer, after export policy.
 *
 * Source: RFC 4271 §5 (AS_PATH, NEXT_HOP, MULTI_EXIT_DISC, LOCAL_PREF, unknown attributes), RFC 4456 §8, RFC 4360 §6.
 */

import type { RouteSource } from '../policy/facts.ts';
import { DEFAULT_LOCAL_PREF } from '../rib/attribute-store.ts';
import { isOrdinary, prependAsn } from '../wire/attribute/as-path.ts';
import type {
  ExtendedCommunity,
  PathAttributes,
  UnknownAttribute,
} from '../wire/attribute/path-attributes.ts';
import { AttributeFlag } from '../wire/iana.ts';

/** Where a route comes from and where it goes. */
export interface ExportContext {
  readonly peerType: 'internal' | 'external';
  readonly localAsn: number;
  /** Put behind `localAsn`: RFC 7705 §3.2. */
  readonly hiddenAsn?: number | undefined;
  readonly source: RouteSource;
  /** Only to Customer of a route that has none yet (RFC 9234 §5). */
  readonly otc?: number | undefined;
  /** Set for a route from one internal peer to another: who brought it here, and the clusters it passes. */
  readonly reflection?: Reflection | undefined;
  /** A long-lived stale route for internal peers that do not know LLGR (RFC 9494 §4.6). */
  readonly lastResort?: boolean | undefined;
}

/** What route reflection adds: RFC 4456 §8. */
export interface Reflection {
  /** BGP Identifier of the peer the route came from. */
  readonly originatorId: number;
  /** Put in front of CLUSTER_LIST, in this order. */
  readonly clusterIds: readonly number[];
}

/** Bit of an extended community's type: it means nothing outside its AS (RFC 4360 §2). */
const NON_TRANSITIVE_COMMUNITY = 0x40000000;

const NO_EXPORT = 0xffffff01;

/** Gives the attributes a peer is sent; the next hop is not part of them. */
export function toExportedAttributes(attributes: PathAttributes, context: ExportContext): PathAttributes {
  const common = { ...attributes, nextHop: undefined, unknown: passOn(attributes.unknown) };
  return context.peerType === 'external' ? toExternal(common, context) : toInternal(common, context);
}

/**
 * Confederation segments, which an internal peer may send, go to nobody outside (RFC 5065 §5).
 * MULTI_EXIT_DISC is for the neighbouring AS alone and goes no further (RFC 4271 §5.1.4), unless we set it ourselves.
 * A local AS stands in front of the speaker's own, or alone (RFC 7705 §3.2).
 */
function toExternal(attributes: PathAttributes, context: ExportContext): PathAttributes {
  const { localAsn, hiddenAsn, source, otc } = context;
  const path = (attributes.asPath ?? []).filter(isOrdinary);
  return {
    ...attributes,
    asPath: prependAsn(hiddenAsn === undefined ? path : prependAsn(path, hiddenAsn), localAsn),
    med: source === 'local' ? attributes.med : undefined,
    localPref: undefined,
    originatorId: undefined,
    clusterList: undefined,
    extendedCommunities: transitiveOnly(attributes.extendedCommunities),
    otc: attributes.otc ?? otc,
  };
}

function toInternal(attributes: PathAttributes, { reflection, lastResort }: ExportContext): PathAttributes {
  const { localPref = DEFAULT_LOCAL_PREF, asPath = [] } = attributes;
  const fresh = { ...attributes, asPath, localPref };
  const internal = lastResort === true ? toLastResort(fresh) : fresh;
  if (reflection === undefined) return internal;
  return {
    ...internal,
    originatorId: attributes.originatorId ?? reflection.originatorId,
    clusterList: [...reflection.clusterIds, ...(attributes.clusterList ?? [])],
  };
}

/** RFC 9494 §4.6: to whom LLGR_STALE says nothing, LOCAL_PREF says it, and NO_EXPORT keeps the route inside. */
function toLastResort(attributes: PathAttributes): PathAttributes {
  const { communities = [] } = attributes;
  const inside = communities.includes(NO_EXPORT) ? communities : [...communities, NO_EXPORT];
  return { ...attributes, localPref: 0, communities: inside };
}

/** RFC 4271 §5: an unknown transitive attribute goes on with the Partial bit, a non-transitive one stays here. */
function passOn(unknown: readonly UnknownAttribute[] | undefined): readonly UnknownAttribute[] | undefined {
  const passed = unknown?.filter(({ flags }) => (flags & AttributeFlag.transitive) !== 0);
  if (passed === undefined || passed.length === 0) return undefined;
  return passed.map((attribute) => ({ ...attribute, flags: attribute.flags | AttributeFlag.partial }));
}

function transitiveOnly(
  communities: readonly ExtendedCommunity[] | undefined,
): readonly ExtendedCommunity[] | undefined {
  const kept = communities?.filter(({ high }) => (high & NON_TRANSITIVE_COMMUNITY) === 0);
  return kept === undefined || kept.length === 0 ? undefined : kept;
}
