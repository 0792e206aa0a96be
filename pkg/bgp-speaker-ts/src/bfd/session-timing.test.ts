/** Intervals: their negotiation, Poll Sequences, jitter, and when nothing is sent at all. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../fsm/random.ts';
import { DrivenSession, gapsOf, TIMERS } from './test/driven-session.ts';

function steadyUp(timers = TIMERS): DrivenSession {
  const driven = new DrivenSession(timers);
  driven.reachSteadyUp();
  return driven;
}

/** Longest and shortest time between packets while the peer is there. */
function paceOf(driven: DrivenSession, more: Parameters<DrivenSession['receive']>[1] = {}): [number, number] {
  driven.advanceWithPeer(2000, driven.session.status.remoteState, more);
  const gaps = gapsOf(driven.advanceWithPeer(60_000, driven.session.status.remoteState, more));
  return [Math.min(...gaps), Math.max(...gaps)];
}

describe('RFC 5880 §6.8.3: while the session is not Up', () => {
  test('it announces a second and keeps it', () => {
    const driven = new DrivenSession();
    const sent = driven.advance(30_000);
    expect(new Set(sent.map(({ desiredMinTxMicroseconds }) => desiredMinTxMicroseconds))).toEqual(
      new Set([1_000_000]),
    );
    expect(Math.min(...gapsOf(sent))).toBeGreaterThanOrEqual(750);
    expect(Math.max(...gapsOf(sent))).toBeLessThanOrEqual(1000);
  });

  test('a slower configuration stays slower', () => {
    const driven = new DrivenSession({ ...TIMERS, minTransmitIntervalMs: 2000 });
    expect(driven.advance(0)[0]?.desiredMinTxMicroseconds).toBe(2_000_000);
  });

  test('it is fast from Up on, and slow from Down on', () => {
    const driven = new DrivenSession();
    driven.reach('Up');
    expect(driven.last).toMatchObject({ state: 'Up', poll: true, desiredMinTxMicroseconds: 100_000 });
    driven.receive('Down');
    expect(driven.last).toMatchObject({ state: 'Down', desiredMinTxMicroseconds: 1_000_000 });
  });
});

describe('RFC 5880 §6.8.2: the interval is the greater of ours and what the peer takes', () => {
  test.each([
    [100, 50_000, 100],
    [100, 400_000, 400],
  ])('%i ms, the peer takes one in %i µs: %i ms', (ours, theirs, pace) => {
    const driven = steadyUp({ ...TIMERS, minTransmitIntervalMs: ours });
    const [shortest, longest] = paceOf(driven, { requiredMinRxMicroseconds: theirs });
    expect(shortest).toBeGreaterThanOrEqual(pace * 0.75);
    expect(longest).toBeLessThanOrEqual(pace);
  });

  test('a peer that takes more from now on gets it from now on (§6.8.3)', () => {
    const driven = steadyUp();
    driven.receive('Up', { requiredMinRxMicroseconds: 5_000_000 });
    driven.advance(400);
    driven.receive('Up', { requiredMinRxMicroseconds: 50_000 });
    expect(driven.advance(0).length).toBe(1);
  });

  test('a peer that wants none gets none, but answers', () => {
    const driven = steadyUp();
    driven.receive('Up', { requiredMinRxMicroseconds: 0 });
    expect(driven.advanceWithPeer(5000, 'Up', { requiredMinRxMicroseconds: 0 })).toEqual([]);
    driven.receive('Up', { requiredMinRxMicroseconds: 0, poll: true });
    expect(driven.last).toMatchObject({ final: true, at: driven.now });
  });
});

describe('RFC 5880 §6.8.7: jitter', () => {
  test('is 75 to 100 per cent, and to 90 per cent with a multiplier of 1, whatever the dice say', () => {
    const timers = fc.record({
      minTransmitIntervalMs: fc.integer({ min: 60, max: 5000 }),
      minReceiveIntervalMs: fc.constant(10_000),
      multiplier: fc.constantFrom(1, 2, 3, 255),
    });
    fc.assert(
      fc.property(timers, fc.nat(), (wanted, seed) => {
        const driven = new DrivenSession(wanted, createRandom(seed));
        driven.reachSteadyUp();
        const gaps = gapsOf(driven.advanceWithPeer(wanted.minTransmitIntervalMs * 10, 'Up')).slice(1);
        const most = wanted.multiplier === 1 ? 0.9 : 1;
        for (const gap of gaps) {
          expect(gap).toBeGreaterThanOrEqual(wanted.minTransmitIntervalMs * 0.75 - 1e-6);
          expect(gap).toBeLessThanOrEqual(wanted.minTransmitIntervalMs * most + 1e-6);
        }
        expect(gaps.length).toBeGreaterThan(5);
      }),
      { numRuns: 40 },
    );
  });
});

