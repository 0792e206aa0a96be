/** The exhaustive table of RFC 4271 §8.2.2: every event in every state. */

import { describe, expect, test } from 'vitest';
import { sessionError } from '../wire/error.ts';
import { type MachineEvent, RFC_EVENT_NAMES, type RfcEventName } from './machine-event.ts';
import { negotiate } from './negotiate.ts';
import { Session } from './session.ts';
import { CONFIG, describeActions, peerOpen, peerOpenBytes, RecordingHost } from './test/fixtures.ts';
import { FIRST_KEEPALIVE_MS } from './timers.ts';
import { type Negotiated, SESSION_STATES, type SessionConfig, type SessionState } from './types.ts';

const KEEPALIVE = new Uint8Array([...new Array(16).fill(0xff), 0, 19, 4]);

function agreed(): Negotiated {
  const result = negotiate(CONFIG, peerOpen());
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}

/** A session brought to a state as the RFC brings it there. */
function sessionIn(
  state: SessionState,
  config: SessionConfig = CONFIG,
): { session: Session; host: RecordingHost } {
  const host = new RecordingHost();
  host.config = config;
  const session = new Session(host);
  const reach = SESSION_STATES.indexOf(state);
  if (state === 'Active') {
    session.handle({ name: 'ManualStart' });
    session.connection = undefined;
    session.handle({ name: 'TcpConnectionFails' });
  } else {
    if (reach >= 1) session.handle({ name: 'ManualStart' });
    if (reach >= 3) {
      session.adopt(1, 'local');
      session.handle({ name: 'Tcp_CR_Acked' });
    }
    if (reach >= 4) session.receive(peerOpenBytes());
    if (reach >= 5) session.receive(KEEPALIVE);
  }
  expect(session.state).toBe(state);
  session.connectRetryCounter = 3;
  host.actions = [];
  return { session, host };
}

const ERROR = sessionError(3, 1, 'made for the test');
const NOTIFICATION = { code: 6, subcode: 2, data: new Uint8Array(0) };

/** Makes an event of each name. */
function makeEvent(name: RfcEventName): MachineEvent {
  switch (name) {
    case 'ManualStop':
    case 'AutomaticStop':
      return { name, reason: { subcode: 2 } };
    case 'AutomaticStart_with_DampPeerOscillations':
    case 'AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment':
      return { name, idleHoldMs: 1000 };
    case 'TcpConnectionConfirmed':
      return { name, connection: 2 };
    case 'TcpConnectionFails':
      return { name };
    case 'BGPOpen':
    case 'BGPOpen with DelayOpenTimer running':
      return { name, negotiated: agreed() };
    case 'BGPHeaderErr':
    case 'BGPOpenMsgErr':
    case 'UpdateMsgErr':
      return { name, error: ERROR };
    case 'NotifMsgVerErr':
    case 'NotifMsg':
      return { name, notification: NOTIFICATION };
    case 'UpdateMsg':
      return { name, bytes: new Uint8Array(4), start: 0, end: 4 };
    default:
      return { name };
  }
}

/**
 * What an event does: `·` nothing, else the new state (if it changes), the NOTIFICATION as code/subcode, other things sent
 * or asked for, and how ConnectRetryCounter moves (0 cleared, + counted).
 */
