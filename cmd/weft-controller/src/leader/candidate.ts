/**
 * One process in the election: asks again and again for the Lease, lets the work run while it leads, and stops it in time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { DatastoreError } from '@weft/datastore';
import type { Logger } from '@weft/telemetry';
import {
  decide,
  type ElectionState,
  type ElectionTiming,
  lost,
  mayAct,
  NOTHING_SEEN,
  observe,
  released,
  won,
} from './election.ts';
import type { LeaseStore } from './lease.ts';

/** What a candidate is made of. */
export interface CandidateOptions {
  /** Unique among all processes there ever were. */
  readonly identity: string;
  readonly lease: LeaseStore;
  readonly timing: ElectionTiming;
  readonly log: Logger;
}

/** The work of a leader: begins, and ends soon after its signal aborts. What it throws ends the candidate. */
export type Work = (signal: AbortSignal) => Promise<void>;

/** How much longer than the time between attempts a candidate may wait, so that several do not ask together. */
const JITTER = 1.2;

/** A candidate. */
export class Candidate {
  readonly #options: CandidateOptions;
  #state: ElectionState = NOTHING_SEEN;
  #work: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #failure: string | undefined;

  constructor(options: CandidateOptions) {
    this.#options = options;
  }

  /** Whether this process may act at this moment; asked before everything it changes. */
  get leads(): boolean {
    return mayAct(this.#state, performance.now(), this.#options.timing);
  }

  /** Who led when the Lease was last read; undefined while that is not known. */
  get leader(): string | undefined {
    return this.#state.seen?.record.holder;
  }

  /** Why the Lease cannot be read or written just now. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Takes part until the signal aborts; then lets the work end, and gives the Lease back. Rejects with what `work` throws. */
  async run(work: Work, signal: AbortSignal): Promise<void> {
    const broken = new AbortController();
    const either = AbortSignal.any([signal, broken.signal]);
    while (!either.aborted) {
      await this.#attempt();
      if (this.leads) this.#begin(work, broken);
      else await this.#end();
      await this.#rest(either);
    }
    await this.#end();
    await this.#giveBack();
    if (broken.signal.aborted) throw broken.signal.reason;
  }

  /** Reads the Lease and, when it may, writes it. */
  async #attempt(): Promise<void> {
    const { lease, identity, timing, log } = this.#options;
    try {
      const read = await lease.read();
      this.#state = observe(this.#state, read?.record, performance.now());
      const attempt = decide(this.#state, identity, performance.now(), wallTime(), timing);
      if (attempt.kind === 'wait') this.#state = lost(this.#state);
      else {
        const sentAt = performance.now();
        if (await lease.write(read, attempt.record)) this.#renewed(attempt.record, sentAt);
      }
      this.#failure = undefined;
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      if (this.#failure !== error.message) log.error('lease-failed', error.message, { identity });
      this.#failure = error.message;
    }
  }

  #renewed(record: Parameters<typeof won>[0], sentAt: number): void {
    const { renewDeadlineMs } = this.#options.timing;
    this.#state = won(record, sentAt);
    clearTimeout(this.#deadline);
    // A request that hangs must not keep the work from being stopped in time.
    const left = Math.max(0, sentAt + renewDeadlineMs - performance.now());
    this.#deadline = setTimeout(() => this.#work?.stop.abort(), left);
  }

  #begin(work: Work, broken: AbortController): void {
    if (this.#work && !this.#work.stop.signal.aborted) return;
    const before = this.#work?.done ?? Promise.resolve();
    const stop = new AbortController();
    const { identity, log } = this.#options;
    log.info('leading', 'this controller leads', { identity });
    const done = before
      .then(() => (stop.signal.aborted ? undefined : work(stop.signal)))
      .catch((error: unknown) => broken.abort(error));
    this.#work = { stop, done };
  }

  async #end(): Promise<void> {
    clearTimeout(this.#deadline);
    const work = this.#work;
    if (!work) return;
    this.#work = undefined;
    work.stop.abort();
    const { identity, log } = this.#options;
    log.info('not-leading', 'this controller does not lead any more', { identity, leader: this.leader });
    await work.done;
  }

  async #giveBack(): Promise<void> {
    const { lease, identity, log } = this.#options;
    if (!this.leads) return;
    try {
      const read = await lease.read();
      if (read?.record.holder === identity) await lease.write(read, released(read.record));
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      log.warn('lease-kept', `The next leader has to wait for the lease to end: ${error.message}`, {
        identity,
      });
    }
    this.#state = lost(this.#state);
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const { retryMs } = this.#options.timing;
    const most = this.leads ? retryMs : retryMs * (1 + Math.random() * JITTER);
    await pause(most, undefined, { signal }).catch(() => undefined);
  }
}

/** Now, with the microseconds that a Lease has. */
function wallTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
