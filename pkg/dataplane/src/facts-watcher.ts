/**
 * Keeps the local facts up to date: reads them again when the kernel tells of something they consist of.
 *
 * Reading anew is simpler than following events, and IPv4 routes that go with their link have no event. Workload
 * interfaces and weft's own routes are no facts, so pods that come and go cost nothing here.
 */
import type { LocalFacts } from '@weft/calc';
import { type Kernel, KernelError, type KernelEvent, MAIN_TABLE, WEFT_ROUTE_PROTOCOL } from '@weft/kernel';
import { isWorkloadInterface, readFacts } from './read-facts.ts';
import { type Scheduler, systemScheduler } from './scheduler.ts';

const retryMilliseconds = 1_000;

/** What a watcher is given. */
export interface FactsWatcherOptions {
  readonly kernel: Kernel;
  readonly scheduler?: Scheduler;
  /** What the names of workload interfaces begin with, asked at each look; `cali` unless told. */
  readonly workloadPrefixes?: () => readonly string[];
  /** Called with new facts, once for all events of a turn, and only when they differ from those before. */
  readonly changed: (facts: LocalFacts) => void;
  /** The kernel could not be read; the facts stay as they were and are read again in a second. */
  readonly failed?: (error: KernelError) => void;
}

/** Watches from its construction until `close`. */
export class FactsWatcher {
  readonly #options: FactsWatcherOptions;
  readonly #scheduler: Scheduler;
  readonly #workloadIndexes = new Set<number>();
  readonly #unsubscribe: () => void;
  #facts: LocalFacts;
  #cancel: (() => void) | undefined;

  /** Reads the first facts. Throws KernelError. */
  constructor(options: FactsWatcherOptions) {
    this.#options = options;
    this.#scheduler = options.scheduler ?? systemScheduler;
    this.#unsubscribe = options.kernel.subscribe((event) => this.#take(event));
    try {
      for (const { index, name } of options.kernel.links())
        if (this.#isWorkload(name)) this.#workloadIndexes.add(index);
      this.#facts = readFacts(options.kernel, this.#prefixes());
    } catch (error) {
      this.#unsubscribe();
      throw error;
    }
  }

  /** The facts as last read. */
  get facts(): LocalFacts {
    return this.#facts;
  }

  /** Stops watching. */
  close(): void {
    this.#unsubscribe();
    this.#cancel?.();
  }

  /** Reads anew, because other interfaces are workloads' now. */
  reread(): void {
    this.#cancel ??= this.#scheduler.soon(() => this.#read());
  }

  #prefixes(): readonly string[] | undefined {
    return this.#options.workloadPrefixes?.();
  }

  #isWorkload(name: string): boolean {
    return isWorkloadInterface(name, this.#prefixes());
  }

  #take(event: KernelEvent): void {
    if (this.#concerns(event)) this.#cancel ??= this.#scheduler.soon(() => this.#read());
  }

  #concerns(event: KernelEvent): boolean {
    switch (event.kind) {
      case 'overrun':
        return true;
      case 'link':
        return this.#concernsLink(event);
      case 'address':
        return !this.#workloadIndexes.has(event.address.interfaceIndex);
      case 'route':
        return this.#concernsRoute(event);
    }
  }

  #concernsLink({ op, link }: Extract<KernelEvent, { kind: 'link' }>): boolean {
    if (this.#isWorkload(link.name) && op === 'new') this.#workloadIndexes.add(link.index);
    else this.#workloadIndexes.delete(link.index);
    return !this.#isWorkload(link.name);
  }

  #concernsRoute({ route }: Extract<KernelEvent, { kind: 'route' }>): boolean {
    if (route.table !== MAIN_TABLE || route.protocol === WEFT_ROUTE_PROTOCOL) return false;
    return !route.nextHops.some(({ interfaceIndex = 0 }) => this.#workloadIndexes.has(interfaceIndex));
  }

  #read(): void {
    this.#cancel = undefined;
    let facts: LocalFacts;
    try {
      facts = readFacts(this.#options.kernel, this.#prefixes());
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#cancel = this.#scheduler.after(retryMilliseconds, () => this.#read());
      this.#options.failed?.(error);
      return;
    }
    if (JSON.stringify(facts) === JSON.stringify(this.#facts)) return;
    this.#facts = facts;
    this.#options.changed(facts);
  }
}
