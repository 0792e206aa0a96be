/**
 * OpenSent: our OPEN is on its way, the peer's is awaited. RFC 4271 §8.2.2.
 *
 * Departs from RFC 4271 §8.2.2 (OpenSent, event 25): a NOTIFICATION is never answered with one (§6.4), the connection is
 * only closed.
 */

import { cease, collisionCease, fsmError, holdTimerExpired, sendHoldTimerExpired } from './cease.ts';
import type { MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';

/** Handles an event in OpenSent. */
export function handleInOpenSent(session: Session, event: MachineEvent): void {
  switch (event.name) {
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      // A second connection has a machine of its own and meets this one when its OPEN comes (§6.8).
      return;
    case 'ManualStop':
      session.failWith(event.name, cease(event.reason, undefined), 'clear');
      return;
    case 'AutomaticStop':
      session.failWith(event.name, cease(event.reason, undefined), 'failure');
      return;
    case 'HoldTimer_Expires':
      session.failWith(event.name, holdTimerExpired(), 'failure');
      return;
    case 'SendHoldTimer_Expires':
      session.failWith(event.name, sendHoldTimerExpired(), 'failure');
      return;
    case 'TcpConnectionFails':
      listenAgain(session, event.error);
      return;
    case 'BGPOpen':
      session.confirm(event.negotiated, event.name);
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
    default:
      // Events 9, 11 to 13, 20 and 26 to 28.
      session.failWith(event.name, fsmError('OpenSent', event.name), 'failure');
  }
}

/** The connection ended before the peer's OPEN: wait for another, and try again when ConnectRetryTimer expires. */
function listenAgain(session: Session, error: string | undefined): void {
  session.dropConnection();
  session.stopTimer('hold');
  session.startConnectRetry();
  session.host.emit({ kind: 'attempt-failed', reason: { kind: 'tcp-closed', error } });
  session.enter({ state: 'Active' }, 'TcpConnectionFails');
}
