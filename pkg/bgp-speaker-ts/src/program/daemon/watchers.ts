/**
 * Those who watch events live. A watcher that reads slowly loses events and is told how many; it delays nobody.
 */

import type { SpeakerReport, TransportReport } from '../../transport/server-options.ts';
import type { EventLine } from '../protocol.ts';
import { reportLine } from './report-line.ts';

/** Events that wait for one watcher before further ones are dropped. */
const MAX_WAITING = 100_000;

/** One watcher. */
interface Watcher {
  readonly routes: boolean;
  waiting: EventLine[];
  dropped: number;
  wake: () => void;
}

/** All watchers. */
export class Watchers {
  readonly #watchers: Set<Watcher> = new Set();
  readonly #onRoutesWanted: (wanted: boolean) => void;

  /** @param onRoutesWanted hears whether anybody watches routes */
  constructor(onRoutesWanted: (wanted: boolean) => void) {
    this.#onRoutesWanted = onRoutesWanted;
  }

  /** Tells all of them what the server reports. */
  report(report: SpeakerReport | TransportReport): void {
    if (this.#watchers.size === 0) return;
    if (report.kind === 'loc-rib-changed') {
      for (const change of report.changes) this.tell('route', { ...change });
      return;
    }
    const values = reportLine(report);
    if (values !== undefined) this.tell(report.kind, values);
  }

  /** Tells all of them one event; `route` only those who want routes. */
  tell(event: string, values: Readonly<Record<string, unknown>>): void {
    if (this.#watchers.size === 0) return;
    const line: EventLine = { time: new Date().toISOString(), event, ...values };
    for (const watcher of this.#watchers) {
      if (event === 'route' && !watcher.routes) continue;
      if (watcher.waiting.length < MAX_WAITING) watcher.waiting.push(line);
      else watcher.dropped += 1;
      watcher.wake();
    }
  }

  /** What happens from now on, in batches, until the signal ends it. */
  async *watch(routes: boolean, signal: AbortSignal): AsyncGenerator<EventLine[]> {
    const watcher: Watcher = { routes, waiting: [], dropped: 0, wake: () => {} };
    const wake = (): void => watcher.wake();
    signal.addEventListener('abort', wake);
    this.#watchers.add(watcher);
    this.#tellRoutesWanted();
    try {
      while (!signal.aborted) {
        const { waiting, dropped } = watcher;
        watcher.waiting = [];
        watcher.dropped = 0;
        if (dropped > 0) {
          waiting.push({ time: new Date().toISOString(), event: 'events-dropped', count: dropped });
        }
        if (waiting.length > 0) yield waiting;
        if (watcher.waiting.length > 0 || signal.aborted) continue;
        await new Promise<void>((resolve) => {
          watcher.wake = resolve;
        });
      }
    } finally {
      this.#watchers.delete(watcher);
      this.#tellRoutesWanted();
    }
  }

  #tellRoutesWanted(): void {
    this.#onRoutesWanted([...this.#watchers].some(({ routes }) => routes));
  }
}
