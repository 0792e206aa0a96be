/**
 * Moves all resources from one datastore to another, whatever their drivers: `weftctl datastore copy`.
 *
 * Data flow: kind by kind in `copyOrder`, page by page from the source, each object by compare-and-swap into the target;
 * then both are read again and compared. Memory holds one page, and a fingerprint of each object of one kind.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import { type Datastore, DatastoreError, keyText, type ResourcePage } from '../datastore.ts';
import { pagesOf } from '../pages.ts';
import { type LockedStores, lockStores } from './copy-lock.ts';
import { copyObject, keyOf, type ObjectCopy, type ObjectOutcome } from './copy-object.ts';
import {
  CopyInterrupted,
  type CopyOptions,
  type CopyReport,
  type CopyTrouble,
  type KindCount,
} from './copy-report.ts';
import { copyOrder } from './kind-order.ts';
import { differencesOf } from './verify.ts';

const PAGE_OBJECTS = 500;

/** Writes under way at once: over a network most of the time of one is waiting. */
const PARALLEL_WRITES = 16;

/**
 * Copies every resource of `source` into `target`, and compares them afterwards. uid, resourceVersion and
 * creationTimestamp are the target's own; owners and finalizers are left out.
 *
 * Neither store is a snapshot: what others write meanwhile shows up as a difference, or not at all. Stop the writers, or
 * ask for `lock`, and repeat the copy with `existing: 'replace'` until there is no difference.
 *
 * @throws DatastoreError `invalid-resource` when the target is not empty and may not be added to (nothing is written);
 *   `CopyInterrupted`, with the report up to there, when a store fails or the signal aborts
 */
export async function copyDatastore(
  source: Datastore,
  target: Datastore,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const run = new CopyRun(source, target, options);
  const { existing = 'refuse', dryRun = false } = options;
  if (existing === 'refuse' && !dryRun) await assertEmpty(target);
  try {
    await run.perform();
  } catch (error) {
    throw new CopyInterrupted(run.report(), error);
  }
  return run.report();
}

/** One copy on its way: what it has done so far, and how it goes on. */
class CopyRun {
  readonly #source: Datastore;
  readonly #target: Datastore;
  readonly #options: CopyOptions;
  readonly #kinds: KindTally[] = [];
  readonly #differences: CopyTrouble[] = [];

  constructor(source: Datastore, target: Datastore, options: CopyOptions) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
  }

  report(): CopyReport {
    const tallies = this.#kinds.filter(({ found }) => found > 0);
    return {
      kinds: tallies.map((tally) => tally.count()),
      failures: tallies.flatMap((tally) => tally.failures),
      differences: [...this.#differences],
    };
  }

  async perform(): Promise<void> {
    const { dryRun = false, lock = false } = this.#options;
    if (dryRun || !lock) return this.#copyAndVerify(copyOrder);
    const locked = await lockStores(this.#source, this.#target);
    try {
      await this.#copyAndVerify(copyOrder.filter((kind) => isOfSource(kind, locked)));
      await locked.unlockTarget();
    } finally {
      await locked.unlockSource();
    }
  }

  async #copyAndVerify(kinds: readonly Kind[]): Promise<void> {
    for (const kind of kinds) await this.#copyKind(kind);
    if (this.#options.dryRun) return;
    const stores = { source: this.#source, target: this.#target };
    for (const { kind, found, excused } of this.#kinds) {
      if (found > 0) this.#differences.push(...(await differencesOf(kind, stores, excused, PAGE_OBJECTS)));
    }
  }

  async #copyKind(kind: Kind): Promise<void> {
    const tally = new KindTally(kind);
    this.#kinds.push(tally);
    for await (const page of pagesOf(this.#source, kind, PAGE_OBJECTS)) {
      this.#options.signal?.throwIfAborted();
      await this.#copyPage(page, tally);
      this.#options.onProgress?.(kind, tally.found);
    }
  }

  async #copyPage({ items, unreadable }: ResourcePage<Kind>, tally: KindTally): Promise<void> {
    for (const { key, reason } of unreadable) {
      tally.add(key, { kind: 'failed', reason: `it cannot be read in the source: ${reason}` });
    }
    const how = this.#howToCopy(tally.kind);
    for (let start = 0; start < items.length; start += PARALLEL_WRITES) {
      const batch = items.slice(start, start + PARALLEL_WRITES);
      // All of them come to their end, also when one throws: the report must tell every write.
      const written = await Promise.allSettled(
        batch.map(async (item) => tally.add(keyOf(item), await copyObject(item, how))),
      );
      for (const one of written) if (one.status === 'rejected') throw one.reason;
    }
  }

  /** A new cluster's own ClusterInformation is nobody's data: it does not stand in the way, and stays. */
  #howToCopy(kind: Kind): ObjectCopy {
    const { existing = 'refuse', dryRun = false } = this.#options;
    const isOwnInformation = existing === 'refuse' && kind === 'ClusterInformation';
    return { target: this.#target, dryRun, existing: isOwnInformation ? 'keep' : existing };
  }
}

/** Counts what became of the objects of one kind. */
class KindTally {
  readonly kind: Kind;
  readonly failures: CopyTrouble[] = [];
  /** Names of objects that were not written, which a verification need not look for. */
  readonly excused = new Set<string>();
  readonly #counts = { created: 0, replaced: 0, unchanged: 0, kept: 0, failed: 0 };

  constructor(kind: Kind) {
    this.kind = kind;
  }

  get found(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  count(): KindCount {
    return { kind: this.kind, found: this.found, ...this.#counts };
  }

  add(key: CopyTrouble['key'], outcome: ObjectOutcome): void {
    this.#counts[outcome.kind]++;
    if (outcome.kind === 'failed') this.failures.push({ key, reason: outcome.reason });
    if (outcome.kind === 'failed' || outcome.kind === 'kept') this.excused.add(keyText(key));
  }
}

function isOfSource(kind: Kind, { sourceHasInformation }: LockedStores): boolean {
  return sourceHasInformation || kind !== 'ClusterInformation';
}

/** Throws unless the target is empty, but for what others put into any store of its type, and ClusterInformation. */
async function assertEmpty(target: Datastore): Promise<void> {
  const kinds = copyOrder.filter(
    (kind) => !target.ownedElsewhere?.has(kind) && kind !== 'ClusterInformation',
  );
  for (const kind of kinds) {
    for await (const { items, unreadable } of pagesOf(target, kind, 1)) {
      const one: Pick<ResourceOf<Kind>, 'metadata'> | undefined = items[0];
      const name = one ? keyText(one.metadata) : unreadable[0] && keyText(unreadable[0].key);
      if (name === undefined) continue;
      throw new DatastoreError(
        'invalid-resource',
        `Cannot copy into a datastore that is not empty: the target holds ${kind} "${name}". ` +
          'Choose an empty one, or say whether objects of the same name are kept or replaced.',
      );
    }
  }
}
