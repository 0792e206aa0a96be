/**
 * What two OPENs agree on, or why they cannot.
 *
 * Source: RFC 4271 §4.2, §6.2 (checks and their subcodes); RFC 6286 §2 (identifiers); RFC 6793 §4.1; RFC 7607 §2 (AS 0);
 * RFC 4724 §3; RFC 5492 §3; RFC 7911 §4; RFC 8654 §4; RFC 8950 §4; RFC 9234 §4.2; RFC 9494 §3.
 */

import { toRole } from '../wire/capability/09-role.ts';
import type {
  AddPathCapability,
  Capability,
  ExtendedNextHopCapability,
  GracefulRestartCapability,
  LongLivedGracefulRestartCapability,
  Role,
} from '../wire/capability/capability.ts';
import { encodeCapabilities } from '../wire/capability/table.ts';
import { type Decoded, type SessionError, sessionError } from '../wire/error.ts';
import { type AfiSafi, type Family, toAfiSafi, toFamily } from '../wire/family.ts';
import { Afi, ErrorCode, MessageSize, OpenSubcode } from '../wire/iana.ts';
import type { OpenMessage } from '../wire/message/01-open.ts';
import type {
  FamilyOffer,
  Negotiated,
  NegotiatedFamily,
  PeerAsn,
  PeerGracefulRestart,
  PeerLongLived,
  PeerType,
  SessionConfig,
} from './types.ts';

type Kind = Capability['kind'];

/** Roles that go together: what we are, what the peer must be (RFC 9234 §4.2 table 2). */
const COUNTERPART: Readonly<Record<Role, Role>> = {
  provider: 'customer',
  customer: 'provider',
  'route-server': 'route-server-client',
  'route-server-client': 'route-server',
  peer: 'peer',
};

/** Checks the peer's OPEN against our configuration and gives what the session will use. */
export function negotiate(config: SessionConfig, open: OpenMessage): Decoded<Negotiated> {
  const peerAsn = find(open, 'four-octet-as')?.asn ?? open.asn;
  const peerType: PeerType = isOwnAsn(config, peerAsn) ? 'internal' : 'external';
  const families = commonFamilies(config, open);
  const error =
    checkAsn(config, peerAsn) ??
    checkIdentifier(config, open, peerType) ??
    checkHoldTime(open) ??
    checkFamilies(config, families) ??
    checkRole(config, open, peerType);
  if (error !== undefined) return { ok: false, error };
  return { ok: true, value: agree(config, open, peerAsn, peerType, families) };
}

/**
 * Chooses the hold time both speakers use: the smaller one, in seconds, where 0 means none (RFC 4271 §4.2).
 */
export function chooseHoldTime(localSeconds: number, remoteSeconds: number): number {
  return Math.min(localSeconds, remoteSeconds);
}

/** Keepalives come three times per hold time unless they are wanted more often: RFC 4271 §10, in seconds. */
export function chooseKeepaliveTime(holdTimeSeconds: number, configuredSeconds: number | undefined): number {
  const third = holdTimeSeconds / 3;
  return Math.min(configuredSeconds ?? third, third);
}

function agree(
  config: SessionConfig,
  open: OpenMessage,
  peerAsn: number,
  peerType: PeerType,
  families: readonly NegotiatedFamily[],
): Negotiated {
  const holdTimeSeconds = chooseHoldTime(config.holdTimeSeconds, open.holdTimeSeconds);
  const longMessages = config.extendedMessages && find(open, 'extended-message') !== undefined;
  const refresh = config.routeRefresh;
  return {
    localAsn: config.localAsn,
    localIdentifier: config.localIdentifier,
    peerAsn,
    peerIdentifier: open.identifier,
    peerType,
    holdTimeSeconds,
    keepaliveTimeSeconds: chooseKeepaliveTime(holdTimeSeconds, config.keepaliveTimeSeconds),
    fourOctetAsn: find(open, 'four-octet-as') !== undefined,
    families,
    maxSendBytes: longMessages ? MessageSize.extended : MessageSize.standard,
    maxReceiveBytes: config.extendedMessages ? MessageSize.extended : MessageSize.standard,
    routeRefresh: refresh && find(open, 'route-refresh') !== undefined,
    enhancedRouteRefresh: refresh && find(open, 'enhanced-route-refresh') !== undefined,
    gracefulRestart: agreeGracefulRestart(config, open, families),
    longLived: agreeLongLived(config, open, families),
    longLivedAware: longLivedOf(open) !== undefined,
    localRole: peerType === 'external' ? config.role : undefined,
    peerRole: peerType === 'external' ? peerRoleOf(open) : undefined,
  };
}

