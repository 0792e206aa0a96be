/**
 * From the configuration of a peer to what its session is run with, and which changes need a new session.
 *
 *     changed                                                what happens
 *     ───────────────────────────────────────────────────    ───────────────────────────────────────────────────────
 *     asn or identifier of the speaker                       every session is reset
 *     localAsn, localAsnDual, role, strictRole of a peer     its session is reset: the OPEN said otherwise
 *     behindUs of a peer                                     its session is reset: its routes are to be told otherwise
 *     asn of a peer                                          its session is reset, unless its AS number still suits
 *     families, addPath, interface, localAddress,            its session is made anew over another connection, without a
 *       password, ttlSecurityHops, multihop of a peer          Cease: both ends keep the routes meanwhile (RFC 4724)
 *     port of a peer                                         so, too, unless we only wait for the peer to connect
 *     peer not there any more                                its session ends with Cease/3, its routes go
 *     importPolicy, allowLocalAsn, localAsnNoPrepend,        routes received are judged again; the session stays
 *       externalRequiresPolicy, offPath
 *     exportPolicy, nextHop, nextHopAddresses,               routes are sent again where they differ; the session stays
 *       sharedSubnets, routeReflectorClient, clusterId,
 *       localAsnReplaceAs, addPathBestOnly
 *     maxPrefix, maxPeers, description, listen               at once; the session stays
 *     holdTimeSeconds, keepaliveTimeSeconds,                 with the next session; this one stays
 *       connectRetryTimeSeconds, passive, gracefulRestart,
 *       restartTimeSeconds
 */

import { addressBytes } from '@weft/ip';
import { acceptsAsn } from '../fsm/negotiate.ts';
import type { FamilyOffer, GracefulRestartOffer, SessionConfig } from '../fsm/types.ts';
import type { Family } from '../wire/family.ts';
import type { PeerConfig, SpeakerConfig } from './config.ts';
import type { NeighbourConfig } from './peer-book.ts';

/** Wait between attempts to connect, when the configuration names none. */
const CONNECT_RETRY_SECONDS = 5;
/** A dynamic neighbour that says nothing takes the place of another, so it has less time than RFC 4271 suggests. */
const DYNAMIC_OPEN_WAIT_SECONDS = 30;
/** A peer that fails again and again is left alone for this long at first and at most. */
const IDLE_HOLD = { initialSeconds: 1, maxSeconds: 60 } as const;
/** How long a peer may leave our bytes unread; RFC 9687 §7 asks for the greater of 8 minutes and two hold times. */
const SEND_HOLD_SECONDS = 480;

/** What of a peer makes its routes others than they were. */
const RESETTING = [
  'localAsn',
  'localAsnDual',
  'role',
  'strictRole',
  'behindUs',
] as const satisfies readonly (keyof PeerConfig)[];

/** What of a peer only a new connection takes on, over which the same routes come. */
const RECONNECTING = [
  'families',
  'addPath',
  'interface',
  'localAddress',
  'password',
  'ttlSecurityHops',
  'multihop',
] as const satisfies readonly (keyof PeerConfig)[];

/** What of a peer decides how its routes are judged on import. */
const IMPORTING = [
  'importPolicy',
  'allowLocalAsn',
  'localAsnNoPrepend',
  'nextHopAddresses',
] as const satisfies readonly (keyof PeerConfig)[];

/** Gives the four octets of an identifier written as an address as a number. */
export function toIdentifier(text: Parameters<typeof addressBytes>[0]): number {
  const bytes = addressBytes(text);
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}

/**
 * Builds the configuration of a session.
 *
 * @param otherAsn show the other AS number to a peer that may know us by two
 */
export function toSessionConfig(
  speaker: SpeakerConfig,
  peer: NeighbourConfig,
  otherAsn = false,
): SessionConfig {
  const dual = peer.localAsnDual === true && peer.localAsn !== undefined;
  const [shown, other] = otherAsn ? [peer.localAsn, speaker.asn] : [speaker.asn, peer.localAsn];
  return {
    localAsn: dual ? (shown ?? speaker.asn) : localAsnFor(speaker, peer),
    otherLocalAsn: dual ? other : undefined,
    localIdentifier: toIdentifier(speaker.identifier),
    peerAsn: peer.asn,
    holdTimeSeconds: peer.holdTimeSeconds ?? speaker.holdTimeSeconds,
    keepaliveTimeSeconds: peer.keepaliveTimeSeconds,
    connectRetryTimeSeconds: peer.connectRetryTimeSeconds ?? CONNECT_RETRY_SECONDS,
    openWaitSeconds: peer.template === undefined ? undefined : DYNAMIC_OPEN_WAIT_SECONDS,
    passive: peer.passive,
    idleHold: IDLE_HOLD,
    collisionDetectEstablished: false,
    families: peer.families.map((family) => toOffer(peer, family)),
    routeRefresh: true,
    extendedMessages: true,
    gracefulRestart: toGracefulRestartOffer(speaker, peer),
    role: isInternal(speaker, peer) ? undefined : peer.role,
    strictRole: peer.strictRole ?? false,
    sendHoldTimeSeconds: SEND_HOLD_SECONDS,
  };
}

