/**
 * Attach and detach as everybody asks for them: the control API, the CNI plugin. Measured, and refused in words while the
 * datastore is away or locked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attachment, type AttachRequest, type Detachment, type Refusal, refuse } from '@weft/control';
import type { Datastore } from '@weft/datastore';
import type { Metrics } from '../monitoring/metrics.ts';
import type { Options } from '../options.ts';
import type { State } from '../state.ts';
import { locationOf } from '../store/location.ts';
import { refusalOf } from '../store/refusal-of.ts';
import type { Attachments } from './attachments.ts';

/** What it works on. */
export interface AttachingOptions {
  readonly options: Options;
  readonly state: State;
  readonly store: Datastore;
  readonly attachments: Attachments;
  readonly metrics: Metrics;
  /** Why nothing can be attached or detached just now; undefined when it can. */
  readonly whyNotNow: (id: string) => Refusal | undefined;
  /** Why nothing more is to be plugged in; undefined when it may. */
  readonly whyNoMore: (id: string) => Refusal | undefined;
}

/** What is not done by then is answered; less than the control server allows. */
const NO_ANSWER_MS = 25_000;

/** How long a store that is away may take to say that it is back, in ms. */
const STILL_AWAY_MS = 2_000;

/** The door to the containers of this node. */
export class Attaching {
  readonly #with: AttachingOptions;

  constructor(options: AttachingOptions) {
    this.#with = options;
  }

  /** Plugs a container in. Throws only for mistakes of the daemon, as the other two do. */
  attach(id: string, request: AttachRequest): Promise<Attachment | Refusal> {
    const { attachments, metrics, whyNoMore } = this.#with;
    return measured(
      async () =>
        whyNoMore(id) ?? this.onStore(id, (abandoned) => attachments.attach(id, request, abandoned)),
      (outcome, seconds) => metrics.attached(outcome, seconds),
    );
  }

  /** Takes a container out. */
  detach(id: string): Promise<Detachment | Refusal> {
    const { attachments, metrics } = this.#with;
    return measured(
      () => this.onStore(id, () => attachments.detach(id)),
      (outcome, seconds) => metrics.detached(outcome, seconds),
    );
  }

  /** Whether it can be done just now, as far as is known. */
  get isPossible(): boolean {
    return this.#with.whyNotNow('') === undefined && this.#with.state.health.away === undefined;
  }

  /**
   * Runs what needs the datastore; that it is away is an answer, not a mistake of the daemon. The operation's signal aborts when
   * it takes too long and whoever asked is answered without it.
   */
  async onStore<T extends object>(
    id: string,
    operation: (abandoned: AbortSignal) => Promise<T | Refusal>,
  ): Promise<T | Refusal> {
    const { options, whyNotNow } = this.#with;
    const refusal = whyNotNow(id) ?? (await whyStillAway(this.#with, id));
    if (refusal !== undefined) return refusal;
    const abandoned = new AbortController();
    const ended = new AbortController();
    try {
      return await Promise.race([
        operation(abandoned.signal),
        noAnswer(options, id, abandoned, ended.signal),
      ]);
    } catch (error) {
      const refused = refusalOf(error, locationOf(options.datastore), id);
      if (refused === undefined) throw error;
      return refused;
    } finally {
      ended.abort();
    }
  }
}

/**
 * A driver may wait for its servers longer than whoever asked; then that one is told which store it is. Rejects once the
 * operation has ended.
 */
async function noAnswer(
  { datastore }: Options,
  id: string,
  abandoned: AbortController,
  ended: AbortSignal,
): Promise<Refusal> {
  const { type, location } = locationOf(datastore);
  const seconds = NO_ANSWER_MS / 1000;
  const message = `the datastore (${type} ${location}) has not answered within ${seconds} s`;
  const refusal = refuse('unavailable', message, id, 'Ask again: repeating it is safe.');
  await sleep(NO_ANSWER_MS, undefined, { ref: false, signal: ended });
  abandoned.abort();
  return refusal;
}

/**
 * A store that is known to be away is asked once, for a moment: a driver waits much longer for a server to come back, and
 * nothing that was refused may go on behind the answer.
 */
async function whyStillAway(
  { options, state, store }: AttachingOptions,
  id: string,
): Promise<Refusal | undefined> {
  const away = state.health.away;
  if (away === undefined) return undefined;
  const asked = store.get({ kind: 'Node', name: options.nodeName }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const failure = await Promise.race([asked, sleep(STILL_AWAY_MS, away.error, { ref: false })]);
  return failure === undefined ? undefined : refusalOf(failure, locationOf(options.datastore), id);
}

async function measured<T extends { readonly kind: string }>(
  operation: () => Promise<T>,
  observe: (outcome: string, seconds: number) => void,
): Promise<T> {
  const start = performance.now();
  let outcome = 'failed';
  try {
    const answer = await operation();
    outcome = answer.kind;
    return answer;
  } finally {
    observe(outcome, (performance.now() - start) / 1000);
  }
}