/** Says whether a peer may have this AS number. */
export function acceptsAsn(wanted: PeerAsn, peerAsn: number, localAsn: number): boolean {
  if (wanted === 'any') return true;
  if (wanted === 'internal') return peerAsn === localAsn;
  if (wanted === 'external') return peerAsn !== localAsn;
  if (typeof wanted === 'number') return peerAsn === wanted;
  return wanted.some(({ first, last }) => first <= peerAsn && peerAsn <= last);
}

function isOwnAsn({ localAsn, otherLocalAsn }: SessionConfig, asn: number): boolean {
  return asn === localAsn || asn === otherLocalAsn;
}

/** Of two AS numbers of ours an internal peer may have either, whichever it is configured with: RFC 7705 §4.2. */
function isAnotherOfOurs(config: SessionConfig, peerAsn: number): boolean {
  const { peerAsn: wanted } = config;
  const ours = wanted === 'internal' || (typeof wanted === 'number' && isOwnAsn(config, wanted));
  return ours && isOwnAsn(config, peerAsn);
}

function checkAsn(config: SessionConfig, peerAsn: number): SessionError | undefined {
  const accepted = acceptsAsn(config.peerAsn, peerAsn, config.localAsn) || isAnotherOfOurs(config, peerAsn);
  if (peerAsn !== 0 && accepted) return undefined;
  const detail =
    peerAsn === 0
      ? 'OPEN: the peer says it is AS 0'
      : `OPEN: the peer is AS ${peerAsn}, not ${describePeerAsn(config.peerAsn)}`;
  return sessionError(ErrorCode.open, OpenSubcode.badPeerAs, detail);
}

function describePeerAsn(wanted: PeerAsn): string {
  if (typeof wanted === 'number') return `AS ${wanted}`;
  if (typeof wanted === 'string') return wanted;
  const ranges = wanted.map(({ first, last }) => (first === last ? first : `${first}-${last}`));
  return `one of AS ${ranges.join(', ')}`;
}

/** Not zero, and inside an AS not ours: RFC 6286 §2.2. */
function checkIdentifier(
  config: SessionConfig,
  { identifier }: OpenMessage,
  peerType: PeerType,
): SessionError | undefined {
  const ours = peerType === 'internal' && identifier === config.localIdentifier;
  if (identifier !== 0 && !ours) return undefined;
  const detail = ours
    ? 'OPEN: the peer has our BGP Identifier and our AS'
    : 'OPEN: the BGP Identifier is 0.0.0.0';
  return sessionError(ErrorCode.open, OpenSubcode.badBgpIdentifier, detail);
}

/** RFC 4271 §4.2: 0 or at least 3 s. */
function checkHoldTime({ holdTimeSeconds }: OpenMessage): SessionError | undefined {
  if (holdTimeSeconds === 0 || holdTimeSeconds >= 3) return undefined;
  const detail = `OPEN: hold time ${holdTimeSeconds} s is neither 0 nor at least 3`;
  return sessionError(ErrorCode.open, OpenSubcode.unacceptableHoldTime, detail);
}

/** Without a family in common there is nothing to talk about; the data names what we need (RFC 5492 §5). */
function checkFamilies(
  config: SessionConfig,
  families: readonly NegotiatedFamily[],
): SessionError | undefined {
  if (families.length > 0) return undefined;
  const wanted = config.families.map(({ family }) => family);
  const data = encodeCapabilities(
    wanted.map((family) => ({ kind: 'multiprotocol', ...toAfiSafi(family) }) as const),
  );
  const detail = `OPEN: the peer offers none of ${wanted.join(', ')}`;
  return sessionError(ErrorCode.open, OpenSubcode.unsupportedCapability, detail, data);
}

/** RFC 9234 §4.2: roles concern external sessions; differing role capabilities are an error by themselves. */
function checkRole(config: SessionConfig, open: OpenMessage, peerType: PeerType): SessionError | undefined {
  if (config.role === undefined || peerType === 'internal') return undefined;
  const values = open.capabilities.filter((item) => item.kind === 'role').map(({ value }) => value);
  const [first] = values;
  if (first === undefined) return config.strictRole ? roleMismatch('the peer announces no role') : undefined;
  if (values.some((value) => value !== first)) return roleMismatch('the peer announces several roles');
  const wanted = COUNTERPART[config.role];
  if (toRole(first) === wanted) return undefined;
  return roleMismatch(`we are ${config.role}, the peer is ${toRole(first) ?? first}, not ${wanted}`);
}

