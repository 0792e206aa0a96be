/**
 * The events of RFC 4271 §8.1 by their names there, with what each carries.
 *
 * `Session` makes them from bytes, timers and commands; the six `state-….ts` files say what each does in each state.
 * Five more are not in RFC 4271; `EventName` says where they come from.
 */

import type { SessionError } from '../wire/error.ts';
import type { NotificationMessage } from '../wire/message/03-notification.ts';
import type { RouteRefreshMessage } from '../wire/message/05-route-refresh.ts';
import type { ConnectionId, Negotiated, StopReason } from './types.ts';

/** The mandatory and optional events of RFC 4271 §8.1; event n is at index n - 1. */
export const RFC_EVENT_NAMES = [
  'ManualStart',
  'ManualStop',
  'AutomaticStart',
  'ManualStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_DampPeerOscillations',
  'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
  'AutomaticStop',
  'ConnectRetryTimer_Expires',
  'HoldTimer_Expires',
  'KeepaliveTimer_Expires',
  'DelayOpenTimer_Expires',
  'IdleHoldTimer_Expires',
  'TcpConnection_Valid',
  'Tcp_CR_Invalid',
  'Tcp_CR_Acked',
  'TcpConnectionConfirmed',
  'TcpConnectionFails',
  'BGPOpen',
  'BGPOpen with DelayOpenTimer running',
  'BGPHeaderErr',
  'BGPOpenMsgErr',
  'OpenCollisionDump',
  'NotifMsgVerErr',
  'NotifMsg',
  'KeepAliveMsg',
  'UpdateMsg',
  'UpdateMsgErr',
] as const;

/** The name of an event of RFC 4271 §8.1. */
export type RfcEventName = (typeof RFC_EVENT_NAMES)[number];

/** Events that carry nothing but their name. */
export type PlainEventName =
  | 'ManualStart'
  | 'AutomaticStart'
  | 'ManualStart_with_PassiveTcpEstablishment'
  | 'AutomaticStart_with_PassiveTcpEstablishment'
  | 'ConnectRetryTimer_Expires'
  | 'HoldTimer_Expires'
  | 'KeepaliveTimer_Expires'
  | 'DelayOpenTimer_Expires'
  | 'IdleHoldTimer_Expires'
  | 'TcpConnection_Valid'
  | 'Tcp_CR_Invalid'
  | 'Tcp_CR_Acked'
  | 'OpenCollisionDump'
  | 'KeepAliveMsg'
  | 'SendHoldTimer_Expires'
  | 'GracefulStop'
  | 'ConnectionReplaced';

/** One event with what it carries. */
export type MachineEvent =
  | { readonly name: PlainEventName }
  | { readonly name: 'ManualStop' | 'AutomaticStop'; readonly reason: StopReason }
  | {
      readonly name:
        | 'AutomaticStart_with_DampPeerOscillations'
        | 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment';
      /** How long to stay in Idle, in ms; Infinity means for ever. */
      readonly idleHoldMs: number;
    }
  | { readonly name: 'TcpConnectionConfirmed'; readonly connection: ConnectionId }
  | { readonly name: 'TcpConnectionFails'; readonly error?: string | undefined }
  | {
      readonly name: 'BGPOpen' | 'BGPOpen with DelayOpenTimer running';
      readonly negotiated: Negotiated;
    }
  | {
      readonly name: 'BGPHeaderErr' | 'BGPOpenMsgErr' | 'UpdateMsgErr' | 'RouteRefreshErr';
      readonly error: SessionError;
    }
  | { readonly name: 'NotifMsgVerErr' | 'NotifMsg'; readonly notification: NotificationMessage }
  | { readonly name: 'UpdateMsg'; readonly bytes: Uint8Array; readonly start: number; readonly end: number }
  | { readonly name: 'RouteRefreshMsg'; readonly message: RouteRefreshMessage };

/**
 * The name of any event. Beyond RFC 4271: `SendHoldTimer_Expires` (RFC 9687 §3.2), `RouteRefreshMsg` and
 * `RouteRefreshErr` (RFC 2918, RFC 7313), `GracefulStop` and `ConnectionReplaced` (the two ways a session ends without a
 * NOTIFICATION under RFC 4724).
 */
export type EventName = MachineEvent['name'];

/**
 * Events that change nothing in any state but Idle: the starts of a session that is started, and the two that watch a
 * TCP connection before it is there (TrackTcpState), which no socket API shows (RFC 4271 §8.2.2).
 */
export const WITHOUT_EFFECT: ReadonlySet<EventName> = new Set<EventName>([
  'ManualStart',
  'AutomaticStart',
  'ManualStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_PassiveTcpEstablishment',
  'AutomaticStart_with_DampPeerOscillations',
  'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment',
  'TcpConnection_Valid',
  'Tcp_CR_Invalid',
]);
