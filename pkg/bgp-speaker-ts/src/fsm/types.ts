/**
 * The vocabulary between the session state machine and its users: what a session is configured with, which events
 * go in, which actions come out, and what an established session has agreed on.
 *
 * Everything here is plain data. Time is a number of milliseconds on a clock that never goes back, handed in with
 * each event; the machine starts no timer and opens no socket.
 */

import type { Role } from '../wire/capability/capability.ts';
import type { SessionError } from '../wire/error.ts';
import type { Family } from '../wire/family.ts';
import type { OpenMessage } from '../wire/message/01-open.ts';
import type { NotificationMessage } from '../wire/message/03-notification.ts';
import type { RouteRefreshMessage } from '../wire/message/05-route-refresh.ts';

/** The states of RFC 4271 §8.2.2, from the farthest to the nearest to a working session. */
export type SessionState = 'Idle' | 'Connect' | 'Active' | 'OpenSent' | 'OpenConfirm' | 'Established';

/** All states, from the farthest to the nearest to a working session. */
export const SESSION_STATES: readonly SessionState[] = [
  'Idle',
  'Connect',
  'Active',
  'OpenSent',
  'OpenConfirm',
  'Established',
];

/** Whether the peer is in our AS. */
export type PeerType = 'internal' | 'external';

/** What one family of a session is offered with. */
export interface FamilyOffer {
  readonly family: Family;
  /** ADD-PATH directions offered, from our side (RFC 7911). */
  readonly addPath: 'none' | 'send' | 'receive' | 'both';
  /** Whether next hops of the other address family are offered (RFC 8950); IPv4 over IPv6 is what exists today. */
  readonly extendedNextHop: boolean;
}

/** Graceful restart as offered to a peer: RFC 4724, RFC 8538, RFC 9494. */
export interface GracefulRestartOffer {
  /** How long the peer is asked to wait for us, 0…4095 s. */
  readonly restartTimeSeconds: number;
  /** N bit: a NOTIFICATION, too, is answered by keeping routes (RFC 8538). */
  readonly notification: boolean;
  /** Families that are offered long-lived graceful restart; absent means no LLGR capability (RFC 9494). */
  readonly longLived?: readonly LongLivedOffer[] | undefined;
}

/** One family of our long-lived graceful restart capability: RFC 9494 §3.1. */
export interface LongLivedOffer {
  readonly family: Family;
  /** How long the peer is asked to keep our routes after the restart time, 0…16777215 s. */
  readonly staleTimeSeconds: number;
}

/** What is true of this speaker at the moment an OPEN is sent: RFC 4724 §4.1. */
export interface RestartState {
  /** R bit: this speaker has restarted and has not yet had End-of-RIB from its peers. */
  readonly restarting: boolean;
  /** Families whose forwarding state was kept while the session was away (F bits), with a restart or without. */
  readonly forwarding: readonly Family[];
}

/** How long a peer that fails again and again is left in Idle: RFC 4271 §8.1.1 DampPeerOscillations. */
export interface IdleHold {
  /** Wait after the second failure in a row, in seconds; doubled by each further one. The first costs no wait. */
  readonly initialSeconds: number;
  readonly maxSeconds: number;
}

/** AS numbers from the first to the last, both included. */
export interface AsnRange {
  readonly first: number;
  readonly last: number;
}

/** The AS number a peer must have: one, ours (internal), any but ours (external), any, or one of several. */
export type PeerAsn = number | 'internal' | 'external' | 'any' | readonly AsnRange[];

