/**
 * Attributes in the form people read them, for listings and explanations.
 */

import type { Address } from '@weft/ip';
import { formatCommunity, formatLargeCommunity } from '../policy/community.ts';
import { formatIpv4, formatNextHop } from '../rib/tables.ts';
import { formatAsPath } from '../wire/attribute/as-path.ts';
import type { PathAttributes } from '../wire/attribute/path-attributes.ts';

/** Attributes of a route as text and plain numbers; what is absent is left out. */
export interface ShownAttributes {
  readonly origin: 'igp' | 'egp' | 'incomplete';
  /** As routers write it: `64512 64513 {64514,64515}`. */
  readonly asPath: string;
  readonly nextHop?: Address | undefined;
  readonly linkLocalNextHop?: Address | undefined;
  readonly med?: number | undefined;
  readonly localPref?: number | undefined;
  readonly communities?: readonly string[] | undefined;
  readonly largeCommunities?: readonly string[] | undefined;
  readonly originatorId?: Address | undefined;
  readonly clusterList?: readonly Address[] | undefined;
  /** Only to Customer: the AS below which the route stays (RFC 9234). */
  readonly otc?: number | undefined;
}

const ORIGINS = ['igp', 'egp', 'incomplete'] as const;

/** @param nextHop octets of the next hop; none for a local route */
export function showAttributes(attributes: PathAttributes, nextHop: Uint8Array): ShownAttributes {
  const hop = nextHop.length === 0 ? undefined : formatNextHop(nextHop);
  return {
    origin: ORIGINS[attributes.origin ?? 2],
    asPath: formatAsPath(attributes.asPath ?? []),
    nextHop: hop?.address,
    linkLocalNextHop: hop?.linkLocal,
    med: attributes.med,
    localPref: attributes.localPref,
    communities: attributes.communities?.map(formatCommunity),
    largeCommunities: attributes.largeCommunities?.map(formatLargeCommunity),
    originatorId: attributes.originatorId === undefined ? undefined : formatIpv4(attributes.originatorId),
    clusterList: attributes.clusterList?.map(formatIpv4),
    otc: attributes.otc,
  };
}
