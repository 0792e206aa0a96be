/**
 * What is to happen when, in virtual time: first by time, then in the order in which it was said.
 */

/** What happens at a moment. */
export type Happening = () => void;

/** Moments to come. Those of one time are taken together: much happens at once where links are alike. */
export class Timeline {
  readonly #moments = new Map<number, Happening[]>();
  /** A binary heap of the times in `#moments`. */
  readonly #times: number[] = [];

  /** The next time at which something happens, in ms; Infinity when nothing does. */
  get next(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Adds something to a time, in ms. */
  add(at: number, happening: Happening): void {
    const moment = this.#moments.get(at);
    if (moment !== undefined) {
      moment.push(happening);
      return;
    }
    this.#moments.set(at, [happening]);
    this.#insert(at);
  }

  /** Takes all of the next time. */
  take(): readonly Happening[] {
    const { next } = this;
    const moment = this.#moments.get(next) ?? [];
    this.#moments.delete(next);
    this.#removeFirst();
    return moment;
  }

  #insert(time: number): void {
    const times = this.#times;
    let at = times.push(time) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= time) break;
      times[at] = times[parent] as number;
      at = parent;
    }
    times[at] = time;
  }

  #removeFirst(): void {
    const times = this.#times;
    const last = times.pop();
    if (last === undefined || times.length === 0) return;
    let at = 0;
    for (let child = 1; child < times.length; child = 2 * at + 1) {
      const right = times[child + 1] ?? Number.POSITIVE_INFINITY;
      if (right < (times[child] as number)) child += 1;
      if ((times[child] as number) >= last) break;
      times[at] = times[child] as number;
      at = child;
    }
    times[at] = last;
  }
}
