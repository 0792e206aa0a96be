/**
 * Established: routes are exchanged. RFC 4271 §8.2.2, with RFC 2918 (ROUTE-REFRESH), RFC 4724 §4 and RFC 9687.
 *
 * Departs from RFC 4271 §8.2.2 (Established, event 21): a header error is answered with its own NOTIFICATION (§6.1) and
 * not with Finite State Machine Error; the two places of the RFC disagree.
 */

import { cease, collisionCease, fsmError, holdTimerExpired, sendHoldTimerExpired } from './cease.ts';
import type { MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';
import type { Negotiated } from './types.ts';

/** Handles an event in Established. */
export function handleInEstablished(session: Session, event: MachineEvent, negotiated: Negotiated): void {
  switch (event.name) {
    case 'UpdateMsg': {
      const { bytes, start, end } = event;
      session.restartHold(negotiated);
      session.host.emit({ kind: 'update', bytes, start, end });
      return;
    }
    case 'KeepAliveMsg':
      session.restartHold(negotiated);
      return;
    case 'RouteRefreshMsg':
      session.restartHold(negotiated);
      session.host.emit({ kind: 'route-refresh', message: event.message });
      return;
    case 'KeepaliveTimer_Expires':
      session.keepaliveDue(negotiated);
      return;
    case 'Tcp_CR_Acked':
    case 'TcpConnectionConfirmed':
      return;
    case 'ManualStop':
      session.failWith(event.name, cease(event.reason, negotiated), 'clear');
      return;
    case 'ConnectionReplaced':
      session.fail(event.name, { kind: 'connection-replaced' }, 'unchanged');
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
    case 'TcpConnectionFails':
      session.fail(event.name, { kind: 'tcp-closed', error: event.error }, 'failure');
      return;
    case 'NotifMsgVerErr':
    case 'NotifMsg': {
      const { notification } = event;
      session.fail(event.name, { kind: 'notification-received', notification }, 'failure');
      return;
    }
    case 'OpenCollisionDump':
      session.failWith(event.name, collisionCease(), 'failure');
      return;
    case 'BGPHeaderErr':
    case 'UpdateMsgErr':
    case 'RouteRefreshErr':
      session.failWith(event.name, event.error, 'failure');
      return;
    default:
      // Events 9, 12, 13, 19, 20 and 22.
      session.failWith(event.name, fsmError('Established', event.name), 'failure');
  }
}
