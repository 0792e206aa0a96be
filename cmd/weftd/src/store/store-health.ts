/**
 * Whether the datastore answers, since when it does not, and what the log says of it: one line when it goes away, one now
 * and then while it is, one when it is back.
 */
import type { DatastoreError } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import type { StoreLocation } from './location.ts';

/** The datastore does not answer, or does not let us in. */
export interface Away {
  readonly since: Date;
  readonly error: DatastoreError;
}

const FIRST_REMINDER_MS = 5_000;
const LONGEST_REMINDER_MS = 60_000;

/** Hears of failures and of answers. */
export class StoreHealth {
  readonly #location: StoreLocation;
  readonly #log: Logger;
  readonly #now: () => number;
  #away: Away | undefined;
  #nextLineAt = 0;
  #pauseMs = FIRST_REMINDER_MS;

  /** @param now milliseconds since the epoch */
  constructor(location: StoreLocation, log: Logger, now: () => number = Date.now) {
    this.#location = location;
    this.#log = log;
    this.#now = now;
  }

  /** Undefined while it answers. */
  get away(): Away | undefined {
    return this.#away;
  }

  /** An operation or a watch failed. Only `unavailable` means that the store is away. */
  failed(error: DatastoreError): void {
    if (error.code !== 'unavailable') return;
    const isNews = this.#away?.error.message !== error.message;
    if (this.#away === undefined) this.#pauseMs = FIRST_REMINDER_MS;
    this.#away = { since: this.#away?.since ?? new Date(this.#now()), error };
    if (!isNews && this.#now() < this.#nextLineAt) return;
    this.#nextLineAt = this.#now() + this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_REMINDER_MS, this.#pauseMs * 2);
    this.#log.error('datastore-away', error.message, {
      ...this.#location,
      since: this.#away.since.toISOString(),
      hint: 'weftd tries again by itself; pods and routes stay as they are, new pods cannot be attached',
    });
  }

  /** Everything that is watched is up to date. */
  answered(): void {
    if (this.#away === undefined) return;
    const awaySeconds = Math.round((this.#now() - this.#away.since.getTime()) / 1000);
    this.#away = undefined;
    this.#log.info('datastore-back', 'the datastore answers again', { ...this.#location, awaySeconds });
  }

  /** One sentence for status and readiness; undefined while it answers. */
  describe(): string | undefined {
    if (this.#away === undefined) return undefined;
    const { type, location } = this.#location;
    const { since, error } = this.#away;
    return `the datastore (${type} ${location}) is away since ${since.toISOString()}: ${error.message}`;
  }
}
