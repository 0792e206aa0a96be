import { type Prefix, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { FUSE_WINDOW_MILLISECONDS, Fuse, type Withdrawal } from './fuse.ts';

const LIMITS = { percent: 50, routes: 100 };

/** Withdrawals of so many routes, from the one with this number on. */
function routes(count: number, first = 0, cause = 'peer 10.0.0.2'): Withdrawal<string>[] {
  return Array.from({ length: count }, (_, index) => {
    const number = first + index;
    const name = prefix(`10.${number >> 8}.${number & 255}.0/24`);
    return { prefix: name, item: `route ${number}`, cause };
  });
}

const prefixes = (withdrawals: readonly Withdrawal<string>[]): Prefix[] =>
  withdrawals.map((withdrawal) => withdrawal.prefix);

describe('a fuse for more than 50 % of more than 100 routes', () => {
  it.each([
    { of: 100, gone: 100, held: 0, why: 'there are not more than 100' },
    { of: 101, gone: 101, held: 101, why: 'all of 101 go' },
    { of: 200, gone: 100, held: 0, why: 'half is not more than half' },
    { of: 200, gone: 101, held: 101, why: 'one more than half goes' },
    { of: 10_000, gone: 500, held: 0, why: 'many go, of many more' },
  ])('holds $held of $gone withdrawn of $of routes: $why', ({ of, gone, held }) => {
    const fuse = new Fuse<string>(LIMITS);
    const verdict = fuse.judge(routes(gone), of - gone, 0);
    expect(verdict.hold).toHaveLength(held);
    expect(verdict.apply).toHaveLength(gone - held);
    expect(fuse.held?.prefixes.length ?? 0).toBe(held);
  });

  it('takes back what went just before, when the withdrawal comes in pieces', () => {
    const fuse = new Fuse<string>(LIMITS);
    expect(fuse.judge(routes(60), 60, 0).apply).toHaveLength(60);
    const { apply, hold } = fuse.judge(routes(10, 60), 50, FUSE_WINDOW_MILLISECONDS - 1);
    expect(apply).toEqual([]);
    expect(prefixes(hold)).toEqual(prefixes(routes(70)));
    expect(fuse.held).toMatchObject({ of: 120, since: FUSE_WINDOW_MILLISECONDS - 1 });
  });

  it('takes withdrawals further apart for the coming and going of every day', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge(routes(60), 60, 0);
    expect(fuse.judge(routes(10, 60), 50, FUSE_WINDOW_MILLISECONDS).apply).toHaveLength(10);
  });

  it('does not count routes that came back', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge(routes(60), 60, 0);
    for (const name of prefixes(routes(60))) expect(fuse.forget(name)).toBe(false);
    expect(fuse.judge(routes(60), 60, 1).apply).toHaveLength(60);
  });

  it('holds what goes after it went, too', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge(routes(100), 50, 0);
    expect(fuse.judge(routes(40, 100), 10, 1).hold).toHaveLength(40);
    expect(fuse.held).toMatchObject({ of: 150, since: 0 });
    expect(fuse.held?.prefixes).toHaveLength(140);
  });

  it('names the causes, the one with the most routes first', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge([...routes(40), ...routes(80, 40, 'peer 10.0.0.3')], 0, 0);
    expect(fuse.held?.causes).toEqual([
      { cause: 'peer 10.0.0.3', routes: 80 },
      { cause: 'peer 10.0.0.2', routes: 40 },
    ]);
  });

  it('is as new when all of it is accepted, and when all of it came back', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge(routes(120), 0, 0);
    expect(prefixes(fuse.accept())).toEqual(prefixes(routes(120)));
    expect(fuse.held).toBeUndefined();
    fuse.judge(routes(120), 0, 1);
    for (const name of prefixes(routes(120))) expect(fuse.forget(name)).toBe(true);
    expect(fuse.held).toBeUndefined();
  });

  it('forgets a rejection when another withdrawal is held', () => {
    const fuse = new Fuse<string>(LIMITS);
    fuse.judge(routes(120), 0, 0);
    fuse.reject();
    expect(fuse.held?.rejected).toBe(true);
    for (const name of prefixes(routes(120))) fuse.forget(name);
    fuse.judge(routes(120), 0, 10);
    expect(fuse.held).toMatchObject({ rejected: false, since: 10 });
  });

  it('never goes at 100 percent', () => {
    const fuse = new Fuse<string>({ percent: 100, routes: 100 });
    expect(fuse.judge(routes(1000), 0, 0).apply).toHaveLength(1000);
  });
});
