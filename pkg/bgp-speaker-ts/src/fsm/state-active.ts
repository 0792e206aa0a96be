/**
 * Active: waiting for the peer to connect, or for the time to try again. RFC 4271 §8.2.2.
 *
 * Departs from RFC 4271 §8.2.2 (Active, event 9): a passive session never opens a connection, so its ConnectRetryTimer
 * does not run. Event 18 (a connection lost before any OPEN) goes to Idle as the RFC says.
 */

import { cease, fsmError } from './cease.ts';
import type { MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';

/** Handles an event in Active. */
export function handleInActive(session: Session, event: MachineEvent): void {
  switch (event.name) {
    case 'ManualStop':
      session.failWith(event.name, cease(event.reason, undefined), 'clear');
      return;
    case 'ConnectRetryTimer_Expires':
      session.startConnectRetry();
      session.connect();
      session.enter({ state: 'Connect' }, event.name);
      return;
    case 'DelayOpenTimer_Expires':
      session.openNow(event.name);
      return;
    case 'TcpConnectionConfirmed':
      session.adopt(event.connection, 'remote');
      session.openOrDelay(event.name);
      return;
    case 'Tcp_CR_Acked':
      session.openOrDelay(event.name);
      return;
    case 'TcpConnectionFails':
      session.fail(event.name, { kind: 'tcp-closed', error: event.error }, 'failure');
      return;
    case 'BGPOpen with DelayOpenTimer running':
      session.sendOpen();
      session.confirm(event.negotiated, event.name);
      return;
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
      session.failWith(event.name, event.error, 'failure');
      return;
    case 'NotifMsgVerErr':
    case 'NotifMsg': {
      const counting = session.isRunning('delayOpen') ? 'unchanged' : 'failure';
      const { notification } = event;
      session.fail(event.name, { kind: 'notification-received', notification }, counting);
      return;
    }
    case 'AutomaticStop':
      session.failWith(event.name, cease(event.reason, undefined), 'failure');
      return;
    default:
      // Events 10, 11, 13, 19, 23 and 26 to 28.
      session.fail(
        event.name,
        { kind: 'closed-locally', detail: fsmError('Active', event.name).detail },
        'failure',
      );
  }
}
