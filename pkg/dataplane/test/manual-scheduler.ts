/**
 * A scheduler whose time stands still until the test moves it.
 */
import type { Scheduler } from '../src/scheduler.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

const turnLimit = 10_000;

/** Virtual time. Turns of the event loop run in `settle`, timers in `advance`. */
export class ManualScheduler implements Scheduler {
  readonly #soon = new Set<() => void>();
  readonly #timers = new Set<Timer>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  soon(run: () => void): () => void {
    this.#soon.add(run);
    return () => this.#soon.delete(run);
  }

  /** Runs turn after turn until nothing is left to do now; answers how many. Throws when it never ends. */
  async settle(): Promise<number> {
    for (let turns = 0; turns < turnLimit; turns += 1) {
      // The fake kernel announces in microtasks.
      await Promise.resolve();
      const [run] = this.#soon;
      if (run === undefined) return turns;
      this.#soon.delete(run);
      run();
    }
    throw new Error(`the loop did not come to rest in ${turnLimit} turns`);
  }

  /** Lets time pass, timer by timer. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await this.settle();
    }
    this.#now = end;
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)[0];
  }
}
