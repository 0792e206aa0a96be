/**
 * What the import of one peer's routes depends on, worked out once per session or change of configuration.
 */

import { type Address, addressBytes } from '@weft/ip';
import type { Negotiated } from '../fsm/types.ts';
import type { PolicyFunction } from '../policy/facts.ts';
import { Policy } from '../policy/policy.ts';
import { toTag } from '../rib/attribute-store.ts';
import type { Family } from '../wire/family.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import type { RoleSession } from './only-to-customer.ts';
import { clusterIdsOf, hiddenAsnFor, localAsnFor, toIdentifier } from './session-config.ts';

/** Everything `RouteImporter` needs to know about a peer. */
export interface ImportProfile {
  /** Index of the peer. */
  readonly peer: number;
  readonly peerType: 'internal' | 'external';
  /** Context of the peer's attribute blocks. */
  readonly tag: number;
  /** Families that were negotiated. */
  readonly families: ReadonlySet<Family>;
  /** The peer sends path identifiers. */
  readonly ipv4AddPath: boolean;
  readonly ipv6AddPath: boolean;
  /** IPv6 next hops of IPv4 prefixes were agreed on. */
  readonly extendedNextHop: boolean;
  /** The peer is known by its link-local address: it is the way to what it announces. */
  readonly onInterface: boolean;
  /** AS numbers that are our own, and how often one may stand in an AS_PATH. */
  readonly ownAsns: readonly number[];
  readonly allowedOwnAsns: number;
  readonly identifier: number;
  readonly clusterIds: readonly number[];
  /** Put in front of AS_PATH: the AS number an external peer sees, if it is not the speaker's own (RFC 7705 §3.1). */
  readonly prependedAsn?: number | undefined;
  /** Set for an external peer we have a role to (RFC 9234). */
  readonly roleSession?: RoleSession | undefined;
  /** Our own addresses: a route that points to one of them would loop. Octets of 4 or 16. */
  readonly ownAddresses: readonly Uint8Array[];
  readonly policy: Policy;
  /** RFC 8212: refuse everything, because there is no policy. */
  readonly refuseAll: boolean;
}

/**
 * Works out the profile of a peer with a session.
 *
 * @param localAddress our address of the connection
 */
export function toImportProfile(
  speaker: SpeakerConfig,
  config: PeerConfig,
  peer: number,
  negotiated: Negotiated,
  localAddress: Address | undefined,
  functions: Readonly<Record<string, PolicyFunction>>,
): ImportProfile {
  const { peerType, localRole, peerAsn } = negotiated;
  const ipv4 = negotiated.families.find(({ family }) => family === 'ipv4-unicast');
  const ipv6 = negotiated.families.find(({ family }) => family === 'ipv6-unicast');
  return {
    peer,
    peerType,
    tag: toTag(negotiated),
    families: new Set(negotiated.families.map(({ family }) => family)),
    ipv4AddPath: ipv4?.addPathReceive ?? false,
    ipv6AddPath: ipv6?.addPathReceive ?? false,
    extendedNextHop: ipv4?.extendedNextHop ?? false,
    onInterface: config.interface !== undefined,
    ownAsns: [...new Set([speaker.asn, localAsnFor(speaker, config)])],
    allowedOwnAsns: config.allowLocalAsn ?? 0,
    identifier: toIdentifier(speaker.identifier),
    clusterIds: clusterIdsOf(speaker),
    prependedAsn: prependedAsnFor(speaker, config, peerType),
    roleSession: localRole === undefined ? undefined : { role: localRole, peerAsn },
    ownAddresses: speaker.offPath === true ? [] : listOwnAddresses(config, localAddress),
    policy: new Policy(config.importPolicy, { peerType, functions }),
    refuseAll:
      peerType === 'external' && speaker.externalRequiresPolicy === true && config.importPolicy.length === 0,
  };
}

function prependedAsnFor(
  speaker: SpeakerConfig,
  peer: PeerConfig,
  peerType: Negotiated['peerType'],
): number | undefined {
  if (peerType === 'internal' || peer.localAsnNoPrepend === true) return undefined;
  return hiddenAsnFor(speaker, peer) === undefined ? undefined : peer.localAsn;
}

function listOwnAddresses({ nextHopAddresses }: PeerConfig, localAddress: Address | undefined): Uint8Array[] {
  const own = [nextHopAddresses.ipv4, nextHopAddresses.ipv6, localAddress];
  return own.flatMap((address) => (address === undefined ? [] : [addressBytes(address)]));
}
