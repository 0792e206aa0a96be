import { describe, expect, it } from 'vitest';
import { runsOf } from './runs.ts';

/** A stream that gives what it is given, and knows whether it was left. */
function stream() {
  const waiting: (() => void)[] = [];
  const items: (number | Error)[] = [];
  const state = { ended: false, left: false };
  const wake = (): void => {
    for (const resume of waiting.splice(0)) resume();
  };
  return {
    state,
    give: (...more: (number | Error)[]) => {
      items.push(...more);
      wake();
    },
    end: () => {
      state.ended = true;
      wake();
    },
    open: async function* (signal: AbortSignal): AsyncGenerator<number> {
      signal.addEventListener('abort', wake);
      try {
        while (!signal.aborted) {
          const next = items.shift();
          if (next instanceof Error) throw next;
          if (next !== undefined) yield next;
          else if (state.ended) return;
          else await new Promise<void>((resolve) => waiting.push(resolve));
        }
      } finally {
        state.left = true;
      }
    },
  };
}

const never = new AbortController().signal;
const always = (): boolean => true;

describe('the runs of a stream', () => {
  it('are what was there at once, in order and none longer than allowed', async () => {
    const source = stream();
    source.give(1, 2, 3, 4, 5);
    const runs = runsOf(source.open, never, always, 3);
    expect((await runs.next()).value).toEqual([1, 2, 3]);
    expect((await runs.next()).value).toEqual([4, 5]);
    const later = runs.next();
    source.give(6);
    expect((await later).value).toEqual([6]);
    source.end();
    expect((await runs.next()).done).toBe(true);
  });

  it('are single items, each at once, until one begins a run', async () => {
    const source = stream();
    source.give(1, 2, 10, 3, 4);
    const runs = runsOf(source.open, never, (item) => item >= 10, 9);
    expect((await runs.next()).value).toEqual([1]);
    expect((await runs.next()).value).toEqual([2]);
    expect((await runs.next()).value).toEqual([10, 3, 4]);
    await runs.return();
  });

  it('fail as the stream does, though nobody waited for it then', async () => {
    const source = stream();
    source.give(1);
    const runs = runsOf(source.open, never, always, 3);
    expect((await runs.next()).value).toEqual([1]);
    source.give(new Error('broken'));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(runs.next()).rejects.toThrow('broken');
  });

  it('leave the stream when they are left, though it has nothing to give', async () => {
    const source = stream();
    source.give(1);
    for await (const run of runsOf(source.open, never, always, 3)) {
      expect(run).toEqual([1]);
      break;
    }
    expect(source.state.left).toBe(true);
  });

  it('end when the signal says so', async () => {
    const source = stream();
    const stop = new AbortController();
    const runs = runsOf(source.open, stop.signal, always, 3);
    const next = runs.next();
    stop.abort();
    expect((await next).done).toBe(true);
    expect(source.state.left).toBe(true);
  });
});
