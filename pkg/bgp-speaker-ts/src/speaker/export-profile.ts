/**
 * What the export to a peer depends on in one family. Peers with equal profiles are told the same bytes: they form an
 * update group.
 */

import { type Address, addressBytes } from '@weft/ip';
import type { Negotiated } from '../fsm/types.ts';
import type { PolicyRule } from '../policy/rule.ts';
import type { Role } from '../wire/capability/capability.ts';
import type { Family } from '../wire/family.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import { hiddenAsnFor, toIdentifier } from './session-config.ts';

/** The profile of a group; plain data, compared as JSON. */
export interface ExportProfile {
  readonly family: Family;
  readonly peerType: 'internal' | 'external';
  /** AS number put in front of AS_PATH for external peers. */
  readonly localAsn: number;
  /** Our own AS number, put behind `localAsn` where that is another (RFC 7705 §3.2). */
  readonly hiddenAsn?: number | undefined;
  /** Our role to the members, if it is external peers we have one to (RFC 9234). */
  readonly role?: Role | undefined;
  /** Members are clients of this route reflector. */
  readonly client: boolean;
  /** Cluster of the members; 0 when they are no clients. */
  readonly clusterId: number;
  readonly nextHop: PeerConfig['nextHop'];
  /** Subnets the members share with us: see `NextHopChoice`. */
  readonly sharedSubnets?: readonly string[] | undefined;
  /** Our own address as next hop: 4, 16 or 32 octets; absent when none suits the family. */
  readonly ownNextHop?: readonly number[] | undefined;
  readonly fourOctetAsn: boolean;
  /** Routes have path identifiers (RFC 7911). */
  readonly addPath: boolean;
  /** Every path that could be selected is told, which takes path identifiers; else the selected one. */
  readonly allPaths: boolean;
  /** IPv6 next hops of IPv4 prefixes were agreed on (RFC 8950). */
  readonly extendedNextHop: boolean;
  readonly maxMessageBytes: number;
  /** The members know what LLGR_STALE means (RFC 9494). */
  readonly longLivedAware: boolean;
  readonly policy: readonly PolicyRule[];
  /** RFC 8212: send nothing, because there is no policy. */
  readonly refuseAll: boolean;
}

/**
 * Works out the profile of a peer with a session.
 *
 * @param localAddress our address of the connection, the default for our own next hop
 */
export function toExportProfile(
  speaker: SpeakerConfig,
  peer: PeerConfig,
  family: Family,
  negotiated: Negotiated,
  localAddress: Address | undefined,
): ExportProfile {
  const agreed = negotiated.families.find((item) => item.family === family);
  const client = peer.routeReflectorClient === true && negotiated.peerType === 'internal';
  const extendedNextHop = agreed?.extendedNextHop ?? false;
  const addPath = agreed?.addPathSend ?? false;
  return {
    family,
    peerType: negotiated.peerType,
    localAsn: negotiated.localAsn,
    hiddenAsn: peer.localAsnReplaceAs === true ? undefined : hiddenAsnFor(speaker, peer),
    role: negotiated.localRole,
    client,
    clusterId: client ? clusterIdFor(speaker, peer) : 0,
    nextHop: peer.nextHop,
    sharedSubnets: peer.sharedSubnets,
    ownNextHop: findOwnNextHop(peer, family, localAddress, extendedNextHop),
    fourOctetAsn: negotiated.fourOctetAsn,
    addPath,
    allPaths: addPath && peer.addPathBestOnly !== true,
    extendedNextHop,
    maxMessageBytes: negotiated.maxSendBytes,
    longLivedAware: negotiated.longLivedAware,
    policy: peer.exportPolicy,
    refuseAll:
      negotiated.peerType === 'external' &&
      speaker.externalRequiresPolicy === true &&
      peer.exportPolicy.length === 0,
  };
}

/** Gives the cluster a client belongs to: its own, the speaker's, or the one of the speaker's identifier (RFC 4456 §7). */
export function clusterIdFor(speaker: SpeakerConfig, peer: PeerConfig): number {
  return toIdentifier(peer.clusterId ?? speaker.clusterId ?? speaker.identifier);
}

/** The address for the family; for IPv4 an IPv6 one will do where the peer takes it (RFC 8950). */
function findOwnNextHop(
  peer: PeerConfig,
  family: Family,
  localAddress: Address | undefined,
  extendedNextHop: boolean,
): readonly number[] | undefined {
  const isIpv6 = localAddress?.includes(':') ?? false;
  const ipv4 = peer.nextHopAddresses.ipv4 ?? (isIpv6 ? undefined : localAddress);
  const ipv6 = peer.nextHopAddresses.ipv6 ?? (isIpv6 ? localAddress : undefined);
  const own = family === 'ipv6-unicast' ? ipv6 : (ipv4 ?? (extendedNextHop ? ipv6 : undefined));
  if (own === undefined) return undefined;
  const { linkLocal } = peer.nextHopAddresses;
  const octets = [...addressBytes(own)];
  return octets.length === 4 || linkLocal === undefined ? octets : [...octets, ...addressBytes(linkLocal)];
}
