import { describe, expect, test } from 'vitest';
import type { DownReason } from '../fsm/types.ts';
import { notification } from '../wire/error.ts';
import { encodeShutdownCommunication } from '../wire/message/03-notification.ts';
import { describeDownReason } from './down-reason.ts';

describe('why a session ended, in words', () => {
  test.each<[DownReason, string]>([
    [{ kind: 'tcp-closed' }, 'the peer closed the connection'],
    [{ kind: 'tcp-closed', error: 'ECONNRESET' }, 'connection lost: ECONNRESET'],
    [{ kind: 'connect-failed', error: 'ECONNREFUSED' }, 'cannot connect: ECONNREFUSED'],
    [{ kind: 'connection-replaced' }, 'the peer has restarted and opened a new connection'],
    [
      { kind: 'notification-received', notification: notification(6, 2, encodeShutdownCommunication('bye')) },
      'received Cease / Administrative Shutdown: "bye"',
    ],
    [
      { kind: 'notification-received', notification: notification(3, 9, new Uint8Array([35, 1])) },
      'received UPDATE Message Error / Optional Attribute Error (data 2301)',
    ],
    [
      { kind: 'notification-sent', notification: notification(4, 0), detail: 'nothing heard for 90 s' },
      'sent Hold Timer Expired; nothing heard for 90 s',
    ],
    [{ kind: 'closed-locally', detail: 'graceful stop' }, 'closed: graceful stop'],
  ])('%o', (reason, text) => {
    expect(describeDownReason(reason)).toBe(text);
  });
});
