/**
 * Why a session ended, in words for a log or a status table.
 */

import type { DownReason } from '../fsm/types.ts';
import { describeNotification } from '../wire/message/03-notification.ts';

/** Writes a reason as one line. */
export function describeDownReason(reason: DownReason): string {
  switch (reason.kind) {
    case 'tcp-closed':
      return reason.error === undefined
        ? 'the peer closed the connection'
        : `connection lost: ${reason.error}`;
    case 'connect-failed':
      return `cannot connect: ${reason.error}`;
    case 'connection-replaced':
      return 'the peer has restarted and opened a new connection';
    case 'notification-received':
      return `received ${describeNotification(reason.notification)}`;
    case 'notification-sent':
      return `sent ${describeNotification(reason.notification)}; ${reason.detail}`;
    case 'closed-locally':
      return `closed: ${reason.detail}`;
  }
}
