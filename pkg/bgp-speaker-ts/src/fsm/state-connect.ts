/**
 * Connect: waiting for a connection we asked for. RFC 4271 §8.2.2.
 *
 * Departs from RFC 4271 §8.2.2 (Connect, event 18): a connection that cannot be made leads to Active and not to Idle, as
 * in RFC 1771. A peer that is not there yet is no oscillation, and in Idle its own attempt would be refused.
 */

import { cease, fsmError } from './cease.ts';
import type { MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';

/** Handles an event in Connect. */
export function handleInConnect(session: Session, event: MachineEvent): void {
  switch (event.name) {
    case 'ManualStop':
      session.failWith(event.name, cease(event.reason, undefined), 'clear');
      return;
    case 'ConnectRetryTimer_Expires':
      session.stopTimer('delayOpen');
      session.startConnectRetry();
      session.connect();
      return;
    case 'DelayOpenTimer_Expires':
      session.openNow(event.name);
      return;
    case 'TcpConnectionConfirmed':
      session.dropConnection();
      session.adopt(event.connection, 'remote');
      session.openOrDelay(event.name);
      return;
    case 'Tcp_CR_Acked':
      session.openOrDelay(event.name);
      return;
    case 'TcpConnectionFails':
      waitForPeer(session, event.error);
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
      // Events 10, 11, 13, 19, 23 and 26 to 28: nothing of it can be on a connection without an OPEN.
      session.fail(event.name, closed(session, event), 'failure');
  }
}

/** Listens in Active until ConnectRetryTimer expires or the peer connects. */
function waitForPeer(session: Session, error: string | undefined): void {
  const delayed = session.isRunning('delayOpen');
  session.stopTimer('delayOpen');
  session.dropConnection();
  session.startConnectRetry();
  const reason = delayed
    ? ({ kind: 'tcp-closed', error } as const)
    : ({ kind: 'connect-failed', error: error ?? 'the connection ended' } as const);
  session.host.emit({ kind: 'attempt-failed', reason });
  session.enter({ state: 'Active' }, 'TcpConnectionFails');
}

function closed(session: Session, event: MachineEvent): { kind: 'closed-locally'; detail: string } {
  return { kind: 'closed-locally', detail: fsmError(session.state, event.name).detail };
}