/** Gives the AS number a peer sees. */
export function localAsnFor(speaker: SpeakerConfig, peer: PeerConfig): number {
  return peer.localAsn ?? speaker.asn;
}

/** Gives the AS number an external peer does not see as ours, if there is one beside the one it sees. */
export function hiddenAsnFor({ asn }: SpeakerConfig, { localAsn }: PeerConfig): number | undefined {
  return localAsn === undefined || localAsn === asn ? undefined : asn;
}

/** Says whether a peer is in our AS, as it sees that, and as far as the configuration tells. */
export function isInternal(speaker: SpeakerConfig, peer: PeerConfig): boolean {
  const ours = peer.asn === 'internal' || peer.asn === localAsnFor(speaker, peer);
  return ours || (peer.localAsnDual === true && peer.asn === speaker.asn);
}

const clustersOfConfigs = new WeakMap<SpeakerConfig, readonly number[]>();

/**
 * Gives all clusters a speaker reflects for: its own first, then those of single clients. Kept for each configuration: every
 * peer asks, and looking at all peers for each took a reflector of 500 clients a third of its start.
 */
export function clusterIdsOf(speaker: SpeakerConfig): readonly number[] {
  const known = clustersOfConfigs.get(speaker);
  if (known !== undefined) return known;
  const ids = listClusterIds(speaker);
  clustersOfConfigs.set(speaker, ids);
  return ids;
}

function listClusterIds(speaker: SpeakerConfig): number[] {
  const ids = speaker.peers.flatMap(({ clusterId }) =>
    clusterId === undefined ? [] : [toIdentifier(clusterId)],
  );
  return [...new Set([toIdentifier(speaker.clusterId ?? speaker.identifier), ...ids])];
}

/**
 * Says whether a session must be reset to take on a changed configuration, and how; see the table above.
 *
 * @param peerAsn the peer's AS number, when the session is Established
 */
export function needsReset(
  before: SpeakerConfig,
  after: SpeakerConfig,
  peerBefore: PeerConfig,
  peerAfter: PeerConfig,
  peerAsn?: number,
): 'reset' | 'reconnect' | undefined {
  if (before.asn !== after.asn || before.identifier !== after.identifier) return 'reset';
  if (!isSameData(peerBefore.asn, peerAfter.asn)) {
    const suits = peerAsn !== undefined && acceptsAsn(peerAfter.asn, peerAsn, localAsnFor(after, peerAfter));
    if (!suits) return 'reset';
  }
  const differs = (key: keyof PeerConfig): boolean => !isSameData(peerBefore[key], peerAfter[key]);
  if (RESETTING.some(differs)) return 'reset';
  // Where we only wait for the peer, its port has no part in the connection.
  const connects = !(peerBefore.passive && peerAfter.passive);
  return RECONNECTING.some(differs) || (connects && differs('port')) ? 'reconnect' : undefined;
}

/** Says whether routes received from a peer must be judged again. */
export function needsImport(
  before: SpeakerConfig,
  after: SpeakerConfig,
  peerBefore: PeerConfig,
  peerAfter: PeerConfig,
): boolean {
  if (before.externalRequiresPolicy !== after.externalRequiresPolicy) return true;
  if (before.offPath !== after.offPath) return true;
  if (!isSameData(clusterIdsOf(before), clusterIdsOf(after))) return true;
  return IMPORTING.some((key) => !isSameData(peerBefore[key], peerAfter[key]));
}

/** Compares plain data. Keys in another order count as different, which costs work but never correctness. */
export function isSameData(left: unknown, right: unknown): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}

function toOffer(peer: PeerConfig, family: Family): FamilyOffer {
  return { family, addPath: peer.addPath ?? 'none', extendedNextHop: family === 'ipv4-unicast' };
}

function toGracefulRestartOffer(
  { gracefulRestart }: SpeakerConfig,
  peer: PeerConfig,
): GracefulRestartOffer | undefined {
  if (gracefulRestart === undefined) return undefined;
  const { notification = false } = gracefulRestart;
  const restartTimeSeconds = peer.restartTimeSeconds ?? gracefulRestart.restartTimeSeconds;
  return { restartTimeSeconds, notification, longLived: gracefulRestart.longLived };
}
