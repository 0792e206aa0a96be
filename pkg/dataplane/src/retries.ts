/**
 * What failed, how often, and when it is worth another try. Pure: time is an argument.
 */
import { Deadlines } from './deadlines.ts';
import type { SlotKey } from './route-table.ts';

/** Why a slot is not as it should be. */
export interface Failure {
  /** By name, `ENETUNREACH`; `ECONTENDED` when the kernel takes the route and somebody keeps changing it. */
  readonly errno: string;
  /** What happened, to which route, and what to do. */
  readonly reason: string;
  readonly attempts: number;
}

const firstDelayMilliseconds = 100;
const longestDelayMilliseconds = 10_000;

/** Failures by slot, with a delay that doubles from 100 ms to 10 s. Holds at most one entry for each slot that differs. */
export class Retries {
  readonly #failures = new Map<SlotKey, Failure>();
  readonly #deadlines = new Deadlines();

  /** How many slots are failing. */
  get size(): number {
    return this.#failures.size;
  }

  /** Notes a failure and sets the time of the next try. */
  failed(key: SlotKey, errno: string, reason: string, now: number): Failure {
    const attempts = (this.#failures.get(key)?.attempts ?? 0) + 1;
    const failure = { errno, reason, attempts };
    this.#failures.set(key, failure);
    this.#deadlines.set(
      key,
      now + Math.min(longestDelayMilliseconds, firstDelayMilliseconds * 2 ** (attempts - 1)),
    );
    return failure;
  }

  /** The last failure of a slot. */
  get(key: SlotKey): Failure | undefined {
    return this.#failures.get(key);
  }

  /** Forgets a slot: it is as it should be, or nobody wants it. */
  clear(key: SlotKey): void {
    this.#failures.delete(key);
    this.#deadlines.delete(key);
  }

  /** The slots whose time has come. They stay noted, so that the delay grows if they fail again. */
  due(now: number): SlotKey[] {
    return this.#deadlines.due(now);
  }

  /** The earliest time after `now` that a slot waits for. */
  nextAt(now: number): number | undefined {
    return this.#deadlines.nextAt(now);
  }

  /** All failing slots. */
  *entries(): Generator<readonly [SlotKey, Failure]> {
    yield* this.#failures;
  }
}
