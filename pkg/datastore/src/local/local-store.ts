/**
 * The datastore over any backend of this machine (an SQLite file, memory). All that a caller can observe is decided
 * here, once: the backends only keep rows.
 */
import { apiVersion, type Kind, type ResourceOf } from '@weft/resources';
import {
  type Datastore,
  DatastoreError,
  type ListOptions,
  type OfKind,
  type OnUnreadable,
  type ResourceKey,
  type ResourceList,
  type ResourcePage,
  type Revision,
  type Selection,
  type UnreadableObject,
  type WatchEvent,
  type WriteOutcome,
} from '../datastore.ts';
import type { Backend, StoredObject, Tables } from './backend.ts';
import {
  assertCreatable,
  assertUpdatable,
  type Current,
  decideCreate,
  decideDelete,
  decideUpdate,
  type WriteDecision,
} from './decide-write.ts';
import { describeKey, encodeValue, readValue, StoredReader, stampOf } from './stored-value.ts';
import { watchHistory } from './watch-history.ts';

/** Where new objects get their time and identity from. */
export interface StampSource {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly uuid: () => string;
}

/** A `Datastore` whose data a `Backend` keeps. */
export class LocalStore implements Datastore {
  readonly #backend: Backend;
  readonly #stamps: StampSource;
  readonly #reader: StoredReader;

  constructor(backend: Backend, stamps: StampSource, onUnreadable?: OnUnreadable) {
    this.#backend = backend;
    this.#stamps = stamps;
    this.#reader = new StoredReader(backend.title, onUnreadable);
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    const stored = await this.#backend.read((tables) => tables.find(key));
    return stored && this.#reader.read<K>(stored);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ResourceList<K>> {
    const { rows, head } = await this.#backend.read((tables) => ({
      rows: tables.scan(kind, options.namespace),
      head: tables.head(),
    }));
    const items = rows.flatMap((row) => this.#reader.tryRead<K>(row, options) ?? []);
    return { items, revision: String(head) };
  }

  async *pages<K extends Kind>(kind: K, size: number): AsyncGenerator<ResourcePage<K>, void, undefined> {
    let rows: StoredObject[] = [];
    do {
      const after = rows.at(-1)?.key;
      rows = await this.#backend.read((tables) => tables.scanPage(kind, after, size));
      if (rows.length > 0) yield toPage<K>(rows);
    } while (rows.length === size);
  }

  async create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    assertCreatable(resource);
    return this.#write(keyOf(resource), (current) => decideCreate(current, resource, this.#stamp()));
  }

  async update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    assertUpdatable(resource);
    return this.#write(keyOf(resource), (current) => decideUpdate(current, resource));
  }

  async delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    return this.#write(key, (current) => decideDelete(current, revision));
  }

  watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection?: Selection,
  ): AsyncIterable<WatchEvent<K>> {
    const read = (stored: StoredObject) => this.#reader.tryRead<K>(stored, selection);
    return watchHistory(this.#backend, read, kind, since, signal);
  }

  async close(): Promise<void> {
    this.#backend.close();
  }

  #write<K extends Kind>(
    key: ResourceKey<K>,
    decide: (current: Current | undefined) => WriteDecision<K>,
  ): Promise<WriteOutcome<K>> {
    return this.#backend.write((tables) => {
      const stored = tables.find(key);
      const decision = decide(stored && { ...stampOf(stored), resourceVersion: String(stored.revision) });
      if (decision.kind === 'put') return { kind: 'written', resource: put(tables, key, decision.resource) };
      if (decision.kind !== 'remove') return decision;
      tables.remove(key);
      return { kind: 'written', resource: removed<K>(stored as StoredObject) };
    });
  }

  #stamp() {
    const creationTimestamp = new Date(this.#stamps.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    return { uid: this.#stamps.uuid(), creationTimestamp };
  }
}

/** Stores what `readValue` gives back, and nothing that it refuses. */
function put<K extends Kind>(tables: Tables, key: ResourceKey<K>, resource: ResourceOf<K>): ResourceOf<K> {
  const value = encodeValue(resource);
  const revision = tables.head() + 1;
  const read = readValue<K>({ key, revision, value });
  if (read.ok) {
    tables.put(key, value);
    return read.resource;
  }
  throw new DatastoreError(
    'invalid-resource',
    `Cannot store ${describeKey(key)}: ${read.reason}. Correct that field.`,
  );
}

/** What an object was; one that cannot be read is its key alone. */
function removed<K extends Kind>(stored: StoredObject): ResourceOf<K> {
  const read = readValue<K>(stored);
  if (read.ok) return read.resource;
  const { kind, ...metadata } = stored.key;
  return { apiVersion, kind, metadata } as unknown as ResourceOf<K>;
}

function toPage<K extends Kind>(rows: readonly StoredObject[]): ResourcePage<K> {
  const page = { items: [] as ResourceOf<K>[], unreadable: [] as UnreadableObject[] };
  for (const row of rows) {
    const read = readValue<K>(row);
    if (read.ok) page.items.push(read.resource);
    else page.unreadable.push({ key: row.key, reason: read.reason });
  }
  return page;
}

function keyOf<K extends Kind>({ kind, metadata: { name, namespace } }: OfKind<K>): ResourceKey<K> {
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}
