/**
 * Follows the blocks of all nodes while a pool encapsulates, and only then: a node watches little, and of each block only
 * says where it is.
 */
import type { Place } from '@weft/calc';
import { type Datastore, follow } from '@weft/datastore';
import type { IPAMBlock } from '@weft/resources';
import type { Logger } from '@weft/telemetry';
import { placesOfBlock } from './places-of-block.ts';

/** What the watch needs of the daemon. */
export interface PlaceWatchOptions {
  readonly store: Datastore;
  readonly log: Logger;
  /** Some block, or some address, is elsewhere now. */
  readonly changed: () => void;
}

const NONE: readonly Place[] = [];

/** How long a start waits for blocks that cannot be read, in ms: well below the time for which peers keep the node's routes. */
const PATIENCE_MS = 30_000;

/** The places as they are known; none while they are not wanted. */
export class PlaceWatch {
  readonly #options: PlaceWatchOptions;
  #isWanted: boolean | undefined;
  #run: Run | undefined;

  constructor(options: PlaceWatchOptions) {
    this.#options = options;
  }

  /** Begins to follow, or stops. */
  want(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    // A pool that begins to encapsulate meanwhile finds routes of this weftd, which go by BGP until more is known.
    const beforeRead = this.#isWanted === undefined ? undefined : NONE;
    this.#isWanted = isWanted;
    this.#run?.close();
    this.#run = isWanted ? new Run(this.#options, beforeRead) : undefined;
  }

  /**
   * The same object until something changes. Undefined where they are wanted from the start on and were never read: an earlier
   * weftd may have known them, and its routes be in the kernel.
   */
  places(): readonly Place[] | undefined {
    return this.#run === undefined ? NONE : this.#run.places();
  }

  /** Why they are not known, or old: in one sentence; undefined while all is well. */
  get trouble(): string | undefined {
    const problem = this.#run?.problem;
    return (
      problem &&
      `the blocks of all nodes (IPAMBlock), by which routes by tunnels go, cannot be read: ${problem}`
    );
  }

  /**
   * Resolves when all are read. Where they cannot be read it is waited for a while and no longer: all else must not wait for a
   * right that nobody gives. `places` are undefined then.
   */
  async whenRead(): Promise<void> {
    await this.#run?.read.promise;
  }

  close(): void {
    this.#run?.close();
    this.#run = undefined;
  }
}

/** One time of following, from `want` to its end. */
class Run {
  readonly read = Promise.withResolvers<void>();
  problem: string | undefined;
  readonly #options: PlaceWatchOptions;
  readonly #stop = new AbortController();
  readonly #byBlock = new Map<string, readonly Place[]>();
  /** What is said until all were read. */
  readonly #beforeRead: readonly Place[] | undefined;
  #isRead = false;
  #places: readonly Place[] | undefined;

  constructor(options: PlaceWatchOptions, beforeRead: readonly Place[] | undefined) {
    this.#options = options;
    this.#beforeRead = beforeRead;
    this.#follow()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.read.resolve());
  }

  places(): readonly Place[] | undefined {
    if (!this.#isRead) return this.#beforeRead;
    this.#places ??= [...this.#byBlock.values()].flat();
    return this.#places;
  }

  close(): void {
    this.#stop.abort();
  }

  async #follow(): Promise<void> {
    const { log, store } = this.#options;
    for await (const event of follow(store, 'IPAMBlock', this.#stop.signal)) {
      if (event.kind === 'interrupted') {
        this.problem = event.error.message;
        log.warn('blocks-unread', event.error.message, {
          hint: `let weftd read IPAMBlocks; ${this.#meanwhile}; tried again by itself`,
        });
        setTimeout(() => this.read.resolve(), PATIENCE_MS).unref();
        continue;
      }
      if (event.kind === 'snapshot') {
        this.problem = undefined;
        const before = this.#text();
        this.#byBlock.clear();
        for (const block of event.items) this.#byBlock.set(block.metadata.name, placesOfBlock(block));
        const isFirst = !this.#isRead;
        this.#isRead = true;
        if (isFirst || this.#text() !== before) this.#tell();
        this.read.resolve();
      } else if (event.kind === 'put') this.#put(event.resource);
      else if (this.#byBlock.delete(event.key.name)) this.#tell();
    }
  }

  /** Most changes of a block are pods that come and go on its own node, which move nothing. */
  #put(block: IPAMBlock): void {
    const { name } = block.metadata;
    const places = placesOfBlock(block);
    if (JSON.stringify(this.#byBlock.get(name)) === JSON.stringify(places)) return;
    this.#byBlock.set(name, places);
    this.#tell();
  }

  #text(): string {
    return JSON.stringify([...this.#byBlock].sort());
  }

  #tell(): void {
    this.#places = undefined;
    this.#options.changed();
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.problem = (error as Error).message;
    this.#options.log.error('blocks-not-followed', (error as Error).message, {
      hint: `${this.#meanwhile}, until weftd starts again`,
    });
  }

  get #meanwhile(): string {
    if (this.#isRead) return 'routes by tunnels stay as last known';
    if (this.#beforeRead !== undefined) return 'pods of encapsulated pools are routed without tunnels';
    return 'of routes that an earlier weftd left none is deleted, and those into encapsulated pools stay as they are';
  }
}
