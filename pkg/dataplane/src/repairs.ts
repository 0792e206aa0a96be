/**
 * Slots that somebody else disturbed, and how often lately: a route that is changed as fast as it is repaired must not
 * keep the daemon busy. Pure: time is an argument.
 */
import type { SlotKey } from './route-table.ts';

const windowMilliseconds = 1_000;

/** How often one route is repaired within a second before it is left alone for a while. */
export const REPAIRS_PER_SECOND = 200;

/** Counts disturbances by slot, in windows of one second. */
export class Repairs {
  readonly #awaiting = new Set<SlotKey>();
  readonly #counts = new Map<SlotKey, number>();
  #windowStart = 0;

  /** A slot that was right is right no more. */
  disturbed(key: SlotKey, now: number): void {
    this.#turn(now);
    this.#awaiting.add(key);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** True when the slot was disturbed too often in this second. */
  isExhausted(key: SlotKey, now: number): boolean {
    this.#turn(now);
    return (this.#counts.get(key) ?? 0) > REPAIRS_PER_SECOND;
  }

  /** True when what was written to the slot now mends a disturbance. */
  repaired(key: SlotKey): boolean {
    return this.#awaiting.delete(key);
  }

  #turn(now: number): void {
    if (now - this.#windowStart < windowMilliseconds) return;
    this.#windowStart = now;
    this.#counts.clear();
  }
}
