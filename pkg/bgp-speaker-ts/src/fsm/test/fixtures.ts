/** Configurations, OPENs and a recording host for tests of the session machine. */

import { MessageFramer } from '../../wire/framing.ts';
import { encodeOpen, type OpenMessage } from '../../wire/message/01-open.ts';
import { decodeNotification } from '../../wire/message/03-notification.ts';
import { buildOpen } from '../open.ts';
import type { SessionHost } from '../session.ts';
import type { RestartState, SessionAction, SessionConfig } from '../types.ts';

/** A restart state of a speaker that has not restarted. */
export const RUNNING: RestartState = { restarting: false, forwarding: [] };

/** An internal session between 10.0.0.1 and 10.0.0.2 with both families and graceful restart. */
export const CONFIG: SessionConfig = {
  localAsn: 64512,
  localIdentifier: 0x0a000001,
  peerAsn: 64512,
  holdTimeSeconds: 90,
  connectRetryTimeSeconds: 5,
  passive: false,
  idleHold: { initialSeconds: 1, maxSeconds: 60 },
  collisionDetectEstablished: false,
  families: [
    { family: 'ipv4-unicast', addPath: 'none', extendedNextHop: false },
    { family: 'ipv6-unicast', addPath: 'none', extendedNextHop: false },
  ],
  routeRefresh: true,
  extendedMessages: false,
  gracefulRestart: { restartTimeSeconds: 120, notification: false },
  strictRole: false,
  sendHoldTimeSeconds: 480,
};

/** The configuration of the other side of `CONFIG`. */
export const PEER_CONFIG: SessionConfig = { ...CONFIG, localIdentifier: 0x0a000002 };

/** Changes of an OPEN or of the configuration behind it. */
export interface OpenChanges extends Partial<SessionConfig> {
  readonly open?: Partial<OpenMessage>;
  readonly restart?: RestartState;
}

/** The OPEN the other side of `CONFIG` sends, with changes. */
export function peerOpen({ open, restart = RUNNING, ...config }: OpenChanges = {}): OpenMessage {
  return { ...buildOpen({ ...PEER_CONFIG, ...config }, restart), ...open };
}

/** The same as a message. */
export function peerOpenBytes(changes: OpenChanges = {}): Uint8Array {
  return encodeOpen(peerOpen(changes));
}

/** Writes actions as short words: `connect`, `send OPEN`, `send NOTIFICATION 6/2`, `close`, `Idle`. */
export function describeActions(actions: readonly SessionAction[]): string[] {
  return actions.flatMap((action) => {
    if (action.kind === 'send') return describeMessages(action.bytes);
    if (action.kind === 'state-changed') return [action.to];
    return [action.kind];
  });
}

function describeMessages(bytes: Uint8Array): string[] {
  const framer = new MessageFramer();
  framer.push(bytes);
  const names: string[] = [];
  while (framer.next()) {
    const name = ['', 'OPEN', 'UPDATE', 'NOTIFICATION', 'KEEPALIVE', 'ROUTE-REFRESH'][framer.type] ?? '';
    const { code, subcode } = decodeNotification(framer.bytes, framer.start, framer.end);
    names.push(name === 'NOTIFICATION' ? `send ${name} ${code}/${subcode}` : `send ${name}`);
  }
  return names;
}

/** A host that records what one session does; no peer, no collisions. */
export class RecordingHost implements SessionHost {
  config: SessionConfig = CONFIG;
  restartState: RestartState = RUNNING;
  now = 0;
  actions: SessionAction[] = [];
  #lastConnection = -1;

  readonly random = (): number => 1;

  emit(action: SessionAction): void {
    this.actions.push(action);
  }

  nextConnection(): number {
    this.#lastConnection += 2;
    return this.#lastConnection;
  }

  stateChanged(): void {}

  survivesCollision(): boolean {
    return true;
  }
}
