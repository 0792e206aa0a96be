/**
 * The datastore over any backend of this machine (an SQLite file, memory). All that a caller can observe is decided
 * here, once: the backends only keep rows.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import type {
  Datastore,
  ListOptions,
  OfKind,
  ResourceKey,
  ResourceList,
  ResourcePage,
  Revision,
  WatchEvent,
  WriteOutcome,
} from '../datastore.ts';
import type { Backend, StoredObject } from './backend.ts';
import {
  assertCreatable,
  assertUpdatable,
  decideCreate,
  decideDelete,
  decideUpdate,
  type WriteDecision,
} from './decide-write.ts';
import { decodeValue, encodeValue } from './stored-value.ts';
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

  constructor(backend: Backend, stamps: StampSource) {
    this.#backend = backend;
    this.#stamps = stamps;
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    const stored = await this.#backend.read((tables) => tables.find(key));
    return stored && this.#decode<K>(stored);
  }

  async list<K extends Kind>(kind: K, options: ListOptions = {}): Promise<ResourceList<K>> {
    const { rows, head } = await this.#backend.read((tables) => ({
      rows: tables.scan(kind, options.namespace),
      head: tables.head(),
    }));
    const items = rows.map((row) => this.#decode<K>(row)).filter((item) => carries(item, options.labels));
    return { items, revision: String(head) };
  }

  async *pages<K extends Kind>(kind: K, size: number): AsyncGenerator<ResourcePage<K>, void, undefined> {
    let rows: StoredObject[] = [];
    do {
      const after = rows.at(-1)?.key;
      rows = await this.#backend.read((tables) => tables.scanPage(kind, after, size));
      if (rows.length > 0) yield { items: rows.map((row) => this.#decode<K>(row)), unreadable: [] };
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

  watch<K extends Kind>(kind: K, since: Revision, signal: AbortSignal): AsyncIterable<WatchEvent<K>> {
    return watchHistory(this.#backend, kind, since, signal);
  }

  async close(): Promise<void> {
    this.#backend.close();
  }

  #write<K extends Kind>(
    key: ResourceKey<K>,
    decide: (current: ResourceOf<K> | undefined) => WriteDecision<K>,
  ): Promise<WriteOutcome<K>> {
    return this.#backend.write((tables) => {
      const stored = tables.find(key);
      const decision = decide(stored && this.#decode<K>(stored));
      if (decision.kind === 'put') {
        const value = encodeValue(decision.resource);
        const revision = tables.put(key, value);
        return { kind: 'written', resource: this.#decode<K>({ key, revision, value }) };
      }
      if (decision.kind !== 'remove') return decision;
      tables.remove(key);
      return { kind: 'written', resource: decision.removed };
    });
  }

  #decode<K extends Kind>(stored: StoredObject): ResourceOf<K> {
    return decodeValue<K>(stored, this.#backend.title);
  }

  #stamp() {
    const creationTimestamp = new Date(this.#stamps.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    return { uid: this.#stamps.uuid(), creationTimestamp };
  }
}

function keyOf<K extends Kind>({ kind, metadata: { name, namespace } }: OfKind<K>): ResourceKey<K> {
  return namespace === undefined ? { kind, name } : { kind, name, namespace };
}

function carries(resource: ResourceOf<Kind>, labels: ListOptions['labels'] = {}): boolean {
  return Object.entries(labels).every(([name, value]) => resource.metadata.labels?.[name] === value);
}
