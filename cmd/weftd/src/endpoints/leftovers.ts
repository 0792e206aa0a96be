/**
 * What Docker left behind: dockerd forgets an endpoint and its addresses also when it could not tell its driver so (weftd or the
 * driver was away), and it may die between two calls. Nothing is remembered of that: what there is says it.
 *
 *  - An endpoint is a leftover when its container's end is not in any container: it went with its namespace, or dockerd moved it
 *    back to the host and did not ask for its end.
 *  - An address is one when no endpoint has it.
 *
 * Either has to look so for a while, because dockerd asks for address, endpoint and join one after the other.
 */
import { isRefusal } from '@weft/control';
import type { Kernel } from '@weft/kernel';
import type { WorkloadEndpoint } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import type { Attachments } from './attachments.ts';
import { endpointIdOf } from './endpoint-record.ts';
import { UNUSED_HOLD_MS } from './held-addresses.ts';

/** How often is looked, in ms. */
const SWEEP_MS = 60_000;

/** Endpoints of Docker. Source: Calico's constant for the orchestrator. */
const docker = 'libnetwork';

/** What sweeping needs from the daemon. */
export interface LeftoversOptions {
  readonly attachments: Attachments;
  readonly kernel: Kernel;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** The datastore may be written. */
  readonly mayWrite: () => boolean;
}

/** Finds leftovers and takes them away. */
export class Leftovers {
  readonly #options: LeftoversOptions;
  /** Since when an endpoint looks left over. */
  readonly #since = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** Looks from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.#sweepIfPossible(), SWEEP_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Whatever stands in the way, the next sweep tries again. */
  async #sweepIfPossible(): Promise<void> {
    const { log, mayWrite } = this.#options;
    if (!mayWrite()) return;
    await this.sweep().catch((error: Error) => log.warn('leftovers-not-swept', error.message));
  }

  /** Looks once. Throws DatastoreError and KernelError. */
  async sweep(): Promise<void> {
    const { attachments, log } = this.#options;
    const endpoints: string[] = [];
    for (const id of this.#due())
      if (!isRefusal(await attachments.detach(id))) {
        this.#since.delete(id);
        endpoints.push(id);
      }
    const addresses = await attachments.held.reclaim();
    if (endpoints.length + addresses.length > 0)
      log.warn('leftovers-of-docker', 'Docker had forgotten endpoints or addresses without saying so.', {
        endpoints,
        addresses,
      });
  }

  #due(): string[] {
    const { attachments, now } = this.#options;
    const stray = attachments.resources().filter((endpoint) => this.#isStray(endpoint));
    const ids = new Set(stray.map(endpointIdOf));
    for (const id of this.#since.keys()) if (!ids.has(id)) this.#since.delete(id);
    for (const id of ids) if (!this.#since.has(id)) this.#since.set(id, now());
    return [...this.#since].filter(([, since]) => now() - since >= UNUSED_HOLD_MS).map(([id]) => id);
  }

  #isStray({ spec }: WorkloadEndpoint): boolean {
    if (spec.orchestrator !== docker || spec.interfaceName === undefined) return false;
    return this.#options.kernel.link(spec.interfaceName)?.peerNetnsId === undefined;
  }
}
