/**
 * Tells a mass withdrawal from the coming and going of every day: more than half of more than 100 routes gone within a few
 * seconds is held until somebody says what it is. No clock and no I/O: time is an argument.
 *
 *     routes gone ──▶ judge ──▶ few, or of few: apply
 *                          └──▶ many: hold, and take back those that went just before ──▶ accept: apply
 *                                                                                     ├─▶ reject: keep
 *                                                                                     └─▶ they come back: over
 */
import type { Prefix } from '@weft/ip';

/** Withdrawals this close together are one. */
export const FUSE_WINDOW_MILLISECONDS = 3_000;

/** What counts as too many: more than `percent` of more than `routes`. 100 percent is never reached: no fuse. */
export interface FuseLimits {
  readonly percent: number;
  readonly routes: number;
}

/** A route that is gone, and who took it away. */
export interface Withdrawal<Item> {
  readonly prefix: Prefix;
  /** What it takes to have the route again. */
  readonly item: Item;
  /** Counted and shown: `peer 10.0.0.2`, `the datastore`. */
  readonly cause: string;
}

/** What is to become of each; `hold` may name routes that were applied a moment ago and are to be had again. */
export interface Verdict<Item> {
  readonly apply: readonly Withdrawal<Item>[];
  readonly hold: readonly Withdrawal<Item>[];
}

/** A mass withdrawal that waits for a word, or was refused one. */
export interface HeldWithdrawal {
  /** When the fuse went, on the clock of the caller's `now`. */
  readonly since: number;
  /** Routes held now. */
  readonly prefixes: readonly Prefix[];
  /** How many routes there were before. */
  readonly of: number;
  /** Routes held now, by cause, the most first. */
  readonly causes: readonly { readonly cause: string; readonly routes: number }[];
  /** Somebody said that these routes stay. */
  readonly rejected: boolean;
}

/** True when `gone` of `before` routes are a mass withdrawal. */
export function isTooMany(gone: number, before: number, { percent, routes }: FuseLimits): boolean {
  return before > routes && gone * 100 > before * percent;
}

/** The fuse of one kind of routes. */
export class Fuse<Item> {
  readonly #limits: FuseLimits;
  readonly #held = new Map<Prefix, Withdrawal<Item>>();
  /** Gone within the window, held ones included. */
  readonly #recent = new Map<Prefix, { readonly withdrawal: Withdrawal<Item>; readonly at: number }>();
  #since = 0;
  #of = 0;
  #rejected = false;

  constructor(limits: FuseLimits) {
    this.#limits = limits;
  }

  /**
   * Judges routes that went together.
   *
   * @param left how many routes of this kind are there without them; held ones do not count
   * @param now milliseconds on any clock that does not jump
   */
  judge(withdrawals: readonly Withdrawal<Item>[], left: number, now: number): Verdict<Item> {
    for (const [prefix, { at }] of this.#recent)
      if (now - at >= FUSE_WINDOW_MILLISECONDS) this.#recent.delete(prefix);
    for (const withdrawal of withdrawals) this.#recent.set(withdrawal.prefix, { withdrawal, at: now });
    const before = left + this.#recent.size;
    if (!isTooMany(this.#recent.size, before, this.#limits)) return { apply: withdrawals, hold: [] };
    const hold = [...this.#recent.values()]
      .map(({ withdrawal }) => withdrawal)
      .filter(({ prefix }) => !this.#held.has(prefix));
    if (this.#held.size === 0) {
      this.#since = now;
      this.#rejected = false;
    }
    this.#of = Math.max(before, this.#held.size === 0 ? 0 : this.#of);
    for (const withdrawal of hold) this.#held.set(withdrawal.prefix, withdrawal);
    return { apply: [], hold };
  }

  /** The route is there again, or is no business of this fuse any more. True when it was held. */
  forget(prefix: Prefix): boolean {
    this.#recent.delete(prefix);
    return this.#held.delete(prefix);
  }

  /** The routes are to go after all: gives them up to the caller. */
  accept(): Withdrawal<Item>[] {
    const withdrawn = [...this.#held.values()];
    this.#held.clear();
    this.#recent.clear();
    return withdrawn;
  }

  /** The routes stay until they are announced again, or accepted after all. */
  reject(): void {
    this.#rejected = this.#held.size > 0;
  }

  /** The routes that are held. */
  withdrawals(): Iterable<Withdrawal<Item>> {
    return this.#held.values();
  }

  /** How many routes are held. */
  get size(): number {
    return this.#held.size;
  }

  /** What is held; undefined when nothing is. */
  get held(): HeldWithdrawal | undefined {
    if (this.#held.size === 0) return undefined;
    const counts = new Map<string, number>();
    for (const { cause } of this.#held.values()) counts.set(cause, (counts.get(cause) ?? 0) + 1);
    return {
      since: this.#since,
      prefixes: [...this.#held.keys()],
      of: this.#of,
      causes: [...counts]
        .map(([cause, routes]) => ({ cause, routes }))
        .sort((left, right) => right.routes - left.routes || (left.cause < right.cause ? -1 : 1)),
      rejected: this.#rejected,
    };
  }
}