function roleMismatch(detail: string): SessionError {
  return sessionError(ErrorCode.open, OpenSubcode.roleMismatch, `OPEN: ${detail}`);
}

function peerRoleOf(open: OpenMessage): Role | undefined {
  const capability = find(open, 'role');
  return capability === undefined ? undefined : toRole(capability.value);
}

/** An OPEN that names no family at all means IPv4 unicast, as before RFC 4760. */
function commonFamilies(config: SessionConfig, open: OpenMessage): readonly NegotiatedFamily[] {
  const announced = open.capabilities
    .filter((item) => item.kind === 'multiprotocol')
    .map(({ afi, safi }) => toFamily(afi, safi));
  const offered = announced.length === 0 ? ['ipv4-unicast'] : announced;
  return config.families
    .filter(({ family }) => offered.includes(family))
    .map((offer) => agreeFamily(offer, open));
}

function agreeFamily(offer: FamilyOffer, open: OpenMessage): NegotiatedFamily {
  const { family, addPath } = offer;
  const theirs = addPathOf(find(open, 'add-path'), family);
  return {
    family,
    addPathSend: (addPath === 'send' || addPath === 'both') && theirs?.receive === true,
    addPathReceive: (addPath === 'receive' || addPath === 'both') && theirs?.send === true,
    extendedNextHop: offer.extendedNextHop && takesIpv6NextHop(find(open, 'extended-next-hop'), family),
  };
}

function addPathOf(
  capability: AddPathCapability | undefined,
  family: Family,
): { readonly send: boolean; readonly receive: boolean } | undefined {
  return capability?.families.findLast((item) => isFamily(item, family));
}

function takesIpv6NextHop(capability: ExtendedNextHopCapability | undefined, family: Family): boolean {
  const entries = capability?.entries ?? [];
  return entries.some((entry) => isFamily(entry, family) && entry.nextHopAfi === Afi.ipv6);
}

function agreeGracefulRestart(
  config: SessionConfig,
  open: OpenMessage,
  common: readonly NegotiatedFamily[],
): PeerGracefulRestart | undefined {
  const theirs: GracefulRestartCapability | undefined = find(open, 'graceful-restart');
  if (config.gracefulRestart === undefined || theirs === undefined) return undefined;
  return {
    restarting: theirs.restarting,
    notification: theirs.notification && config.gracefulRestart.notification,
    restartTimeSeconds: theirs.restartTimeSeconds,
    families: inCommon(theirs.families, common).map(({ family, item }) => ({
      family,
      forwarding: item.forwarding,
    })),
  };
}

function agreeLongLived(
  config: SessionConfig,
  open: OpenMessage,
  common: readonly NegotiatedFamily[],
): readonly PeerLongLived[] {
  const offered = (config.gracefulRestart?.longLived ?? []).map(({ family }) => family);
  const theirs = longLivedOf(open);
  if (theirs === undefined) return [];
  const both = common.filter(({ family }) => offered.includes(family));
  return inCommon(theirs.families, both).map(({ family, item }) => ({
    family,
    forwarding: item.forwarding,
    staleTimeSeconds: item.staleTimeSeconds,
  }));
}

/** LLGR means nothing without graceful restart: RFC 9494 §4.5. */
function longLivedOf(open: OpenMessage): LongLivedGracefulRestartCapability | undefined {
  if (find(open, 'graceful-restart') === undefined) return undefined;
  return find(open, 'long-lived-graceful-restart');
}

function inCommon<T extends AfiSafi>(
  items: readonly T[],
  common: readonly NegotiatedFamily[],
): readonly { readonly family: Family; readonly item: T }[] {
  return common.flatMap(({ family }) => {
    const item = items.findLast((candidate) => isFamily(candidate, family));
    return item === undefined ? [] : [{ family, item }];
  });
}

/** Of several capabilities of one kind the last one counts: RFC 4724 §3, RFC 7911 §4. */
function find<K extends Kind>(open: OpenMessage, kind: K): Extract<Capability, { kind: K }> | undefined {
  return open.capabilities.findLast(
    (capability): capability is Extract<Capability, { kind: K }> => capability.kind === kind,
  );
}

function isFamily(item: AfiSafi, family: Family): boolean {
  return toFamily(item.afi, item.safi) === family;
}
