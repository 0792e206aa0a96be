/**
 * Follows the labels of this node's endpoints while some BGPPeer selects workloads of this node by them, and only then: in
 * Kubernetes those are its Pods, which change often.
 */
import { type Datastore, follow } from '@weft/datastore';
import type { WorkloadEndpoint } from '@weft/resources';
import type { Logger } from '@weft/telemetry';

/** How long a store that cannot be followed is left alone, in ms. */
const RETRY_MS = 60_000;

/** What the watch needs of the daemon. */
export interface LabelWatchOptions {
  readonly nodeName: string;
  /** May be one that has lost its cluster: nothing is taken from it for gone. */
  readonly store: Datastore;
  readonly log: Logger;
  /** An endpoint of this node as the store has it; not necessarily with other labels than before. */
  readonly seen: (endpoint: WorkloadEndpoint) => void;
}

/** See the head of this file. */
export class LabelWatch {
  readonly #options: LabelWatchOptions;
  #stop: AbortController | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LabelWatchOptions) {
    this.#options = options;
  }

  /** Begins to follow, or stops. */
  want(isWanted: boolean): void {
    if (isWanted === (this.#stop !== undefined)) return;
    this.close();
    if (isWanted) this.#start();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#stop?.abort();
    this.#stop = undefined;
  }

  #start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#follow(stop.signal).catch((error: unknown) => this.#fail(error, stop.signal));
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, nodeName: node, seen, store } = this.#options;
    for await (const event of follow(store, 'WorkloadEndpoint', signal, { node })) {
      if (event.kind === 'interrupted')
        log.warn('labels-unread', event.error.message, {
          hint: 'sessions with workloads go by the labels as last known; tried again by itself',
        });
      else if (event.kind === 'snapshot') for (const endpoint of event.items) seen(endpoint);
      else if (event.kind === 'put') seen(event.resource);
    }
  }

  #fail(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#options.log.error('labels-not-followed', (error as Error).message, {
      hint: 'sessions with workloads go by the labels as last known; tried again in a minute',
    });
    this.#retry = setTimeout(() => this.#start(), RETRY_MS);
  }
}
