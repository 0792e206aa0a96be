import { describe, expect, test } from 'vitest';
import { sessionError } from '../wire/error.ts';
import { Peer } from './peer.ts';
import { CONFIG, describeActions, type OpenChanges, peerOpenBytes } from './test/fixtures.ts';
import type { SessionAction, SessionConfig, SessionEvent } from './types.ts';

const KEEPALIVE = new Uint8Array([...new Array(16).fill(0xff), 0, 19, 4]);
const SHUTDOWN = { subcode: 2, communication: 'upgrade' };

/** A peer with its clock, so that a test reads as a list of events. */
class Script {
  readonly peer: Peer;
  now = 0;

  constructor(config: Partial<SessionConfig> = {}) {
    this.peer = new Peer({ ...CONFIG, ...config }, () => 1);
  }

  give(event: SessionEvent): readonly SessionAction[] {
    return this.peer.handle(event, this.now);
  }

  words(event: SessionEvent): string[] {
    return describeActions(this.give(event));
  }

  receive(connection: number, ...messages: readonly Uint8Array[]): string[] {
    return this.words({ kind: 'received', connection, bytes: new Uint8Array(Buffer.concat(messages)) });
  }

  timer(): string[] {
    this.now = this.peer.nextDeadline;
    return this.words({ kind: 'timer' });
  }

  /** Opens connection 1 and brings it to Established. */
  establish(changes: OpenChanges = {}): this {
    this.give({ kind: 'start' });
    this.give({ kind: 'connected', connection: 1 });
    this.receive(1, peerOpenBytes(changes), KEEPALIVE);
    expect(this.peer.state).toBe('Established');
    return this;
  }
}

describe('a peer that connects', () => {
  test('goes through all states to Established', () => {
    const script = new Script();
    expect(script.words({ kind: 'start' })).toEqual(['connect', 'Connect']);
    expect(script.words({ kind: 'connected', connection: 1 })).toEqual(['send OPEN', 'OpenSent']);
    expect(script.receive(1, peerOpenBytes())).toEqual(['open-received', 'send KEEPALIVE', 'OpenConfirm']);
    expect(script.receive(1, KEEPALIVE)).toEqual(['Established', 'established']);
    expect(script.peer.connection).toBe(1);
  });

  test('tries again after ConnectRetryTime when nobody answers', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    const refused = script.words({ kind: 'connect-failed', connection: 1, error: 'ECONNREFUSED' });
    expect(refused).toEqual(['attempt-failed', 'Active']);
    expect(script.timer()).toEqual(['connect', 'Connect']);
    expect(script.now).toBe(5000);
  });

  test('takes the connection of the peer while it waits in Active', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    script.give({ kind: 'connect-failed', connection: 1, error: 'ECONNREFUSED' });
    expect(script.words({ kind: 'accepted', connection: 2 })).toEqual(['send OPEN', 'OpenSent']);
    expect(script.receive(2, peerOpenBytes(), KEEPALIVE)).toContain('established');
  });

  test('a connection that comes up after its attempt was given up is closed', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    script.give({ kind: 'stop', reason: SHUTDOWN });
    expect(script.words({ kind: 'connected', connection: 1 })).toEqual(['close']);
  });
});

