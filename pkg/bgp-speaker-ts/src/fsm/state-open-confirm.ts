/**
 * OpenConfirm: both OPENs are good, the peer's KEEPALIVE is awaited. RFC 4271 §8.2.2.
 *
 * We do: the first KEEPALIVE in Established comes soon, and UPDATEs do not put it off. BIRD 2 can sleep for 3 s on the
 * routes it has to send first, until something from its peer wakes it.
 * We do: event 19 of the RFC is the OPEN of a colliding connection, which here has a machine of its own; a second OPEN on
 * this connection is a Finite State Machine Error.
 */

import { cease, collisionCease, fsmError, holdTimerExpired, sendHoldTimerExpired } from './cease.ts';
import type { MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';
import { FIRST_KEEPALIVE_MS } from './timers.ts';
import type { Negotiated } from './types.ts';

/** Handles an event in OpenConfirm. */
export function handleInOpenConfirm(session: Session, event: MachineEvent, negotiated: Negotiated): void {
  switch (event.name) {
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return;
    case 'ManualStop':
      session.failWith(event.name, cease(event.reason, negotiated), 'clear');
      return;
    case 'AutomaticStop':
      session.failWith(event.name, cease(event.reason, negotiated), 'failure');
      return;
    case 'HoldTimer_Expires':
      session.failWith(event.name, holdTimerExpired(), 'failure');
      return;
    case 'SendHoldTimer_Expires':
      session.failWith(event.name, sendHoldTimerExpired(), 'failure');
      return;
    case 'KeepaliveTimer_Expires':
      session.sendKeepalive(negotiated);
      return;
    case 'TcpConnectionFails':
      session.fail(event.name, { kind: 'tcp-closed', error: event.error }, 'failure');
      return;
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      session.failWith(event.name, event.error, 'failure');
      return;
    case 'OpenCollisionDump':
      session.failWith(event.name, collisionCease(), 'failure');
      return;
    case 'NotifMsgVerErr':
    case 'NotifMsg': {
      const { notification } = event;
      const counting = event.name === 'NotifMsgVerErr' ? 'unchanged' : 'failure';
      session.fail(event.name, { kind: 'notification-received', notification }, counting);
      return;
    }
    case 'KeepAliveMsg':
      establish(session, negotiated);
      return;
    default:
      // Events 9, 12, 13, 19, 20, 27 and 28.
      session.failWith(event.name, fsmError('OpenConfirm', event.name), 'failure');
  }
}

function establish(session: Session, negotiated: Negotiated): void {
  session.restartHold(negotiated);
  if (negotiated.holdTimeSeconds > 0) session.startTimer('keepalive', FIRST_KEEPALIVE_MS);
  session.establishedAt = session.host.now;
  session.enter({ state: 'Established', negotiated }, 'KeepAliveMsg');
  const connection = session.connection?.id ?? 0;
  session.host.emit({ kind: 'established', connection, negotiated, opens: session.opens });
}
