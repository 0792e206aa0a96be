/**
 * The blocks of all nodes as the control API shows them. Nothing else needs them: they are followed while somebody asks again
 * and again, as a dashboard does, and of each only what is shown is kept.
 */
import type { BlockStatus } from '@weft/control';
import type { Datastore, Revision } from '@weft/datastore';
import { containsPrefix, type Prefix } from '@weft/ip';
import { ownerOfBlock } from '@weft/ipam';
import type { IPAMBlock, IPPool } from '@weft/resources';

/** A block without what the pools say of it. */
type Known = Omit<BlockStatus, 'pool' | 'cidr'> & { readonly cidr: Prefix };

/** How long they are followed after the last question, in ms. */
const FOLLOWED_MS = 30_000;

/** The list. */
export class BlockList {
  readonly #store: Datastore;
  #run: Run | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Datastore) {
    this.#store = store;
  }

  /**
   * Every block, sorted by CIDR as text; the same array until something changes. Throws DatastoreError.
   *
   * @param pools the same array until one changes
   */
  async sorted(pools: readonly IPPool[]): Promise<readonly BlockStatus[]> {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#leave(), FOLLOWED_MS).unref();
    if (this.#run?.isOver !== false) this.#run = new Run(this.#store);
    const run = this.#run;
    await run.read;
    return run.sorted(pools);
  }

  #leave(): void {
    this.#run?.close();
    this.#run = undefined;
  }
}

/** One time of following: until it is closed, or until the datastore fails, since what is known then is old. */
class Run {
  /** Rejects with what reading failed with. */
  readonly read: Promise<void>;
  isOver = false;
  readonly #stop = new AbortController();
  readonly #byName = new Map<string, Known>();
  #sorted: { readonly pools: readonly IPPool[]; readonly blocks: readonly BlockStatus[] } | undefined;

  constructor(store: Datastore) {
    this.read = this.#list(store);
  }

  sorted(pools: readonly IPPool[]): readonly BlockStatus[] {
    if (this.#sorted?.pools !== pools)
      this.#sorted = { pools, blocks: inPools(this.#byName.values(), pools) };
    return this.#sorted.blocks;
  }

  close(): void {
    this.isOver = true;
    this.#stop.abort();
  }

  async #list(store: Datastore): Promise<void> {
    try {
      const { items, revision } = await store.list('IPAMBlock');
      for (const block of items) this.#put(block);
      void this.#watch(store, revision);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How the watch ends says nothing: whoever asks next reads anew, and hears what is wrong. */
  async #watch(store: Datastore, revision: Revision): Promise<void> {
    try {
      for await (const event of store.watch('IPAMBlock', revision, this.#stop.signal)) {
        if (event.kind === 'put') this.#put(event.resource);
        else this.#byName.delete(event.key.name);
        this.#sorted = undefined;
      }
    } catch {
    } finally {
      this.close();
    }
  }

  #put({ metadata, spec }: IPAMBlock): void {
    const owner = ownerOfBlock(spec);
    this.#byName.set(metadata.name, {
      cidr: spec.cidr,
      ...(owner && { node: owner.name }),
      size: spec.allocations.length,
      used: spec.allocations.filter((allocation) => allocation !== null).length,
    });
  }
}

function inPools(blocks: Iterable<Known>, pools: readonly IPPool[]): BlockStatus[] {
  return Array.from(blocks, (block) => {
    const pool = pools.find(({ spec }) => containsPrefix(spec.cidr, block.cidr));
    return { ...block, ...(pool && { pool: pool.metadata.name }) };
  }).sort((left, right) => (left.cidr < right.cidr ? -1 : 1));
}