/** One configured session. All lengths of time are in seconds. */
export interface SessionConfig {
  /** The AS number this speaker shows to the peer (its own, or the local-as of RFC 7705). */
  readonly localAsn: number;
  /** Another AS number of ours: peers of both are internal, and one may have either for the other (RFC 7705 §4). */
  readonly otherLocalAsn?: number | undefined;
  readonly localIdentifier: number;
  readonly peerAsn: PeerAsn;
  /** 0 means neither keepalives nor a hold timer; else 3…65535. */
  readonly holdTimeSeconds: number;
  /** Interval of our KEEPALIVEs; absent means a third of the negotiated hold time (RFC 4271 §10). */
  readonly keepaliveTimeSeconds?: number | undefined;
  readonly connectRetryTimeSeconds: number;
  /** How long a connection may be there without an OPEN: the "large value" of RFC 4271 §8.2.2, default 240. */
  readonly openWaitSeconds?: number | undefined;
  /** Absent means that DelayOpen is off. */
  readonly delayOpenTimeSeconds?: number | undefined;
  /** Never open a connection, only wait for one (PassiveTcpEstablishment). */
  readonly passive: boolean;
  readonly idleHold: IdleHold;
  /** Resolve a collision even against an Established connection (CollisionDetectEstablishedState). */
  readonly collisionDetectEstablished: boolean;
  readonly families: readonly FamilyOffer[];
  readonly routeRefresh: boolean;
  readonly extendedMessages: boolean;
  readonly gracefulRestart?: GracefulRestartOffer | undefined;
  /** Our role to this peer (RFC 9234); absent means no role capability. */
  readonly role?: Role | undefined;
  /** Refuse a peer that announces no role (RFC 9234 §4.2 strict mode). */
  readonly strictRole: boolean;
  /** How long the peer may leave our bytes unread; 0 means for ever (RFC 9687). */
  readonly sendHoldTimeSeconds: number;
}

/** What was agreed for one family. */
export interface NegotiatedFamily {
  readonly family: Family;
  /** We send path identifiers. */
  readonly addPathSend: boolean;
  /** The peer sends path identifiers. */
  readonly addPathReceive: boolean;
  /** Both sides take next hops of the other address family. */
  readonly extendedNextHop: boolean;
}

/** The peer's graceful restart capability, for families both sides route. */
export interface PeerGracefulRestart {
  readonly restarting: boolean;
  /** Both sides set the N bit (RFC 8538 §3). */
  readonly notification: boolean;
  readonly restartTimeSeconds: number;
  readonly families: readonly { readonly family: Family; readonly forwarding: boolean }[];
}

/** One family of the peer's long-lived graceful restart capability: RFC 9494. */
export interface PeerLongLived {
  readonly family: Family;
  readonly forwarding: boolean;
  readonly staleTimeSeconds: number;
}

/** What two OPENs agreed on. It exists only after a valid OPEN, so later states never miss a value. */
export interface Negotiated {
  readonly localAsn: number;
  readonly localIdentifier: number;
  readonly peerAsn: number;
  readonly peerIdentifier: number;
  readonly peerType: PeerType;
  /** The smaller of both; 0 means that this session has no keepalives. */
  readonly holdTimeSeconds: number;
  readonly keepaliveTimeSeconds: number;
  readonly fourOctetAsn: boolean;
  readonly families: readonly NegotiatedFamily[];
  /** Longest message the peer takes: 4096, or 65535 with RFC 8654. */
  readonly maxSendBytes: number;
  /** Longest message we take. */
  readonly maxReceiveBytes: number;
  readonly routeRefresh: boolean;
  readonly enhancedRouteRefresh: boolean;
  /** Absent when the peer or we did not offer graceful restart. */
  readonly gracefulRestart?: PeerGracefulRestart | undefined;
  /** Families for which both the peer and we offered LLGR. */
  readonly longLived: readonly PeerLongLived[];
  /** The peer knows what LLGR_STALE means: it sent the LLGR capability, were it an empty one (RFC 9494 §4.3). */
  readonly longLivedAware: boolean;
  readonly localRole?: Role | undefined;
  readonly peerRole?: Role | undefined;
}

/**
 * A TCP connection of one peer. The machine numbers the connections it asks for 1, 3, 5 …; whoever accepts
 * connections numbers those 2, 4, 6 …. A number is never used twice for a peer.
 */
export type ConnectionId = number;

/** Why an administrator or the speaker ends a session, for the Cease NOTIFICATION and for the log. */
export interface StopReason {
  /** Subcode of Cease (RFC 4486, RFC 8538, RFC 9384). */
  readonly subcode: number;
  /** Shutdown communication, at most 255 octets of UTF-8 are sent (RFC 9003). */
  readonly communication?: string | undefined;
  /** What led to it, for log and status; default: the name of the subcode. */
  readonly detail?: string | undefined;
  /** Data of the Cease instead of a communication, e.g. of Maximum Number of Prefixes Reached (RFC 4486 §4). */
  readonly data?: Uint8Array | undefined;
}