describe('a passive peer', () => {
  test('never connects and runs no timer while it waits', () => {
    const script = new Script({ passive: true });
    expect(script.words({ kind: 'start' })).toEqual(['Active']);
    expect(script.peer.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(script.words({ kind: 'accepted', connection: 2 })).toEqual(['send OPEN', 'OpenSent']);
  });

  test('waits again after its session went down', () => {
    const script = new Script({ passive: true });
    script.give({ kind: 'start' });
    script.give({ kind: 'accepted', connection: 2 });
    script.receive(2, peerOpenBytes(), KEEPALIVE);
    expect(script.words({ kind: 'closed', connection: 2 })).toEqual(['down', 'Idle']);
    expect(script.timer()).toEqual(['Active']);
  });
});

describe('RFC 4271 §8.2.2 Idle', () => {
  test('refuses connections before start and after stop', () => {
    const script = new Script();
    expect(script.words({ kind: 'accepted', connection: 2 })).toEqual(['close']);
    script.establish();
    script.give({ kind: 'stop', reason: SHUTDOWN });
    expect(script.words({ kind: 'accepted', connection: 4 })).toEqual(['close']);
  });
});

describe('how a session ends', () => {
  test('the peer closes without a NOTIFICATION: down by tcp-closed, tried again at once', () => {
    const script = new Script().establish();
    const actions = script.give({ kind: 'closed', connection: 1, error: 'ECONNRESET' });
    expect(actions[0]).toMatchObject({ kind: 'down', reason: { kind: 'tcp-closed', error: 'ECONNRESET' } });
    expect(script.timer()).toEqual(['connect', 'Connect']);
    expect(script.now).toBe(0);
  });

  test('the peer sends a NOTIFICATION: down names it', () => {
    const script = new Script().establish();
    const notification = new Uint8Array([...new Array(16).fill(0xff), 0, 21, 3, 6, 2]);
    const actions = script.give({ kind: 'received', connection: 1, bytes: notification });
    expect(actions.find(({ kind }) => kind === 'down')).toMatchObject({
      reason: { kind: 'notification-received', notification: { code: 6, subcode: 2 } },
    });
  });

  test('RFC 9003: stop sends Cease with the communication and stays down', () => {
    const script = new Script().establish();
    const actions = script.give({ kind: 'stop', reason: SHUTDOWN });
    expect(describeActions(actions)).toEqual(['send NOTIFICATION 6/2', 'close', 'down', 'Idle']);
    expect(actions[0]?.kind === 'send' && Buffer.from(actions[0].bytes).subarray(22).toString()).toBe(
      'upgrade',
    );
    expect(script.peer.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(script.words({ kind: 'start' })).toEqual(['connect', 'Connect']);
  });

  test('RFC 4724: a graceful stop closes without a NOTIFICATION', () => {
    const script = new Script().establish();
    expect(script.words({ kind: 'stop-gracefully' })).toEqual(['close', 'down', 'Idle']);
    expect(script.peer.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('a reset comes back after the time it is given', () => {
    const script = new Script().establish();
    const reset = { kind: 'reset', reason: { subcode: 1 }, holdSeconds: 30 } as const;
    expect(script.words(reset)).toEqual(['send NOTIFICATION 6/1', 'close', 'down', 'Idle']);
    expect(script.timer()).toEqual(['connect', 'Connect']);
    expect(script.now).toBe(30_000);
  });

  test('a reset for ever stays down until start', () => {
    const script = new Script().establish();
    script.give({ kind: 'reset', reason: { subcode: 1 }, holdSeconds: Number.POSITIVE_INFINITY });
    expect([script.peer.state, script.peer.nextDeadline]).toEqual(['Idle', Number.POSITIVE_INFINITY]);
    expect(script.words({ kind: 'start' })).toEqual(['connect', 'Connect']);
  });

  test('an UPDATE beyond repair is answered with its NOTIFICATION', () => {
    const script = new Script().establish();
    const error = sessionError(3, 10, 'a prefix is malformed');
    expect(script.words({ kind: 'update-error', error })).toContain('send NOTIFICATION 3/10');
  });

  test('an UPDATE error that comes after the session is gone does nothing', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    expect(script.words({ kind: 'update-error', error: sessionError(3, 10, '') })).toEqual([]);
  });

  test('RFC 8538 §3.1: with the N bit agreed, a shutdown is wrapped in a hard reset', () => {
    const gracefulRestart = { restartTimeSeconds: 120, notification: true };
    const script = new Script({ gracefulRestart }).establish({ gracefulRestart });
    const [send] = script.give({ kind: 'stop', reason: { subcode: 2 } });
    expect(send?.kind === 'send' && [...send.bytes.subarray(19)]).toEqual([6, 9, 6, 2]);
  });
});

describe('RFC 4271 §8.1.1 damping', () => {
  const fail = (script: Script, connection: number): void => {
    script.give({ kind: 'connected', connection });
    script.receive(connection, peerOpenBytes({ localAsn: 64999 }));
  };

  test('a peer that fails again and again waits longer and longer', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    const waits = [1, 3, 5, 7, 9].map((connection) => {
      fail(script, connection);
      const before = script.now;
      script.timer();
      return script.now - before;
    });
    expect(waits).toEqual([0, 1000, 2000, 4000, 8000]);
  });

  test('a session that lasted longer than the longest wait begins the count anew', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    for (const connection of [1, 3, 5]) {
      fail(script, connection);
      script.timer();
    }
    script.give({ kind: 'connected', connection: 7 });
    script.receive(7, peerOpenBytes(), KEEPALIVE);
    script.now += 60_000;
    script.give({ kind: 'closed', connection: 7 });
    expect(script.peer.nextDeadline).toBe(script.now);
  });
});

describe('RFC 4271 §6.8 two connections', () => {
  const collide = (localIdentifier: number): Script => {
    const script = new Script({ localIdentifier });
    script.give({ kind: 'start' });
    script.give({ kind: 'connected', connection: 1 });
    script.give({ kind: 'accepted', connection: 2 });
    return script;
  };

  test('with the higher identifier ours stays, whichever OPEN comes first', () => {
    const first = collide(0x0a000009);
    first.receive(1, peerOpenBytes());
    expect(first.receive(2, peerOpenBytes())).toEqual(['open-received', 'send NOTIFICATION 6/7', 'close']);
    first.receive(1, KEEPALIVE);
    expect(first.peer.connection).toBe(1);
    const second = collide(0x0a000009);
    second.receive(2, peerOpenBytes());
    expect(second.receive(1, peerOpenBytes())).toContain('send NOTIFICATION 6/7');
    second.receive(1, KEEPALIVE);
    expect(second.peer.connection).toBe(1);
  });

  test('with the lower identifier theirs stays, and our state never goes back', () => {
    const script = collide(0x0a000001);
    script.receive(1, peerOpenBytes());
    const words = script.receive(2, peerOpenBytes());
    expect(words).toEqual(['open-received', 'send KEEPALIVE', 'send NOTIFICATION 6/7', 'close']);
    script.receive(2, KEEPALIVE);
    expect([script.peer.state, script.peer.connection]).toEqual(['Established', 2]);
  });

  test('an attempt that is still under way is given up once the other connection is Established', () => {
    const script = new Script();
    script.give({ kind: 'start' });
    script.give({ kind: 'accepted', connection: 2 });
    const words = script.receive(2, peerOpenBytes(), KEEPALIVE);
    expect(words).toEqual([
      'open-received',
      'send KEEPALIVE',
      'OpenConfirm',
      'Established',
      'established',
      'close',
    ]);
  });

  test('a third connection replaces a second one without an OPEN', () => {
    const script = collide(0x0a000001);
    expect(script.words({ kind: 'accepted', connection: 4 })).toEqual(['close', 'send OPEN']);
    script.receive(4, peerOpenBytes(), KEEPALIVE);
    expect(script.peer.connection).toBe(4);
  });

  test('against an Established session the newcomer loses', () => {
    const script = new Script({ gracefulRestart: undefined }).establish();
    script.now = 20_000;
    script.give({ kind: 'accepted', connection: 2 });
    expect(script.receive(2, peerOpenBytes())).toEqual(['open-received', 'send NOTIFICATION 6/7', 'close']);
    expect(script.peer.connection).toBe(1);
  });

  test('CollisionDetectEstablishedState: the identifier decides against an Established session, too', () => {
    const script = new Script({ gracefulRestart: undefined, collisionDetectEstablished: true }).establish();
    script.give({ kind: 'accepted', connection: 2 });
    expect(script.receive(2, peerOpenBytes(), KEEPALIVE)).toEqual([
      'open-received',
      'send NOTIFICATION 6/7',
      'close',
      'down',
      'OpenSent',
      'send KEEPALIVE',
      'OpenConfirm',
      'Established',
      'established',
    ]);
  });
});

describe('RFC 4724 §4.2 a peer with graceful restart that is back before its old connection is gone', () => {
  test('replaces the session when its OPEN has the R bit', () => {
    const script = new Script().establish();
    script.give({ kind: 'accepted', connection: 2 });
    const restart = { restarting: true, forwarding: [] };
    const actions = script.give({ kind: 'received', connection: 2, bytes: peerOpenBytes({ restart }) });
    expect(actions.find(({ kind }) => kind === 'down')).toMatchObject({
      reason: { kind: 'connection-replaced' },
    });
    expect(describeActions(actions)).not.toContain('send NOTIFICATION 6/7');
    script.receive(2, KEEPALIVE);
    expect(script.peer.connection).toBe(2);
  });

  test('two attempts after one restart, both with the R bit, are an ordinary collision', () => {
    const restart = { restarting: true, forwarding: [] };
    const script = new Script().establish({ restart });
    script.now = 100;
    script.give({ kind: 'accepted', connection: 2 });
    expect(script.receive(2, peerOpenBytes({ restart }))).toContain('send NOTIFICATION 6/7');
    expect(script.peer.connection).toBe(1);
  });

  test('replaces a session older than a collision can be', () => {
    const script = new Script().establish();
    script.now = 6000;
    script.give({ kind: 'accepted', connection: 2 });
    expect(script.receive(2, peerOpenBytes(), KEEPALIVE)).toContain('established');
    expect(script.peer.connection).toBe(2);
  });

  test('a late attempt of a peer that has just accepted ours is an ordinary collision', () => {
    const script = new Script().establish();
    script.now = 100;
    script.give({ kind: 'accepted', connection: 2 });
    expect(script.receive(2, peerOpenBytes())).toContain('send NOTIFICATION 6/7');
    expect(script.peer.connection).toBe(1);
  });
});

describe('timers of an established session', () => {
  test('RFC 4271 §4.4: what was sent puts the next KEEPALIVE off', () => {
    const script = new Script().establish();
    expect(script.timer()).toContain('send KEEPALIVE');
    script.peer.noteSent(20_000);
    expect(script.timer()).not.toContain('send KEEPALIVE');
    expect(script.timer()).toContain('send KEEPALIVE');
    expect(script.now).toBe(50_000);
  });

  test('a new configuration counts from the next OPEN on', () => {
    const script = new Script().establish();
    script.peer.configure({ ...CONFIG, holdTimeSeconds: 9 });
    expect(script.peer.negotiated?.holdTimeSeconds).toBe(90);
    script.give({ kind: 'closed', connection: 1 });
    script.timer();
    script.give({ kind: 'connected', connection: 3 });
    script.receive(3, peerOpenBytes(), KEEPALIVE);
    expect(script.peer.negotiated?.holdTimeSeconds).toBe(9);
  });
});
