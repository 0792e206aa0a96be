/**
 * A datastore in the memory of one process, for tests and simulations: the same decisions as the embedded driver, no
 * timer, no file, and only the time and the identifiers it is given.
 */
import { type Datastore, DatastoreError, keyText, type ResourceKey } from '../datastore.ts';
import type { Backend, Change, ChangePage, StoredObject, Tables } from '../local/backend.ts';
import { ChangeFeed } from '../local/change-feed.ts';
import { LocalStore, type StampSource } from '../local/local-store.ts';

/** Where the memory store gets time and identifiers from, and how much history it keeps. */
export interface MemoryStoreOptions extends StampSource {
  /** How many changes a watch can fall behind; 10,000 unless told. */
  readonly historyChanges?: number;
}

/** Makes an empty datastore in memory. */
export function createMemoryStore({ historyChanges = 10_000, ...stamps }: MemoryStoreOptions): Datastore {
  return new LocalStore(new MemoryBackend(historyChanges), stamps);
}

class MemoryBackend implements Backend {
  readonly title = 'the datastore in memory';
  readonly feed = new ChangeFeed();
  readonly #tables: MemoryTables;
  #closed = false;

  constructor(historyChanges: number) {
    this.#tables = new MemoryTables(historyChanges);
  }

  keepFeedCurrent(): Disposable {
    return { [Symbol.dispose]() {} };
  }

  async read<T>(work: (tables: Tables) => T): Promise<T> {
    if (this.#closed) throw closedError();
    return work(this.#tables);
  }

  /** Work that throws has written nothing: each write is one step, taken after all that can fail. */
  async write<T>(work: (tables: Tables) => T): Promise<T> {
    const result = await this.read(work);
    this.feed.advance(this.#tables.head(), this.#tables.kindsAfter(this.feed.revision));
    return result;
  }

  close(): void {
    this.#closed = true;
    this.feed.end(closedError());
  }
}

class MemoryTables implements Tables {
  readonly #objects = new Map<string, Map<string, StoredObject>>();
  readonly #historyChanges: number;
  /** The last changes, in order, without a gap; the revision of the first is `#forgotten + 1`. */
  #history: Change[] = [];
  #forgotten = 0;

  constructor(historyChanges: number) {
    this.#historyChanges = historyChanges;
  }

  head(): number {
    return this.#forgotten + this.#history.length;
  }

  find(key: ResourceKey): StoredObject | undefined {
    return this.#objects.get(key.kind)?.get(keyText(key));
  }

  scan(kind: string, namespace?: string): StoredObject[] {
    const objects = [...(this.#objects.get(kind)?.values() ?? [])];
    return objects.filter(({ key }) => namespace === undefined || key.namespace === namespace).sort(byKey);
  }

  scanPage(kind: string, after: ResourceKey | undefined, limit: number): StoredObject[] {
    const later = this.scan(kind).filter(({ key }) => after === undefined || compareKeys(key, after) > 0);
    return later.slice(0, limit);
  }

  put(key: ResourceKey, value: string): number {
    const revision = this.#record(key, value);
    const objects = this.#objects.get(key.kind) ?? new Map<string, StoredObject>();
    this.#objects.set(key.kind, objects.set(keyText(key), { key, revision, value }));
    return revision;
  }

  remove(key: ResourceKey): void {
    this.#objects.get(key.kind)?.delete(keyText(key));
    this.#record(key, undefined);
  }

  changesAfter(kind: string, revision: number, limit: number): ChangePage | undefined {
    if (!(revision >= this.#forgotten && revision <= this.head())) return undefined;
    const later = this.#history.slice(revision - this.#forgotten);
    const changes = later.filter(({ key }) => key.kind === kind).slice(0, limit);
    return { changes, through: changes[limit - 1]?.revision ?? this.head() };
  }

  kindsAfter(revision: number): Set<string> {
    return new Set(this.#history.slice(revision - this.#forgotten).map(({ key }) => key.kind));
  }

  /** Forgets in strides, so that a write costs no copy of the whole history. */
  #record(key: ResourceKey, value: string | undefined): number {
    const revision = this.head() + 1;
    this.#history.push({ key, revision, value });
    if (this.#history.length >= 2 * this.#historyChanges) {
      this.#history = this.#history.slice(-this.#historyChanges);
      this.#forgotten = revision - this.#historyChanges;
    }
    return revision;
  }
}

function byKey(a: StoredObject, b: StoredObject): number {
  return compareKeys(a.key, b.key);
}

function compareKeys(a: ResourceKey, b: ResourceKey): number {
  return compare(a.namespace ?? '', b.namespace ?? '') || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function closedError(): DatastoreError {
  return new DatastoreError('closed', 'Cannot use the datastore in memory: it was closed. Make a new one.');
}
