/**
 * From a message on the wire to the event of RFC 4271 §8.1 it is.
 *
 * UPDATEs go on undecoded: what is in them is for the RIB. An OPEN is decoded and negotiated here, so that the events
 * `BGPOpen` carry what was agreed, and a colliding connection is decided on before the event (RFC 4271 §6.8).
 */

import type { MessageFramer } from '../wire/framing.ts';
import { ErrorCode, MessageSize, MessageType, OpenSubcode } from '../wire/iana.ts';
import { decodeOpen } from '../wire/message/01-open.ts';
import { decodeNotification } from '../wire/message/03-notification.ts';
import { decodeRouteRefresh } from '../wire/message/05-route-refresh.ts';
import { negotiate } from './negotiate.ts';
import type { Session } from './session.ts';

/** Hands the message the framer has found to the session. */
export function receiveMessage(session: Session, framer: MessageFramer): void {
  const { bytes, start, end } = framer;
  switch (framer.type) {
    case MessageType.update:
      session.handle({ name: 'UpdateMsg', bytes, start, end });
      return;
    case MessageType.keepalive:
      session.handle({ name: 'KeepAliveMsg' });
      return;
    case MessageType.open:
      receiveOpen(session, bytes, start, end);
      return;
    case MessageType.notification:
      receiveNotification(session, bytes, start, end);
      return;
    case MessageType.routeRefresh:
      receiveRouteRefresh(session, bytes, start, end);
      return;
  }
}

function receiveOpen(session: Session, bytes: Uint8Array, start: number, end: number): void {
  const { host } = session;
  const open = decodeOpen(bytes, start, end);
  if (!open.ok) {
    session.handle({ name: 'BGPOpenMsgErr', error: open.error });
    return;
  }
  session.opens = { ...session.opens, received: bytes.slice(start - MessageSize.header, end) };
  host.emit({ kind: 'open-received', open: open.value });
  const agreed = negotiate(host.config, open.value);
  if (!agreed.ok) {
    session.handle({ name: 'BGPOpenMsgErr', error: agreed.error });
    return;
  }
  const delayed = session.isRunning('delayOpen');
  const expected = delayed || session.state === 'OpenSent';
  if (expected && !host.survivesCollision(session, open.value, agreed.value)) return;
  const name = delayed ? 'BGPOpen with DelayOpenTimer running' : 'BGPOpen';
  session.handle({ name, negotiated: agreed.value });
}

function receiveNotification(session: Session, bytes: Uint8Array, start: number, end: number): void {
  const notification = decodeNotification(bytes, start, end);
  const { code, subcode } = notification;
  const version = code === ErrorCode.open && subcode === OpenSubcode.unsupportedVersion;
  session.handle({ name: version ? 'NotifMsgVerErr' : 'NotifMsg', notification });
}

function receiveRouteRefresh(session: Session, bytes: Uint8Array, start: number, end: number): void {
  const message = decodeRouteRefresh(bytes, start, end);
  if (message.ok) session.handle({ name: 'RouteRefreshMsg', message: message.value });
  else session.handle({ name: 'RouteRefreshErr', error: message.error });
}
