/**
 * Time and the event loop as an argument, so that tests decide what happens when.
 */

/** Node takes more for one millisecond. Whoever waits for longer than 24 days may be called before. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the loops of this package need of their surroundings. */
export interface Scheduler {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** Calls once after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, run: () => void): () => void;
  /** Calls once when the input at hand has been taken in, unless the returned function is called before. */
  soon(run: () => void): () => void;
}

/** The real clock and the real event loop. */
export const systemScheduler: Scheduler = {
  now: () => performance.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, Math.min(milliseconds, MAX_TIMER_MS));
    return () => clearTimeout(timer);
  },
  soon(run) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  },
};