const TABLE = `
event                                                                | Idle        | Connect        | Active         | OpenSent         | OpenConfirm      | Established
ManualStart                                                          | Connect c 0 | ·              | ·              | ·                | ·                | ·
ManualStop                                                           | ·           | Idle 0         | Idle 0         | Idle 6/2 0       | Idle 6/2 0       | Idle 6/2 0
AutomaticStart                                                       | Connect c 0 | ·              | ·              | ·                | ·                | ·
ManualStart_with_PassiveTcpEstablishment                             | Active 0    | ·              | ·              | ·                | ·                | ·
AutomaticStart_with_PassiveTcpEstablishment                          | Active 0    | ·              | ·              | ·                | ·                | ·
AutomaticStart_with_DampPeerOscillations                             | ·           | ·              | ·              | ·                | ·                | ·
AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment | ·           | ·              | ·              | ·                | ·                | ·
AutomaticStop                                                        | ·           | Idle +         | Idle +         | Idle 6/2 +       | Idle 6/2 +       | Idle 6/2 +
ConnectRetryTimer_Expires                                            | ·           | c              | Connect c      | Idle 5/0 +       | Idle 5/0 +       | Idle 5/0 +
HoldTimer_Expires                                                    | ·           | Idle +         | Idle +         | Idle 4/0 +       | Idle 4/0 +       | Idle 4/0 +
KeepaliveTimer_Expires                                               | ·           | Idle +         | Idle +         | Idle 5/0 +       | K                | K
DelayOpenTimer_Expires                                               | ·           | OpenSent       | OpenSent       | Idle 5/0 +       | Idle 5/0 +       | Idle 5/0 +
IdleHoldTimer_Expires                                                | Connect c   | Idle +         | Idle +         | Idle 5/0 +       | Idle 5/0 +       | Idle 5/0 +
TcpConnection_Valid                                                  | ·           | ·              | ·              | ·                | ·                | ·
Tcp_CR_Invalid                                                       | ·           | ·              | ·              | ·                | ·                | ·
Tcp_CR_Acked                                                         | ·           | OpenSent       | OpenSent       | ·                | ·                | ·
TcpConnectionConfirmed                                               | ·           | OpenSent O     | OpenSent O     | ·                | ·                | ·
TcpConnectionFails                                                   | ·           | Active         | Idle +         | Active           | Idle +           | Idle +
BGPOpen                                                              | ·           | Idle +         | Idle +         | OpenConfirm K    | Idle 5/2 +       | Idle 5/3 +
BGPOpen with DelayOpenTimer running                                  | ·           | OpenConfirm    | OpenConfirm    | Idle 5/1 +       | Idle 5/2 +       | Idle 5/3 +
BGPHeaderErr                                                         | ·           | Idle +         | Idle +         | Idle 3/1 +       | Idle 3/1 +       | Idle 3/1 +
BGPOpenMsgErr                                                        | ·           | Idle +         | Idle +         | Idle 3/1 +       | Idle 3/1 +       | Idle 5/0 +
OpenCollisionDump                                                    | ·           | Idle +         | Idle +         | Idle 6/7 +       | Idle 6/7 +       | Idle 6/7 +
NotifMsgVerErr                                                       | ·           | Idle +         | Idle +         | Idle             | Idle             | Idle +
NotifMsg                                                             | ·           | Idle +         | Idle +         | Idle +           | Idle +           | Idle +
KeepAliveMsg                                                         | ·           | Idle +         | Idle +         | Idle 5/1 +       | Established      | ·
UpdateMsg                                                            | ·           | Idle +         | Idle +         | Idle 5/1 +       | Idle 5/2 +       | U
UpdateMsgErr                                                         | ·           | Idle +         | Idle +         | Idle 5/1 +       | Idle 5/2 +       | Idle 3/1 +
`;

const ROWS = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const [HEADER = [], ...BODY] = ROWS;

/** Runs one cell and writes what happened in the notation of the table. */
function outcome(state: SessionState, name: RfcEventName): string {
  const { session, host } = sessionIn(state);
  session.handle(makeEvent(name));
  const words = describeActions(host.actions);
  const sent = words
    .filter((word) => word.startsWith('send'))
    .map((word) =>
      word.replace('send NOTIFICATION ', '').replace('send KEEPALIVE', 'K').replace('send OPEN', 'O'),
    );
  const cell = [
    ...(session.state === state ? [] : [session.state]),
    ...sent,
    ...(words.includes('connect') ? ['c'] : []),
    ...(words.includes('update') ? ['U'] : []),
    ...(session.connectRetryCounter === 4 ? ['+'] : []),
    ...(session.connectRetryCounter === 0 ? ['0'] : []),
  ].join(' ');
  return cell || '·';
}

describe('RFC 4271 §8.2.2 every event in every state', () => {
  test('the table has all 28 events and all six states', () => {
    expect(BODY.map(([name]) => name)).toEqual([...RFC_EVENT_NAMES]);
    expect(HEADER.slice(1)).toEqual([...SESSION_STATES]);
  });

  test.each(BODY.map((row) => [row[0] as RfcEventName, row.slice(1)] as const))('%s', (name, cells) => {
    expect(SESSION_STATES.map((state) => outcome(state, name))).toEqual(cells);
  });

  test('in Idle no connection is left and no timer but idle hold runs', () => {
    for (const state of SESSION_STATES) {
      for (const name of RFC_EVENT_NAMES) {
        const { session } = sessionIn(state);
        session.handle(makeEvent(name));
        if (session.state !== 'Idle') continue;
        expect(session.connection).toBeUndefined();
        const damped = name.includes('DampPeerOscillations');
        expect(session.nextDeadline).toBe(damped ? 1000 : Number.POSITIVE_INFINITY);
      }
    }
  });

  test('leaving for Idle closes the connection that was there, after the NOTIFICATION', () => {
    for (const name of RFC_EVENT_NAMES) {
      const { session, host } = sessionIn('Established');
      session.handle(makeEvent(name));
      if (session.state !== 'Idle') continue;
      expect(describeActions(host.actions).filter((word) => word === 'close')).toHaveLength(1);
      expect(describeActions(host.actions).at(-1)).toBe('down');
    }
  });
});