describe('RFC 5880 §6.5: a Poll Sequence', () => {
  test('asks with every packet until the answer comes', () => {
    const driven = new DrivenSession();
    driven.reach('Up');
    const asked = driven.advanceWithPeer(500, 'Up');
    expect(asked.length).toBeGreaterThan(3);
    expect(asked.every(({ poll }) => poll)).toBe(true);
    driven.receive('Up', { final: true });
    expect(driven.advanceWithPeer(500, 'Up').some(({ poll }) => poll)).toBe(false);
  });

  test('is answered at once, without P', () => {
    const driven = new DrivenSession();
    driven.reach('Up');
    driven.receive('Up', { poll: true });
    expect(driven.last).toMatchObject({ final: true, poll: false, at: driven.now });
  });

  test('an answer does not put off the next periodic packet', () => {
    const driven = steadyUp();
    const due = driven.session.nextDeadline;
    driven.advance(20);
    driven.receive('Up', { poll: true });
    expect(driven.session.nextDeadline).toBe(due);
  });

  test('an answer nobody asked for means nothing', () => {
    const driven = steadyUp();
    driven.receive('Up', { final: true });
    expect(driven.session.state).toBe('Up');
  });

  test('intervals that change on the way get a sequence of their own', () => {
    const driven = steadyUp();
    driven.configure({ minTransmitIntervalMs: 400 });
    driven.configure({ minTransmitIntervalMs: 800 });
    driven.receive('Up', { final: true });
    expect(driven.session.status.transmitIntervalMs).toBe(100);
    expect(driven.advanceWithPeer(200, 'Up')[0]).toMatchObject({ poll: true });
    driven.receive('Up', { final: true });
    expect(driven.session.status.transmitIntervalMs).toBe(800);
  });
});

describe('RFC 5880 §6.8.3: other intervals while Up', () => {
  test('are announced at once, with P', () => {
    const driven = steadyUp();
    driven.configure({ minTransmitIntervalMs: 400, minReceiveIntervalMs: 70 });
    expect(driven.last).toMatchObject({
      at: driven.now,
      poll: true,
      desiredMinTxMicroseconds: 400_000,
      requiredMinRxMicroseconds: 70_000,
    });
  });

  test('slower sending waits for the answer', () => {
    const driven = steadyUp();
    driven.configure({ minTransmitIntervalMs: 400 });
    expect(Math.max(...gapsOf(driven.advanceWithPeer(2000, 'Up')))).toBeLessThanOrEqual(100);
    driven.receive('Up', { final: true });
    const [shortest, longest] = paceOf(driven);
    expect([shortest >= 300, longest <= 400]).toEqual([true, true]);
  });

  test('faster sending does not', () => {
    const driven = steadyUp();
    driven.configure({ minTransmitIntervalMs: 60 });
    expect(Math.max(...gapsOf(driven.advanceWithPeer(2000, 'Up')))).toBeLessThanOrEqual(60);
  });

  test('an earlier detection waits for the answer, a later one does not', () => {
    const driven = steadyUp();
    driven.configure({ minReceiveIntervalMs: 60 });
    expect(driven.session.status.detectionTimeMs).toBe(600);
    driven.receive('Up', { final: true });
    expect(driven.session.status.detectionTimeMs).toBe(180);
    driven.configure({ minReceiveIntervalMs: 900 });
    expect(driven.session.status.detectionTimeMs).toBe(2700);
  });

  test('a multiplier needs no answer (§6.8.12)', () => {
    const driven = steadyUp();
    driven.configure({ multiplier: 7 });
    expect(driven.last).toMatchObject({ at: driven.now, detectMultiplier: 7, poll: false });
  });

  test('the same again says nothing', () => {
    const driven = steadyUp();
    const before = driven.sent.length;
    driven.configure({});
    expect(driven.sent.length).toBe(before);
  });
});

describe('RFC 5880 §6.6: a peer in demand mode', () => {
  test('gets periodic packets until both are Up, then only polls and answers', () => {
    const driven = new DrivenSession();
    driven.reach('Down');
    expect(driven.advanceWithPeer(3000, 'AdminDown', { demand: true }).length).toBeGreaterThan(1);
    driven.receive('Init', { demand: true });
    driven.receive('Up', { demand: true, final: true });
    expect(driven.advanceWithPeer(5000, 'Up', { demand: true })).toEqual([]);
    driven.receive('Up', { demand: true, poll: true });
    expect(driven.last).toMatchObject({ final: true });
    driven.configure({ minReceiveIntervalMs: 70 });
    const polls = driven.advanceWithPeer(1000, 'Up', { demand: true });
    expect(polls.length).toBeGreaterThan(5);
    expect(polls.every(({ poll }) => poll)).toBe(true);
    driven.receive('Up', { demand: true, final: true });
    expect(driven.advanceWithPeer(1000, 'Up', { demand: true })).toEqual([]);
  });

  test('is still expected to send', () => {
    const driven = steadyUp();
    driven.receive('Up', { demand: true });
    driven.advance(700);
    expect(driven.session.state).toBe('Down');
  });
});
