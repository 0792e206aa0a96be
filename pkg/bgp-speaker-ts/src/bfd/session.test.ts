/** States: what each received state does in each of ours, and how a session ends. */

import { describe, expect, test } from 'vitest';
import { BFD_STATES, type BfdState, Diagnostic } from './iana.ts';
import { DrivenSession, OURS, THEIRS } from './test/driven-session.ts';

/** RFC 5880 §6.2, §6.8.6: every state of ours, every state received, the state that follows. */
const EXHAUSTIVE: readonly (readonly [BfdState, BfdState, BfdState])[] = [
  ['AdminDown', 'AdminDown', 'AdminDown'],
  ['AdminDown', 'Down', 'AdminDown'],
  ['AdminDown', 'Init', 'AdminDown'],
  ['AdminDown', 'Up', 'AdminDown'],
  ['Down', 'AdminDown', 'Down'],
  ['Down', 'Down', 'Init'],
  ['Down', 'Init', 'Up'],
  ['Down', 'Up', 'Down'],
  ['Init', 'AdminDown', 'Down'],
  ['Init', 'Down', 'Init'],
  ['Init', 'Init', 'Up'],
  ['Init', 'Up', 'Up'],
  ['Up', 'AdminDown', 'Down'],
  ['Up', 'Down', 'Down'],
  ['Up', 'Init', 'Up'],
  ['Up', 'Up', 'Up'],
];

function reached(state: BfdState): DrivenSession {
  const driven = new DrivenSession();
  driven.reach(state);
  expect(driven.session.state).toBe(state);
  return driven;
}

describe('RFC 5880 §6.2: the state machine', () => {
  test('the table is exhaustive', () => {
    const pairs = new Set(EXHAUSTIVE.map(([own, received]) => `${own} ${received}`));
    expect(pairs.size).toBe(BFD_STATES.length ** 2);
  });

  test.each(EXHAUSTIVE)('in %s, %s received: %s', (own, received, next) => {
    const driven = reached(own);
    driven.receive(received);
    expect(driven.session.state).toBe(next);
  });

  test.each(EXHAUSTIVE.filter(([own, , next]) => own !== next))(
    'in %s, %s received: %s is told at once',
    (own, received, next) => {
      const driven = reached(own);
      const before = driven.sent.length;
      driven.receive(received);
      expect(driven.sent.slice(before)).toMatchObject([{ state: next, yourDiscriminator: THEIRS }]);
      expect(driven.statuses.at(-1)).toMatchObject({ state: next, remoteState: received });
    },
  );

  test.each([
    ['Init', 'AdminDown'],
    ['Up', 'AdminDown'],
    ['Up', 'Down'],
  ] as const)('in %s, %s received: the diagnostic says who ended it', (own, received) => {
    const driven = reached(own);
    driven.receive(received);
    expect(driven.last?.diagnostic).toBe(Diagnostic.neighborSignaledDown);
  });

  test.each([
    ['Down', 'Down'],
    ['Init', 'Down'],
    ['Up', 'Down'],
    ['AdminDown', 'AdminDown'],
  ] as const)('in %s, a silent peer: %s', (own, next) => {
    const driven = reached(own);
    driven.advance(10_000);
    expect(driven.session.state).toBe(next);
  });
});

describe('RFC 5880 §6.8.4: a silent peer', () => {
  test('takes the session down, which says so, and is forgotten (§6.8.1)', () => {
    const driven = new DrivenSession();
    driven.reachSteadyUp();
    driven.advance(599);
    expect(driven.session.state).toBe('Up');
    driven.advance(2);
    expect(driven.session.state).toBe('Down');
    expect(driven.last).toMatchObject({
      state: 'Down',
      diagnostic: Diagnostic.detectionTimeExpired,
      yourDiscriminator: 0,
      poll: false,
    });
    expect(driven.session.status).toMatchObject({ remoteState: 'Down', detectionTimeMs: undefined });
  });

  test('is forgotten in Down too', () => {
    const driven = new DrivenSession();
    driven.reach('Down');
    driven.receive('Up');
    expect(driven.advance(1)[0]).toBeUndefined();
    driven.advance(600);
    expect(driven.advance(1500).at(-1)).toMatchObject({ yourDiscriminator: 0 });
  });

  test('the diagnostic stays until the session is Up again', () => {
    const driven = new DrivenSession();
    driven.reachSteadyUp();
    driven.advance(700);
    driven.receive('Down', { yourDiscriminator: 0 });
    expect(driven.last).toMatchObject({ state: 'Init', diagnostic: Diagnostic.detectionTimeExpired });
    driven.receive('Init');
    expect(driven.last).toMatchObject({ state: 'Up', diagnostic: Diagnostic.none });
  });

  test('packets that waited count before the timer when they are handed in first', () => {
    const driven = new DrivenSession();
    driven.reachSteadyUp();
    driven.now += 5000;
    driven.receive('Up');
    driven.session.handleTimers(driven.now);
    expect(driven.session.state).toBe('Up');
  });
});

describe('RFC 5880 §6.8.16: disabled', () => {
  test('it says AdminDown at once and goes on saying it, slowly', () => {
    const driven = new DrivenSession();
    driven.reachSteadyUp();
    driven.session.disable(driven.now);
    expect(driven.last).toMatchObject({
      state: 'AdminDown',
      diagnostic: Diagnostic.administrativelyDown,
      desiredMinTxMicroseconds: 1_000_000,
    });
    expect(driven.advance(2500).length).toBeGreaterThanOrEqual(2);
  });

  test('it answers nothing, not even a Poll', () => {
    const driven = reached('AdminDown');
    const before = driven.sent.length;
    driven.receive('Up', { poll: true });
    expect(driven.sent.length).toBe(before);
  });
});

test('the status is told once per change, not per packet', () => {
  const driven = new DrivenSession();
  driven.reachSteadyUp();
  const before = driven.statuses.length;
  driven.advanceWithPeer(2000, 'Up');
  expect(driven.statuses.length).toBe(before);
  expect(driven.session.status).toEqual({
    state: 'Up',
    diagnostic: Diagnostic.none,
    remoteState: 'Up',
    remoteDiagnostic: 0,
    remoteControlPlaneIndependent: false,
    transmitIntervalMs: 100,
    receiveIntervalMs: 200,
    detectionTimeMs: 600,
  });
  expect(driven.session.discriminator).toBe(OURS);
});
