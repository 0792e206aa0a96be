/**
 * Keeps weft's table of nftables what it should be: writes it as a whole when something else is wanted, looks from time
 * to time whether it is still there, and tries again when nft fails.
 *
 * One nft at a time, and a pause between two writes: containers that come and go by the hundred cost some writes, not
 * hundreds.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DesiredNat } from '@weft/calc';
import { type Scheduler, systemScheduler } from '../scheduler.ts';
import { type DroppedPackets, type Nft, systemNft } from './nft.ts';
import { DROP_COUNTERS, type DropKind, type NftCommand, natRuleset } from './ruleset.ts';

/** What the table tells of its doings. */
export type NatEvent =
  /** Another table is in the kernel now. `rules`: how many. */
  | { readonly kind: 'nat-written'; readonly rules: number; readonly durationMilliseconds: number }
  /** Somebody had removed or changed it; it is as it should be again. */
  | { readonly kind: 'nat-repaired' }
  /** Dropped since this was last told; seen when the table was looked at. */
  | { readonly kind: DropKind; readonly packets: number }
  /** The first failure with this reason; those that follow are in `failure`. */
  | { readonly kind: 'nat-failed'; readonly reason: string };

/** What a table is given. */
export interface NatTableOptions {
  readonly nft?: Nft;
  readonly scheduler?: Scheduler;
  readonly report?: (event: NatEvent) => void;
}

const pauseMilliseconds = 100;
const checkMilliseconds = 10_000;
const firstRetryMilliseconds = 1_000;
const longestRetryMilliseconds = 60_000;

/** See the head of this file. */
export class NatTable {
  readonly #nft: Nft;
  readonly #scheduler: Scheduler;
  readonly #report: (event: NatEvent) => void;
  #nat: DesiredNat | undefined;
  #wanted: readonly NftCommand[] = [];
  /** As it was read after it was written; undefined while that is not known. */
  #content: string | undefined;
  /** Dropped packets that were told of, of the table that is there; undefined while that is not of this object. */
  #told: Partial<DroppedPackets> | undefined;
  #failures = 0;
  #failure: string | undefined;
  #turn: Promise<void> | undefined;
  #nextWriteAt = 0;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor({ nft = systemNft, scheduler = systemScheduler, report = () => {} }: NatTableOptions = {}) {
    this.#nft = nft;
    this.#scheduler = scheduler;
    this.#report = report;
  }

  /**
   * Wants this translation. The same again is not written, and parts that are the same objects are not looked into: some have an entry
   * for each node, and every attach comes by here. The first call also takes over what an earlier weftd left.
   */
  want(nat: DesiredNat): void {
    if (isDeepStrictEqual(nat, this.#nat)) return;
    this.#nat = nat;
    this.#wanted = natRuleset(nat);
    this.#content = undefined;
    this.#failures = 0;
    this.#start();
  }

  /** Why the table is not as it should be; undefined when it is, or is being written. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Resolves when what is wanted by now is in the kernel, or with the reason why it cannot be for now. */
  async settled(): Promise<string | undefined> {
    while (this.#turn !== undefined) await this.#turn;
    return this.#failure;
  }

  /** Stops. The table stays: it outlives the daemon. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #start(): void {
    if (this.#turn !== undefined || this.#isClosed) return;
    this.#cancelTimer?.();
    this.#turn = this.#run().finally(() => {
      this.#turn = undefined;
      this.#sleep();
    });
  }

  /** Until what is wanted is there, or nft fails. */
  async #run(): Promise<void> {
    do {
      if (this.#content === undefined) await this.#pause();
      if (this.#isClosed) return;
      const wanted = this.#wanted;
      const failure = await this.#turnTo(wanted);
      this.#settle(failure);
      if (failure !== undefined && wanted === this.#wanted) return;
    } while (this.#content === undefined);
  }

  async #pause(): Promise<void> {
    const milliseconds = this.#nextWriteAt - this.#scheduler.now();
    if (milliseconds > 0) await new Promise<void>((done) => this.#scheduler.after(milliseconds, done));
    this.#nextWriteAt = this.#scheduler.now() + pauseMilliseconds;
  }

  /** Makes the table what is wanted; the reason when that fails. */
  async #turnTo(wanted: readonly NftCommand[]): Promise<string | undefined> {
    // Also before it is replaced, for its counters end with it.
    if (this.#told !== undefined) {
      const there = await this.#nft.list();
      if (there.kind === 'failed') return there.reason;
      if (there.kind === 'present') this.#tellDropped(there.dropped);
      if (there.kind === 'present' && there.content === this.#content) return undefined;
    }
    const isRepair = this.#content !== undefined;
    const failure = await this.#write(wanted);
    if (failure === undefined && isRepair) this.#report({ kind: 'nat-repaired' });
    return failure;
  }

  async #write(wanted: readonly NftCommand[]): Promise<string | undefined> {
    const start = this.#scheduler.now();
    const failed = await this.#nft.apply(wanted);
    if (failed !== undefined) return failed.reason;
    this.#told = {};
    const written = await this.#nft.list();
    if (written.kind === 'failed') return written.reason;
    // Another one may be wanted by now; then this one is not what is looked for.
    if (wanted === this.#wanted)
      this.#content = written.kind === 'present' ? written.content : 'gone at once';
    const rules = wanted.filter((command) => 'rule' in ((command.add as object | undefined) ?? {})).length;
    const durationMilliseconds = this.#scheduler.now() - start;
    this.#report({ kind: 'nat-written', rules, durationMilliseconds });
    return undefined;
  }

  /** What is dropped in the milliseconds between the last look at a table and the next one in its place is not told of. */
  #tellDropped(dropped: DroppedPackets): void {
    const told = this.#told ?? {};
    this.#told = dropped;
    for (const kind of Object.keys(DROP_COUNTERS) as DropKind[]) {
      const packets = dropped[kind] - (told[kind] ?? 0);
      if (packets > 0) this.#report({ kind, packets });
    }
  }

  #settle(failure: string | undefined): void {
    if (failure !== undefined && failure !== this.#failure)
      this.#report({ kind: 'nat-failed', reason: failure });
    this.#failure = failure;
    this.#failures = failure === undefined ? 0 : this.#failures + 1;
  }

  /** Until the next look at the table, or the next try. */
  #sleep(): void {
    if (this.#isClosed) return;
    const retry = Math.min(longestRetryMilliseconds, firstRetryMilliseconds * 2 ** (this.#failures - 1));
    const delay = this.#failure === undefined ? checkMilliseconds : retry;
    this.#cancelTimer = this.#scheduler.after(delay, () => this.#start());
  }
}
