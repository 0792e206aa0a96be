/**
 * What a speaker is configured with, and what it reports: plain data that survives JSON.
 *
 * Addresses and prefixes are the canonical strings of @weft/ip, lengths of time are in seconds, AS numbers and
 * preferences are unsigned 32-bit numbers.
 */

import type { Address, Prefix } from '@weft/ip';
import type { DiscardReason } from '../bfd/control-packet.ts';
import type { BfdState } from '../bfd/iana.ts';
import type { BmpView } from '../bmp/header.ts';
import type { PeerAsn, PeerType, SessionState } from '../fsm/types.ts';
import type { PolicyRule } from '../policy/rule.ts';
import type { OriginValue } from '../wire/attribute/path-attributes.ts';
import type { Role } from '../wire/capability/capability.ts';
import type { Family } from '../wire/family.ts';

export type {
  LocalPrefRange,
  PolicyRule,
  PrefixMatch,
  RouteMatch,
  RouteOperation,
} from '../policy/rule.ts';

/** One address to accept connections on. */
export interface ListenAddress {
  readonly address: Address;
  readonly port: number;
}

/** Graceful restart of this speaker, offered to every peer: RFC 4724, RFC 8538. */
export interface GracefulRestartConfig {
  /** How long peers are asked to keep our routes while we are away, 0…4095 s. */
  readonly restartTimeSeconds: number;
  /** Keep routes after a NOTIFICATION too, an expired hold timer included (RFC 8538). Default false. */
  readonly notification?: boolean | undefined;
  /** Longest time stale routes of a peer are kept after it is back but sends no End-of-RIB. Default 360. */
  readonly staleTimeSeconds?: number | undefined;
  /**
   * Longest time a restarted speaker waits for End-of-RIB of all peers before it sends its own. Default `restartTimeSeconds`.
   * Until then it selects no routes either; for peers without a session that wait is over after 10 s.
   */
  readonly selectionDeferralSeconds?: number | undefined;
  /**
   * Families with long-lived graceful restart (RFC 9494), each named, since it can make packets loop where routers
   * forward hop by hop (§5). Absent: not offered. Empty: nothing is kept, but peers may send us their long-lived stale
   * routes.
   */
  readonly longLived?: readonly LongLivedConfig[] | undefined;
}

/** Long-lived graceful restart of one family: RFC 9494. */
export interface LongLivedConfig {
  readonly family: Family;
  /** How long peers are asked to keep our routes, as their last choice, after the restart time, 0…16777215 s. */
  readonly staleTimeSeconds: number;
  /** Longest time we keep routes of a peer so, whatever it asks for. Default: what it asks for. */
  readonly maxStaleTimeSeconds?: number | undefined;
}

/** A whole speaker. */
export interface SpeakerConfig {
  readonly asn: number;
  /** BGP Identifier, written as an IPv4 address. */
  readonly identifier: Address;
  readonly listen: readonly ListenAddress[];
  /** 0 for no keepalives, or 3…65535. */
  readonly holdTimeSeconds: number;
  /** Cluster this route reflector serves, written as an IPv4 address (RFC 4456). Default: the identifier. */
  readonly clusterId?: Address | undefined;
  /**
   * No packet takes its way through this speaker, so an own address is a next hop like any other: that of another speaker on
   * this host. Departs from RFC 4271 §6.3, for route reflectors beside a router. Default false.
   */
  readonly offPath?: boolean | undefined;
  /** Absent: graceful restart is not offered, and no routes of a lost peer are kept. */
  readonly gracefulRestart?: GracefulRestartConfig | undefined;
  /** Refuse routes from and to external peers that have no policy (RFC 8212). Default false. */
  readonly externalRequiresPolicy?: boolean | undefined;
  readonly peers: readonly PeerConfig[];
  /** BMP collectors that are told what happens; default none. */
  readonly bmp?: readonly BmpCollector[] | undefined;
}

