/**
 * Idle: no connection, none accepted. RFC 4271 §8.2.2.
 *
 * We do: a start after a failure comes as one of the two events with DampPeerOscillations, which carry how long to
 * wait; IdleHoldTimer_Expires then starts the session as it was started before.
 */

import type { EventName, MachineEvent } from './machine-event.ts';
import type { Session } from './session.ts';

/** Handles an event in Idle; nothing but a start has an effect. */
export function handleInIdle(session: Session, event: MachineEvent): void {
  switch (event.name) {
    case 'ManualStart':
    case 'AutomaticStart':
      session.connectRetryCounter = 0;
      session.passive = false;
      start(session, event.name);
      return;
    case 'ManualStart_with_PassiveTcpEstablishment':
    case 'AutomaticStart_with_PassiveTcpEstablishment':
      session.connectRetryCounter = 0;
      session.passive = true;
      start(session, event.name);
      return;
    case 'AutomaticStart_with_DampPeerOscillations':
      session.passive = false;
      session.startTimer('idleHold', event.idleHoldMs);
      return;
    case 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment':
      session.passive = true;
      session.startTimer('idleHold', event.idleHoldMs);
      return;
    case 'IdleHoldTimer_Expires':
      start(session, event.name);
      return;
    case 'ManualStop':
    case 'GracefulStop':
      session.stopTimer('idleHold');
      return;
    default:
    // Events 8 to 12 and 14 to 28 find nothing to stop and nothing to drop.
  }
}

/** Opens a connection, or only waits for the peer to open one. */
function start(session: Session, event: EventName): void {
  session.stopTimer('idleHold');
  if (session.passive) {
    session.enter({ state: 'Active' }, event);
    return;
  }
  session.startConnectRetry();
  session.connect();
  session.enter({ state: 'Connect' }, event);
}
