/**
 * Slots with a time. Pure: time is an argument.
 */
import type { SlotKey } from './route-table.ts';

/** A time for each of some slots. */
export class Deadlines {
  readonly #times = new Map<SlotKey, number>();

  /** Sets the time of a slot. */
  set(key: SlotKey, milliseconds: number): void {
    this.#times.set(key, milliseconds);
  }

  /** Forgets a slot. */
  delete(key: SlotKey): void {
    this.#times.delete(key);
  }

  /** True while the slot's time is yet to come. */
  isBefore(key: SlotKey, now: number): boolean {
    return (this.#times.get(key) ?? now) > now;
  }

  /** The slots whose time has come. */
  due(now: number): SlotKey[] {
    return [...this.#times].filter(([, time]) => time <= now).map(([key]) => key);
  }

  /** The earliest time after `now`; undefined when there is none. */
  nextAt(now: number): number | undefined {
    let next: number | undefined;
    for (const time of this.#times.values())
      if (time > now && (next === undefined || time < next)) next = time;
    return next;
  }
}