/** A BMP collector: RFC 7854. Address and port are its name. */
export interface BmpCollector {
  readonly address: Address;
  readonly port: number;
  /** What it is told: routes as received, after import policy, or as selected (RFC 9069). Default `pre-policy`. */
  readonly views?: readonly BmpView[] | undefined;
  /** Between two Statistics Reports; default 60. */
  readonly statisticsSeconds?: number | undefined;
}

/** The speaker's own address of each family, put into routes as next hop. */
export interface NextHopAddresses {
  readonly ipv4?: Address | undefined;
  readonly ipv6?: Address | undefined;
  /** Link-local address on the link we share with the peer, sent behind `ipv6` (RFC 2545 §3). */
  readonly linkLocal?: Address | undefined;
}

/** A limit on the prefixes of one peer, counted per family. */
export interface MaxPrefix {
  readonly prefixes: number;
  /** Above the limit: only report; Cease and try again after `restartSeconds`; or Cease and stay down. */
  readonly action: 'warn' | 'restart' | 'stop';
  /** For `restart`; default 60. */
  readonly restartSeconds?: number | undefined;
}

/** BFD with one peer: RFC 5880, and RFC 5881 or RFC 5883. */
export interface BfdConfig {
  /** Least interval between our packets while the session is Up, in ms; default 300. */
  readonly minTransmitIntervalMs?: number | undefined;
  /** Least interval between packets we take, in ms; default 300. */
  readonly minReceiveIntervalMs?: number | undefined;
  /** How many of our packets in a row may be lost, 1…255; default 3. */
  readonly multiplier?: number | undefined;
  /** The peer is behind routers (RFC 5883); default: whether `multihop` of the peer is more than 1. */
  readonly multihop?: boolean | undefined;
  /** The interface of a link-local peer; default: `interface` of the peer. */
  readonly interface?: string | undefined;
}