/** What can happen to a peer. */
export type SessionEvent =
  /** ManualStart: begin, and keep trying. */
  | { readonly kind: 'start' }
  /** ManualStop: Cease if connected, and stay in Idle until `start`. */
  | { readonly kind: 'stop'; readonly reason: StopReason }
  /** Close without a NOTIFICATION, so that the peer keeps our routes (RFC 4724 §4), and stay in Idle. */
  | { readonly kind: 'stop-gracefully' }
  /** AutomaticStop: Cease, then start again after `holdSeconds` (idle hold), or stay in Idle when it is Infinity. */
  | { readonly kind: 'reset'; readonly reason: StopReason; readonly holdSeconds?: number | undefined }
  /** The deadline has come: handle every timer that is due. */
  | { readonly kind: 'timer' }
  /** A connection asked for by `connect` is there. */
  | { readonly kind: 'connected'; readonly connection: ConnectionId }
  /** A connection asked for by `connect` did not come about. */
  | { readonly kind: 'connect-failed'; readonly connection: ConnectionId; readonly error: string }
  /** The peer has opened a connection to us. */
  | { readonly kind: 'accepted'; readonly connection: ConnectionId }
  /** Bytes arrived. They are read before the call returns and never kept: the caller may use the array again. */
  | { readonly kind: 'received'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** The connection ended: by the peer, or with an error such as ECONNRESET. */
  | { readonly kind: 'closed'; readonly connection: ConnectionId; readonly error?: string | undefined }
  /** The RIB found a received UPDATE beyond repair: UpdateMsgErr, answered with its NOTIFICATION. */
  | { readonly kind: 'update-error'; readonly error: SessionError }
  /** How many bytes of the established connection the kernel has not taken; 0 when it has all: RFC 9687. */
  | { readonly kind: 'outstanding'; readonly bytes: number }
  /** New restart state for the next OPEN. */
  | { readonly kind: 'restart-state'; readonly state: RestartState };

/** Why a session or an attempt ended; it decides whether routes are kept as stale (RFC 4724, RFC 8538). */
export type DownReason =
  /** The connection went away without a NOTIFICATION. */
  | { readonly kind: 'tcp-closed'; readonly error?: string | undefined }
  /** A connection could not be made. */
  | { readonly kind: 'connect-failed'; readonly error: string }
  /** A peer with graceful restart opened a new connection while the old one seemed alive (RFC 4724 §4.2). */
  | { readonly kind: 'connection-replaced' }
  | { readonly kind: 'notification-received'; readonly notification: NotificationMessage }
  /** We sent a NOTIFICATION: the peer's error, a timer, a stop, or a lost collision. */
  | {
      readonly kind: 'notification-sent';
      readonly notification: NotificationMessage;
      readonly detail: string;
    }
  /** We closed without a NOTIFICATION (`stop-gracefully`, or RFC 4271's ways that send none). */
  | { readonly kind: 'closed-locally'; readonly detail: string };

/** The two OPENs of a session, whole messages as they were on the wire. */
export interface ExchangedOpens {
  readonly sent: Uint8Array;
  readonly received: Uint8Array;
}

/** What the machine wants done, in order. */
export type SessionAction =
  | { readonly kind: 'connect'; readonly connection: ConnectionId }
  /** Close after all bytes sent before; no event about this connection is wanted any more. */
  | { readonly kind: 'close'; readonly connection: ConnectionId }
  | { readonly kind: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** The session works: routes of the negotiated families can be sent on this connection. */
  | {
      readonly kind: 'established';
      readonly connection: ConnectionId;
      readonly negotiated: Negotiated;
      readonly opens: ExchangedOpens;
    }
  /** The body of an UPDATE, `bytes[start…end)`, undecoded. It must be read before the next event. */
  | { readonly kind: 'update'; readonly bytes: Uint8Array; readonly start: number; readonly end: number }
  | { readonly kind: 'route-refresh'; readonly message: RouteRefreshMessage }
  /** An Established session ended. */
  | { readonly kind: 'down'; readonly reason: DownReason; readonly negotiated: Negotiated }
  /** An attempt ended before it reached Established. */
  | { readonly kind: 'attempt-failed'; readonly reason: DownReason }
  /** The peer's state changed: the state of the more advanced of its connections. */
  | {
      readonly kind: 'state-changed';
      readonly from: SessionState;
      readonly to: SessionState;
      /** Name of the RFC 4271 §8.1 event that caused it, e.g. `TcpConnectionConfirmed`. */
      readonly event: string;
    }
  /** A valid or invalid OPEN arrived; for status and message history. */
  | { readonly kind: 'open-received'; readonly open: OpenMessage };
