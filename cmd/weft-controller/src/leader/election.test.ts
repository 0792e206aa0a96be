import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Attempt,
  DEFAULT_TIMING,
  decide,
  type ElectionState,
  type LeaseRecord,
  lost,
  mayAct,
  NOTHING_SEEN,
  observe,
  released,
  won,
} from './election.ts';

const WALL = '2026-11-21T10:00:00.000000Z';
const theirs: LeaseRecord = { holder: 'b', durationSeconds: 15, renewTime: 'then', transitions: 3 };
const verdict = (state: ElectionState, now: number): Attempt => decide(state, 'a', now, WALL, DEFAULT_TIMING);

describe('a candidate', () => {
  it.each<[string, LeaseRecord | undefined, number, object]>([
    [
      'makes a Lease that is missing',
      undefined,
      0,
      { why: 'missing', record: { holder: 'a', transitions: 0 } },
    ],
    ['takes one that was given back', released(theirs), 0, { why: 'free', record: { transitions: 4 } }],
    ['waits while somebody may hold it', theirs, 14_999, { kind: 'wait', holder: 'b' }],
    [
      'takes one that was not renewed',
      theirs,
      15_000,
      { why: 'expired', record: { holder: 'a', transitions: 4 } },
    ],
    ['waits as long as the holder said', { ...theirs, durationSeconds: 60 }, 59_999, { kind: 'wait' }],
    [
      'renews its own',
      { ...theirs, holder: 'a', acquireTime: 'x' },
      0,
      { why: 'mine', record: { acquireTime: 'x', transitions: 3 } },
    ],
  ])('%s', (_, record, age, expected) => {
    const state = observe(NOTHING_SEEN, record, 1_000_000);
    expect(verdict(state, 1_000_000 + age)).toMatchObject(expected);
  });

  it('counts from when it saw the Lease change, whatever times stand in it', () => {
    const first = observe(NOTHING_SEEN, theirs, 0);
    const same = observe(first, { ...theirs }, 14_000);
    expect(verdict(same, 15_000).kind).toBe('write');
    const renewed = observe(first, { ...theirs, renewTime: 'in the year 1970' }, 14_000);
    expect(verdict(renewed, 28_999)).toEqual({ kind: 'wait', holder: 'b' });
  });

  it('acts for ten seconds from before it sent its renewal, and not once it has lost', () => {
    const leads = won({ ...theirs, holder: 'a' }, 1_000);
    expect([10_999, 11_000].map((now) => mayAct(leads, now, DEFAULT_TIMING))).toEqual([true, false]);
    expect(mayAct(lost(leads), 1_001, DEFAULT_TIMING)).toBe(false);
    expect(mayAct(observe(NOTHING_SEEN, { ...theirs, holder: 'a' }, 0), 0, DEFAULT_TIMING)).toBe(false);
  });
});

/** What may happen to an attempt: when, by whom, and how slow or broken the way to the server is. */
const attempts = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: 2 }),
    afterMs: fc.integer({ min: 0, max: 6_000 }),
    readMs: fc.integer({ min: 0, max: 3_000 }),
    writeMs: fc.integer({ min: 0, max: 3_000 }),
    fails: fc.constantFrom('no', 'no', 'no', 'read', 'write', 'answer'),
  }),
  { minLength: 20, maxLength: 120 },
);
/** Clocks that are anywhere, and run up to a fifth too fast or too slow. */
const clocks = fc.array(
  fc.record({
    offset: fc.integer({ min: -1e9, max: 1e9 }),
    rate: fc.double({ min: 0.9, max: 1.1, noNaN: true }),
  }),
  {
    minLength: 3,
    maxLength: 3,
  },
);

describe('several candidates with clocks of their own and a bad network', () => {
  it('never act two at a time', () => {
    fc.assert(
      fc.property(attempts, clocks, (steps, watches) => {
        const reachable = simulate(steps, watches);
        expect(reachable.worst).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('come to a leader as soon as the network lets them', () => {
    const calm = { afterMs: 2_000, readMs: 5, writeMs: 5, fails: 'no' } as const;
    const steps = [0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1].map((who) => ({ ...calm, who }));
    expect(
      simulate(
        steps,
        [0, 1, 2].map(() => ({ offset: 0, rate: 1 })),
      ).leaders,
    ).toEqual(['0', '1']);
  });
});

type Step = { who: number; afterMs: number; readMs: number; writeMs: number; fails: string };

/** Runs the attempts one after the other; each sees the Lease as it is when its request arrives. */
function simulate(steps: readonly Step[], watches: readonly { offset: number; rate: number }[]) {
  const states = watches.map(() => NOTHING_SEEN);
  const leaders: string[] = [];
  let lease: { record: LeaseRecord; revision: number } | undefined;
  let time = 0;
  let worst = 0;
  const clock = (who: number): number => {
    const { offset, rate } = watches[who] as { offset: number; rate: number };
    return offset + time * rate;
  };
  const pass = (ms: number): void => {
    for (const until = time + ms; time < until; time = Math.min(until, time + 250)) count();
    count();
  };
  const count = (): void => {
    const acting = states.filter((state, who) => mayAct(state, clock(who), DEFAULT_TIMING));
    worst = Math.max(worst, acting.length);
  };
  for (const { who, afterMs, readMs, writeMs, fails } of steps) {
    pass(afterMs);
    const read = lease;
    pass(readMs);
    if (fails === 'read') continue;
    states[who] = observe(states[who] as ElectionState, read?.record, clock(who));
    const attempt = decide(states[who], String(who), clock(who), `${time}`, DEFAULT_TIMING);
    if (attempt.kind === 'wait') {
      states[who] = lost(states[who]);
      continue;
    }
    const sentAt = clock(who);
    pass(writeMs);
    if (fails === 'write' || lease?.revision !== read?.revision) continue;
    lease = { record: attempt.record, revision: (lease?.revision ?? 0) + 1 };
    pass(writeMs);
    if (fails === 'answer') continue;
    states[who] = won(attempt.record, sentAt);
    if (leaders.at(-1) !== String(who)) leaders.push(String(who));
  }
  return { worst, leaders };
}