/** One neighbour. Its address is its name: no two peers share one. */
export interface PeerConfig {
  /**
   * A prefix stands for dynamic neighbours: whoever connects from inside it, is no peer of its own and is in no longer
   * prefix, becomes a passive peer with the rest of this configuration, until its session ends.
   */
  readonly address: Address | Prefix;
  /** Most dynamic neighbours of a prefix at a time; default 100. */
  readonly maxPeers?: number | undefined;
  /**
   * The interface a link-local address is on: needed with one, and with no other. Connections from elsewhere are refused, and
   * routes of this peer lead to its link-local address, whatever global one stands before it (RFC 2545 §3, RFC 8950).
   */
  readonly interface?: string | undefined;
  /** Port to connect to; default 179. */
  readonly port?: number | undefined;
  readonly asn: PeerAsn;
  /** Source address of connections we open. */
  readonly localAddress?: Address | undefined;
  /**
   * AS number shown to this peer instead of the speaker's own (RFC 7705). With an external peer it is put in front of the
   * AS_PATHs that arrive, and stands in front of the speaker's own in those that are sent.
   */
  readonly localAsn?: number | undefined;
  /** Leave the AS_PATHs that arrive as they are (RFC 7705 §3.1, "No Prepend Inbound"). */
  readonly localAsnNoPrepend?: boolean | undefined;
  /** Send `localAsn` in place of the speaker's own AS number (RFC 7705 §3.2, "Replace Old AS"). */
  readonly localAsnReplaceAs?: boolean | undefined;
  /**
   * Peers of both AS numbers are internal, and this one may know us by either: ours is shown first, then, when the peer
   * answers Bad Peer AS, the other by turns (RFC 7705 §4.2).
   */
  readonly localAsnDual?: boolean | undefined;
  /** Wait for the peer to connect. */
  readonly passive: boolean;
  readonly families: readonly Family[];
  /** Default: the speaker's. */
  readonly holdTimeSeconds?: number | undefined;
  /** Time between two of our KEEPALIVEs; default and most: a third of the negotiated hold time. */
  readonly keepaliveTimeSeconds?: number | undefined;
  /** How long this peer is asked to keep our routes while we are away; default: the speaker's, which must be there. */
  readonly restartTimeSeconds?: number | undefined;
  /** Wait between attempts to connect; default 5. */
  readonly connectRetryTimeSeconds?: number | undefined;
  /**
   * Next hop of routes sent to this peer: `auto` is our own address for external peers and unchanged for internal
   * ones, `self` always our own, `keep` always unchanged. Local routes always have our own. See `next-hop-choice.ts`.
   */
  readonly nextHop: 'auto' | 'self' | 'keep';
  /** Default of a family: the local address of the connection, when it is of that family. */
  readonly nextHopAddresses: NextHopAddresses;
  /**
   * Subnets of the link that this peer and we share: `auto` leaves next hops in them unchanged, since the peer reaches
   * them itself (third-party next hop, RFC 4271 §5.1.3). Default: none is known.
   */
  readonly sharedSubnets?: readonly Prefix[] | undefined;
  /** Packets reach this peer through us alone: `auto` tells others our own next hop for its routes. Default false. */
  readonly behindUs?: boolean | undefined;
  readonly routeReflectorClient?: boolean | undefined;
  /** Cluster this client belongs to; default: the speaker's. */
  readonly clusterId?: Address | undefined;
  /** TCP MD5 key (RFC 2385). */
  readonly password?: string | undefined;
  /** Accept only packets from at most this many hops away (RFC 5082); 1 for a neighbour on the same link. */
  readonly ttlSecurityHops?: number | undefined;
  /** TTL of packets to a peer that is several hops away. */
  readonly multihop?: number | undefined;
  /** How often our own AS number may stand in the AS_PATH of a route of this peer; default 0. */
  readonly allowLocalAsn?: number | undefined;
  /** What we are to this external peer: routes are kept from leaking by it (RFC 9234). Absent: no role is announced. */
  readonly role?: Role | undefined;
  /** Refuse a peer that announces no role (RFC 9234 §4.2, strict mode). Default false. */
  readonly strictRole?: boolean | undefined;
  readonly importPolicy: readonly PolicyRule[];
  readonly exportPolicy: readonly PolicyRule[];
  /** ADD-PATH (RFC 7911), from our side. */
  readonly addPath?: 'send' | 'receive' | 'both' | undefined;
  /** Send no more than the selected path of a prefix, though ADD-PATH is in use. Default false: all that could be selected. */
  readonly addPathBestOnly?: boolean | undefined;
  readonly maxPrefix?: MaxPrefix | undefined;
  /** Watch the way to the peer by BFD, and end the session when it breaks (RFC 5882). */
  readonly bfd?: BfdConfig | undefined;
  readonly description?: string | undefined;
}

/** A route this speaker originates. */
export interface LocalRoute {
  readonly prefix: Prefix;
  /** Default 100. */
  readonly localPref?: number | undefined;
  readonly med?: number | undefined;
  /** Default 0, IGP. */
  readonly origin?: OriginValue | undefined;
  /** Each `aa:nn`. */
  readonly communities?: readonly string[] | undefined;
  /** Each `aa:nn:mm`. */
  readonly largeCommunities?: readonly string[] | undefined;
  /** Interface the route points out of, for policies that look at it. */
  readonly interface?: string | undefined;
}

/** Where packets of a route go. */
export interface RouteNextHop {
  readonly address: Address;
  /** Link-local address sent along with a global one (RFC 2545). */
  readonly linkLocal?: Address | undefined;
}

/** The selected route of a prefix. */
export interface BestPath {
  readonly source: 'local' | PeerType;
  /** The peer it was learned from; absent for a local route. */
  readonly peer?: Address | undefined;
  /** The best path's next hop first, then those of all paths as good as it (ECMP). Empty for a local route. */
  readonly nextHops: readonly RouteNextHop[];
  /** As compared: 100 when the route carries none. */
  readonly localPref: number;
  readonly med?: number | undefined;
  /** The AS that it came from last, the first of its AS_PATH; absent where that is empty or begins with a set. */
  readonly neighbourAsn?: number | undefined;
  /** The peer is restarting and has not confirmed this route yet (RFC 4724). */
  readonly stale: boolean;
}

