/**
 * The value of a path attribute block: what the RIB keeps once per distinct block, and what policy reads and changes.
 *
 * IPv4 addresses, identifiers, communities and AS numbers are unsigned 32-bit numbers. MP_REACH_NLRI and
 * MP_UNREACH_NLRI are not part of it: their prefixes belong to the UPDATE, their next hop to the route.
 */

/** ORIGIN: 0 IGP, 1 EGP, 2 INCOMPLETE (RFC 4271 §5.1.1). */
export type OriginValue = 0 | 1 | 2;

/** The kinds of AS_PATH segment: RFC 4271 §4.3, RFC 5065 §3. */
export type SegmentKind = 'set' | 'sequence' | 'confederation-sequence' | 'confederation-set';

/** One segment of an AS_PATH; a segment holds 1 to 255 AS numbers on the wire, any number here. */
export interface AsPathSegment {
  readonly kind: SegmentKind;
  readonly asns: readonly number[];
}

/** An AS_PATH; empty for a route that originates here or in the peer's own AS. */
export type AsPath = readonly AsPathSegment[];

/** AGGREGATOR: the AS and BGP Identifier of the router that formed the aggregate (RFC 4271 §5.1.7). */
export interface Aggregator {
  readonly asn: number;
  readonly address: number;
}

/** An extended community: type and value as two 32-bit halves (RFC 4360 §2). */
export interface ExtendedCommunity {
  readonly high: number;
  readonly low: number;
}

/** A large community: RFC 8092 §3. */
export interface LargeCommunity {
  readonly globalAdministrator: number;
  readonly localData1: number;
  readonly localData2: number;
}

/** An optional attribute this speaker does not know, byte for byte: RFC 4271 §5. */
export interface UnknownAttribute {
  readonly flags: number;
  readonly code: number;
  readonly value: Uint8Array;
}

/** All attributes of a route but the multiprotocol ones; an absent attribute is undefined. */
export interface PathAttributes {
  readonly origin?: OriginValue | undefined;
  readonly asPath?: AsPath | undefined;
  /** NEXT_HOP, attribute 3; a route learned by MP_REACH_NLRI has its next hop elsewhere. */
  readonly nextHop?: number | undefined;
  readonly med?: number | undefined;
  readonly localPref?: number | undefined;
  readonly atomicAggregate?: true | undefined;
  readonly aggregator?: Aggregator | undefined;
  readonly communities?: readonly number[] | undefined;
  readonly originatorId?: number | undefined;
  readonly clusterList?: readonly number[] | undefined;
  readonly extendedCommunities?: readonly ExtendedCommunity[] | undefined;
  readonly as4Path?: AsPath | undefined;
  readonly as4Aggregator?: Aggregator | undefined;
  readonly largeCommunities?: readonly LargeCommunity[] | undefined;
  /** Only to Customer: the AS that attached it (RFC 9234 §5). */
  readonly otc?: number | undefined;
  readonly unknown?: readonly UnknownAttribute[] | undefined;
}
