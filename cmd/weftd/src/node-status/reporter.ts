/**
 * Fills in the CalicoNodeStatus objects that ask for this node: each at once when it comes or asks for something else, and
 * then as often as it says.
 */
import { type Datastore, DatastoreError } from '@weft/datastore';
import type { CalicoNodeStatus } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { MAX_TIMER_MS } from '../longest-timer.ts';
import { type NodeFacts, nodeStatusReport } from './report.ts';

/** What reporting needs from the daemon. */
export interface ReporterOptions {
  readonly nodeName: string;
  readonly store: Datastore;
  readonly log: Logger;
  readonly facts: () => NodeFacts;
  /** False while nothing may be written. */
  readonly mayWrite: () => boolean;
}

interface Timer {
  /** What the object asks for: another wish is another timer. */
  readonly wish: string;
  readonly interval: NodeJS.Timeout;
}

/** The timers of the objects that ask for reports. */
export class NodeStatusReporter {
  readonly #options: ReporterOptions;
  readonly #timers = new Map<string, Timer>();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Reports to exactly these of the objects that ask for this node. */
  follow(objects: readonly CalicoNodeStatus[]): void {
    const wanted = objects.filter(
      ({ spec }) => spec.node === this.#options.nodeName && spec.updatePeriodSeconds > 0,
    );
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    for (const [name, { interval }] of this.#timers) {
      if (names.has(name)) continue;
      clearInterval(interval);
      this.#timers.delete(name);
    }
    for (const object of wanted) this.#schedule(object);
  }

  /** Reports no more. */
  close(): void {
    this.follow([]);
  }

  #schedule({ metadata: { name, uid }, spec }: CalicoNodeStatus): void {
    const wish = JSON.stringify([uid, spec]);
    const known = this.#timers.get(name);
    if (known?.wish === wish) return;
    clearInterval(known?.interval);
    const report = (): void => void this.#report(name);
    const period = Math.min(spec.updatePeriodSeconds * 1000, MAX_TIMER_MS);
    this.#timers.set(name, { wish, interval: setInterval(report, period).unref() });
    report();
  }

  /** What cannot be written now is written the next time, with news. */
  async #report(name: string): Promise<void> {
    const { facts, log, mayWrite, store } = this.#options;
    if (!mayWrite()) return;
    try {
      const current = await store.get({ kind: 'CalicoNodeStatus', name });
      if (current === undefined) return;
      await store.update({ ...current, status: nodeStatusReport(current.spec.classes, facts()) });
    } catch (error) {
      if (!(error instanceof DatastoreError)) throw error;
      log.warn('node-status-failed', error.message, { name });
    }
  }
}