/** What the Loc-RIB has for a prefix now. */
export interface LocRibChange {
  readonly family: Family;
  readonly prefix: Prefix;
  /** Absent when no path is left. */
  readonly best?: BestPath | undefined;
}

/** What is known about a next hop. */
export interface NextHopState {
  readonly address: Address;
  readonly reachable: boolean;
  /** Cost of the way there; the smaller is preferred. */
  readonly metric: number;
  /** Interface packets leave by, for policies that look at it. */
  readonly interface?: string | undefined;
}

/** Routes of one family of one peer. */
export interface PeerFamilyStatus {
  readonly family: Family;
  /** Paths in the Adj-RIB-In, rejected and stale ones included. */
  readonly received: number;
  readonly rejected: number;
  readonly stale: number;
  /** When the stale paths of this family are given up at the latest, in ms: long-lived graceful restart (RFC 9494). */
  readonly longLivedUntil?: number | undefined;
  /** Routes in the Adj-RIB-Out of this peer; with ADD-PATH a prefix can have several. */
  readonly advertised: number;
  readonly endOfRibReceived: boolean;
  readonly endOfRibSent: boolean;
  /** `catching-up`: the peer is new, asked for a refresh, or reads slower than the others. */
  readonly stream: 'none' | 'catching-up' | 'in-sync';
}

/** The BFD session of a peer; with neither counts nor remote values it has not begun. */
export interface PeerBfdStatus {
  readonly state: BfdState;
  /** When `state` was entered, in ms. */
  readonly stateSince: number;
  /** Why it is not Up, by its name in RFC 5880 §4.1. */
  readonly diagnostic?: string | undefined;
  /** What the peer said last; Down when nothing is heard. */
  readonly remoteState?: BfdState | undefined;
  readonly remoteDiagnostic?: string | undefined;
  /** C bit of the peer. */
  readonly remoteControlPlaneIndependent?: boolean | undefined;
  /** Interval of our packets, before jitter. */
  readonly transmitIntervalMs?: number | undefined;
  /** Interval of the peer's packets, before jitter; absent while nothing is heard. */
  readonly receiveIntervalMs?: number | undefined;
  /** Silence after which the session is Down; absent while nothing is heard. */
  readonly detectionTimeMs?: number | undefined;
  /** Packets, from the transport. */
  readonly counts?: BfdCounts | undefined;
}

/** Packets of a BFD session. */
export interface BfdCounts {
  readonly sent: number;
  readonly received: number;
  readonly discarded: number;
  /** How often the session came Up. */
  readonly ups: number;
  /** Why the last discarded packet was discarded. */
  readonly lastDiscard?: DiscardReason | undefined;
}

/** One peer as it is now. Times are on the clock of the events. */
export interface PeerStatus {
  readonly address: Address;
  /** The prefix a dynamic neighbour was taken by. */
  readonly template?: Prefix | undefined;
  /** As its OPEN had it while Established, else as configured; absent when the configuration names no single one. */
  readonly asn?: number | undefined;
  readonly description?: string | undefined;
  readonly state: SessionState;
  /** When `state` was entered, in ms. */
  readonly stateSince: number;
  readonly peerType?: PeerType | undefined;
  readonly peerIdentifier?: Address | undefined;
  /** Negotiated; present while Established. */
  readonly holdTimeSeconds?: number | undefined;
  readonly establishedCount: number;
  /** Why the last session or attempt ended, in words. */
  readonly lastError?: string | undefined;
  /** When stale routes of this peer are given up, or become long-lived, in ms. */
  readonly staleUntil?: number | undefined;
  readonly updatesReceived: number;
  /** Bytes of UPDATEs handed to the transport. */
  readonly updateBytesSent: number;
  /** Bytes the transport has not handed to the kernel, as last reported. */
  readonly outstandingBytes: number;
  /** Absent when the peer has no BFD. */
  readonly bfd?: PeerBfdStatus | undefined;
  readonly families: readonly PeerFamilyStatus[];
}