describe('RFC 4271 §8.2.2 timers', () => {
  test('Connect: ConnectRetryTimer gives up the attempt and makes another', () => {
    const { session, host } = sessionIn('Connect');
    host.now = session.nextDeadline;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual(['close', 'connect']);
    expect(session.nextDeadline).toBe(host.now + 5000);
  });

  test('OpenSent: the hold timer is 4 minutes', () => {
    const { session, host } = sessionIn('OpenSent');
    expect(session.nextDeadline).toBe(240_000);
    host.now = 240_000;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual(['send NOTIFICATION 4/0', 'close', 'attempt-failed']);
  });

  test('§10: a third of the hold time after a message, a KEEPALIVE', () => {
    const { session, host } = sessionIn('Established');
    host.now = session.nextDeadline;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual(['send KEEPALIVE']);
    expect(session.nextDeadline).toBe(host.now + 30_000);
  });

  test('the first KEEPALIVE in Established comes soon, and UPDATEs sent at once do not put it off', () => {
    const { session, host } = sessionIn('Established');
    session.noteSent(host.now);
    expect(session.nextDeadline).toBe(FIRST_KEEPALIVE_MS);
    host.now = FIRST_KEEPALIVE_MS;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual(['send KEEPALIVE']);
  });

  test('§4.4: UPDATEs sent later put the next KEEPALIVE off', () => {
    const { session, host } = sessionIn('Established');
    host.now = FIRST_KEEPALIVE_MS;
    session.handleTimers();
    session.noteSent(10_000);
    host.actions = [];
    host.now = session.nextDeadline;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual([]);
    expect(session.nextDeadline).toBe(40_000);
  });

  test('UPDATEs of an earlier session do not put a KEEPALIVE off', () => {
    const { session, host } = sessionIn('Established');
    session.noteSent(10_000);
    session.establishedAt = 20_000;
    host.now = 20_000 + FIRST_KEEPALIVE_MS;
    session.keepaliveDue(session.negotiated as Negotiated);
    expect(describeActions(host.actions)).toEqual(['send KEEPALIVE']);
  });

  test('OpenConfirm: the negotiated hold time counts from the OPEN on', () => {
    const { session, host } = sessionIn('OpenConfirm', { ...CONFIG, holdTimeSeconds: 9 });
    host.now = 9000;
    session.handleTimers();
    expect(describeActions(host.actions)).toContain('send NOTIFICATION 4/0');
  });

  test.each([
    ['UPDATE', [0, 23, 2, 0, 0, 0, 0]],
    ['KEEPALIVE', [0, 19, 4]],
    ['ROUTE-REFRESH', [0, 23, 5, 0, 1, 0, 1]],
  ])('§6.5: %s starts the hold timer anew', (_name, rest) => {
    const { session, host } = sessionIn('Established', { ...CONFIG, keepaliveTimeSeconds: 30 });
    host.now = 89_000;
    session.receive(new Uint8Array([...new Array(16).fill(0xff), ...rest]));
    host.now = 100_000;
    session.handleTimers();
    expect(session.state).toBe('Established');
  });

  test('§6.5: a peer that is silent for the hold time gets NOTIFICATION 4', () => {
    const { session, host } = sessionIn('Established');
    host.now = 89_999;
    session.receive(KEEPALIVE);
    host.now = 179_998;
    session.handleTimers();
    expect(session.state).toBe('Established');
    host.now = 179_999;
    session.handleTimers();
    expect(describeActions(host.actions)).toContain('send NOTIFICATION 4/0');
  });

  test('§4.2: hold time 0 means no keepalives and no hold timer', () => {
    const { session, host } = sessionIn('OpenSent', { ...CONFIG, holdTimeSeconds: 0 });
    session.receive(peerOpenBytes());
    session.receive(KEEPALIVE);
    expect(session.state).toBe('Established');
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(describeActions(host.actions)).toContain('send KEEPALIVE');
  });

  test('RFC 9687 §3: a peer that reads nothing for the send hold time is let go', () => {
    const { session, host } = sessionIn('Established', { ...CONFIG, holdTimeSeconds: 0 });
    session.noteOutstanding(1000);
    host.now = 100_000;
    session.noteOutstanding(900);
    host.now = 579_999;
    session.noteOutstanding(2000);
    session.handleTimers();
    expect(session.state).toBe('Established');
    host.now = 580_000;
    session.handleTimers();
    expect(describeActions(host.actions)).toContain('send NOTIFICATION 8/0');
  });

  test('RFC 9687 §3: a drained connection stops the send hold timer', () => {
    const { session } = sessionIn('Established', { ...CONFIG, holdTimeSeconds: 0 });
    session.noteOutstanding(1000);
    session.noteOutstanding(0);
    expect(session.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('RFC 4271 §8.1.1 DelayOpen', () => {
  const delayed = { ...CONFIG, delayOpenTimeSeconds: 10 };

  test('the OPEN waits for DelayOpenTimer', () => {
    const { session, host } = sessionIn('Connect', delayed);
    session.adopt(1, 'local');
    session.handle({ name: 'Tcp_CR_Acked' });
    expect([session.state, host.actions.length, session.nextDeadline]).toEqual(['Connect', 0, 10_000]);
    host.now = 10_000;
    session.handleTimers();
    expect(describeActions(host.actions)).toEqual(['send OPEN']);
    expect(session.state).toBe('OpenSent');
  });

  test('an OPEN of the peer ends the wait: OPEN and KEEPALIVE at once', () => {
    const { session, host } = sessionIn('Connect', delayed);
    session.adopt(1, 'local');
    session.handle({ name: 'Tcp_CR_Acked' });
    session.receive(peerOpenBytes());
    expect(describeActions(host.actions)).toEqual(['open-received', 'send OPEN', 'send KEEPALIVE']);
    expect(session.state).toBe('OpenConfirm');
  });

  test('a stop during the wait sends its Cease on the open connection', () => {
    const { session, host } = sessionIn('Connect', delayed);
    session.adopt(1, 'local');
    session.handle({ name: 'Tcp_CR_Acked' });
    session.handle({ name: 'ManualStop', reason: { subcode: 2 } });
    expect(describeActions(host.actions)).toEqual(['send NOTIFICATION 6/2', 'close']);
  });
});

describe('messages on a connection', () => {
  test('an UPDATE goes out as the range of its body', () => {
    const { session, host } = sessionIn('Established');
    const update = new Uint8Array([...new Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]);
    session.receive(update);
    expect(host.actions).toEqual([{ kind: 'update', bytes: update, start: 19, end: 23 }]);
  });

  test('OPEN, KEEPALIVE and UPDATE in one chunk are all handled', () => {
    const { session, host } = sessionIn('OpenSent');
    const update = new Uint8Array([...new Array(16).fill(0xff), 0, 23, 2, 0, 0, 0, 0]);
    session.receive(new Uint8Array(Buffer.concat([peerOpenBytes(), KEEPALIVE, update])));
    expect(describeActions(host.actions)).toEqual([
      'open-received',
      'send KEEPALIVE',
      'established',
      'update',
    ]);
  });

  test('nothing behind an error is read', () => {
    const { session, host } = sessionIn('Established');
    const notification = new Uint8Array([...new Array(16).fill(0xff), 0, 21, 3, 6, 4]);
    session.receive(new Uint8Array(Buffer.concat([notification, KEEPALIVE, peerOpenBytes()])));
    expect(describeActions(host.actions)).toEqual(['close', 'down']);
  });

  test('RFC 6608 §3: the NOTIFICATION names the type of the unexpected message', () => {
    const { session, host } = sessionIn('OpenSent');
    session.receive(KEEPALIVE);
    const sent = host.actions.find((action) => action.kind === 'send');
    expect(sent?.kind === 'send' && [...sent.bytes.subarray(19)]).toEqual([5, 1, 4]);
  });

  test('RFC 2918: a ROUTE-REFRESH goes out as a message, one before Established is an error', () => {
    const refresh = new Uint8Array([...new Array(16).fill(0xff), 0, 23, 5, 0, 1, 0, 1]);
    const { session, host } = sessionIn('Established');
    session.receive(refresh);
    expect(host.actions).toEqual([{ kind: 'route-refresh', message: { afi: 1, safi: 1, subtype: 0 } }]);
    const early = sessionIn('OpenConfirm');
    early.session.receive(refresh);
    expect(describeActions(early.host.actions)).toContain('send NOTIFICATION 5/2');
  });
});
