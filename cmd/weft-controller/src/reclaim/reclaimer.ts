/**
 * The leader's work: looks at the cluster now and then, and takes back what nobody uses.
 *
 *     changes, time ──▶ due ──▶ snapshot ──▶ planReclaim ──▶ carryOut ──▶ due again, if something was taken back
 *                                               ▲ └── memory
 *
 * What earlier looks found is the leader's own: the next leader begins anew, and waits for the whole grace period.
 */
import type { Datastore, KubernetesCluster } from '@weft/datastore';
import {
  createIpam,
  type Leak,
  NO_MEMORY,
  planReclaim,
  type ReclaimMemory,
  type ReclaimStep,
} from '@weft/ipam';
import type { Logger } from '@weft/telemetry';
import { carryOut } from './carry-out.ts';
import { ClusterState } from './cluster-state.ts';
import { nextLookAt, periodOf } from './pace.ts';

/** What reclaiming needs. */
export interface ReclaimerOptions {
  /** Refuses writes when this controller does not lead. */
  readonly store: Datastore;
  readonly cluster: KubernetesCluster;
  readonly leakGraceMs: number;
  readonly reconcilerPeriodMs: number;
  readonly log: Logger;
  readonly onLook: (look: Look) => void;
  readonly onReleased: (leak: Leak) => void;
}

/** One look, for the metrics. */
export interface Look {
  readonly outcome: 'done' | 'failed' | 'skipped';
  readonly seconds: number;
}

/** Addresses that one look takes back at most. Source: Calico, maxBatchSize. */
const MOST_ADDRESSES = 10_000;

/** Works while its controller leads. */
export class Reclaimer {
  readonly #options: ReclaimerOptions;
  readonly #state: ClusterState;
  #memory: ReclaimMemory = NO_MEMORY;
  #candidates: readonly Leak[] = [];
  #endedAt = performance.now();
  #tookMs = 0;
  #failures = 0;
  #promptedAt: number | undefined;
  #lastTrouble = '';
  #wake: () => void = () => undefined;

  constructor(options: ReclaimerOptions) {
    this.#options = options;
    this.#state = new ClusterState(options.store, options.cluster, {
      onLoss: () => this.#prompt(),
      onInterruption: ({ message }) => this.#trouble('cluster-not-followed', message),
    });
  }

  /** What is known of the cluster. */
  get state(): ClusterState {
    return this.#state;
  }

  /** Leaked as it seemed at the last look. */
  get candidates(): readonly Leak[] {
    return this.#candidates;
  }

  /** Works until the signal aborts. Rejects with a failure that will not pass by itself. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener('abort', wake);
    let isOver = false;
    const ended = this.#state.finished.finally(() => {
      isOver = true;
      wake();
    });
    ended.catch(() => undefined);
    try {
      while (!signal.aborted && !isOver) {
        if (performance.now() >= this.#dueAt()) await this.#look(signal);
        else await this.#rest();
      }
      if (!signal.aborted) await ended;
    } finally {
      signal.removeEventListener('abort', wake);
      await this.#state.close();
    }
  }

  #dueAt(): number {
    const { reconcilerPeriodMs, leakGraceMs } = this.#options;
    return nextLookAt({
      periodMs: periodOf(reconcilerPeriodMs, leakGraceMs),
      endedAt: this.#endedAt,
      tookMs: this.#tookMs,
      promptedAt: this.#promptedAt,
      failures: this.#failures,
    });
  }

  #prompt(): void {
    this.#promptedAt ??= performance.now();
    this.#wake();
  }

  /** Until the next look is due, or something changed when it is. */
  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, Math.max(0, this.#dueAt() - performance.now()));
    await promise;
    clearTimeout(timer);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    this.#promptedAt = undefined;
    const notReady = this.#state.whyNotReady;
    if (notReady !== undefined) this.#options.log.debug('look-skipped', `nothing is decided: ${notReady}`);
    const failures = notReady === undefined ? await this.#reclaim(startedAt, signal) : 0;
    this.#failures = failures > 0 ? this.#failures + 1 : 0;
    this.#endedAt = performance.now();
    this.#tookMs = this.#endedAt - startedAt;
    const outcome = notReady !== undefined ? 'skipped' : failures > 0 ? 'failed' : 'done';
    if (outcome === 'done') this.#lastTrouble = '';
    this.#options.onLook({ outcome, seconds: this.#tookMs / 1000 });
  }

  async #reclaim(now: number, signal: AbortSignal): Promise<number> {
    const { store, cluster, log, leakGraceMs, onReleased } = this.#options;
    const policy = { now, graceMs: leakGraceMs, mostAddresses: MOST_ADDRESSES };
    const plan = planReclaim(this.#state.snapshot(Date.now()), policy, this.#memory);
    this.#memory = plan.memory;
    this.#candidates = plan.candidates;
    let wasReleased = false;
    const failures = await carryOut(plan.steps, {
      state: this.#state,
      cluster,
      ipam: createIpam({ store, now: Date.now, view: this.#state.view }),
      nodeExists: async (name) => (await store.get({ kind: 'Node', name })) !== undefined,
      now: Date.now,
      mayAct: () => !signal.aborted,
      onReleased: (leak) => {
        wasReleased = true;
        onReleased(leak);
      },
      log,
    });
    for (const { message } of failures) this.#trouble('reclaim-failed', message);
    log.debug('looked', `${plan.candidates.length} addresses look leaked`, countsOf(plan.steps));
    // There may be more: over the limit, or what waited for these addresses.
    if (wasReleased) this.#prompt();
    return failures.length;
  }

  /** The same trouble twice in a row is told once. */
  #trouble(event: string, message: string): void {
    if (message === this.#lastTrouble) return;
    this.#lastTrouble = message;
    this.#options.log.error(event, message, {
      hint: 'weft-controller tries again by itself; nothing is taken back meanwhile',
    });
  }
}

function countsOf(steps: readonly ReclaimStep[]): Record<string, number> {
  const groups = Map.groupBy(steps, ({ kind }) => kind);
  return Object.fromEntries([...groups].map(([kind, { length }]) => [kind, length]));
}
