/**
 * The NOTIFICATIONs a session sends by its own decision: Cease, Hold Timer Expired, Finite State Machine Error.
 *
 * Source: RFC 4271 §6.5, §6.6, §6.7; RFC 4486; RFC 6608; RFC 8538 §3.1 (hard reset); RFC 9003; RFC 9687.
 */

import { type SessionError, sessionError } from '../wire/error.ts';
import { CeaseSubcode, ErrorCode, FsmSubcode, MessageType } from '../wire/iana.ts';
import { encodeShutdownCommunication } from '../wire/message/03-notification.ts';
import { notificationName } from '../wire/notification-name.ts';
import type { EventName } from './machine-event.ts';
import type { Negotiated, SessionState, StopReason } from './types.ts';

const NO_DATA: Uint8Array = new Uint8Array(0);

/** Ends after which a peer must not keep our routes, and so need a hard reset once RFC 8538 is in use. */
const HARD: readonly number[] = [
  CeaseSubcode.maximumPrefixes,
  CeaseSubcode.administrativeShutdown,
  CeaseSubcode.peerDeconfigured,
  CeaseSubcode.bfdDown,
];

/** Type octets of the messages behind message events, quoted by RFC 6608 §3. */
const UNEXPECTED: Partial<Record<EventName, number>> = {
  BGPOpen: MessageType.open,
  'BGPOpen with DelayOpenTimer running': MessageType.open,
  KeepAliveMsg: MessageType.keepalive,
  UpdateMsg: MessageType.update,
  UpdateMsgErr: MessageType.update,
  RouteRefreshMsg: MessageType.routeRefresh,
  RouteRefreshErr: MessageType.routeRefresh,
};

const FSM_SUBCODE: Partial<Record<SessionState, number>> = {
  OpenSent: FsmSubcode.unexpectedInOpenSent,
  OpenConfirm: FsmSubcode.unexpectedInOpenConfirm,
  Established: FsmSubcode.unexpectedInEstablished,
};

/** Builds the Cease of a stop; under RFC 8538 one that must end graceful restart is wrapped in a hard reset. */
export function cease(reason: StopReason, negotiated: Negotiated | undefined): SessionError {
  const { subcode } = reason;
  const data = reason.data ?? communicationOf(reason);
  const detail = reason.detail ?? notificationName(ErrorCode.cease, subcode);
  const hard = negotiated?.gracefulRestart?.notification === true && HARD.includes(subcode);
  if (!hard) return sessionError(ErrorCode.cease, subcode, detail, data);
  const wrapped = new Uint8Array([ErrorCode.cease, subcode, ...data]);
  return sessionError(ErrorCode.cease, CeaseSubcode.hardReset, `${detail} (hard reset)`, wrapped);
}

/** Builds the Cease of a lost collision: RFC 4271 §6.8, RFC 4486 §4. */
export function collisionCease(): SessionError {
  return cease({ subcode: CeaseSubcode.connectionCollision }, undefined);
}

/** Builds the end of a session whose peer was silent: RFC 4271 §6.5. */
export function holdTimerExpired(): SessionError {
  return sessionError(ErrorCode.holdTimerExpired, 0, 'the peer sent nothing for the hold time');
}

/** Builds the end of a session whose peer does not read: RFC 9687 §3.2. */
export function sendHoldTimerExpired(): SessionError {
  return sessionError(ErrorCode.sendHoldTimerExpired, 0, 'the peer read nothing for the send hold time');
}

/** Builds the answer to an event that cannot happen in a state: RFC 4271 §6.6, RFC 6608 §3. */
export function fsmError(state: SessionState, event: EventName): SessionError {
  const type = UNEXPECTED[event];
  const detail = `${event} is not expected in ${state}`;
  if (type === undefined) return sessionError(ErrorCode.finiteStateMachine, FsmSubcode.unspecific, detail);
  const subcode = FSM_SUBCODE[state] ?? FsmSubcode.unspecific;
  return sessionError(ErrorCode.finiteStateMachine, subcode, detail, new Uint8Array([type]));
}

function communicationOf({ subcode, communication }: StopReason): Uint8Array {
  const carries =
    subcode === CeaseSubcode.administrativeShutdown || subcode === CeaseSubcode.administrativeReset;
  return carries && communication ? encodeShutdownCommunication(communication) : NO_DATA;
}
