/**
 * What the fault server keeps: objects under one revision counter, and the changes that made them.
 */
import { randomUUID } from 'node:crypto';

/** An object of the API, as JSON. */
export interface StoredObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** One change of a collection. Collections are called by their paths, `crd.projectcalico.org/v1/ippools`. */
export interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: StoredObject;
}

/** Objects and history; decides nothing about who may write what. */
export class Objects {
  #revision = 1000;
  #floor = 0;
  /** The changes of each collection, in order. */
  readonly #history = new Map<string, Change[]>();
  readonly #collections = new Map<string, Map<string, StoredObject>>();
  readonly #listeners = new Set<() => void>();

  /** The revision of the newest change. */
  get revision(): number {
    return this.#revision;
  }

  get(collection: string, name: string, namespace = ''): StoredObject | undefined {
    return this.#of(collection).get(`${namespace}/${name}`);
  }

  /** Sorted as etcd sorts keys, all or one namespace. */
  list(collection: string, namespace?: string): StoredObject[] {
    const entries = [...this.#of(collection)].sort(([a], [b]) => (a < b ? -1 : 1));
    const objects = entries.map(([, object]) => object);
    return namespace === undefined
      ? objects
      : objects.filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Stores an object as it is but for what only the server decides. */
  put(collection: string, object: StoredObject): StoredObject {
    const { name, namespace = '' } = object.metadata;
    const current = this.get(collection, name, namespace);
    const stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: current?.metadata.uid ?? randomUUID(),
        creationTimestamp:
          current?.metadata.creationTimestamp ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        generation: 1,
        managedFields: [{ manager: 'fault-api-server', operation: 'Update' }],
        resourceVersion: String(++this.#revision),
      },
    };
    this.#of(collection).set(`${namespace}/${name}`, stored);
    this.#record(collection, current ? 'MODIFIED' : 'ADDED', stored);
    return stored;
  }

  remove(collection: string, { metadata, ...rest }: StoredObject): void {
    this.#of(collection).delete(`${metadata.namespace ?? ''}/${metadata.name}`);
    const last = { ...rest, metadata: { ...metadata, resourceVersion: String(++this.#revision) } };
    this.#record(collection, 'DELETED', last);
  }

  /** The changes of a collection after a revision; undefined when some of them are forgotten. */
  changesAfter(collection: string, revision: number): Change[] | undefined {
    if (revision < this.#floor) return undefined;
    const changes = this.#history.get(collection) ?? [];
    const seen = changes.findLastIndex((change) => change.revision <= revision);
    return changes.slice(seen + 1);
  }

  /** Forgets all changes so far. */
  compact(): void {
    this.#floor = this.#revision;
    this.#history.clear();
  }

  /** Calls back after every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(collection: string): Map<string, StoredObject> {
    const found = this.#collections.get(collection) ?? new Map<string, StoredObject>();
    this.#collections.set(collection, found);
    return found;
  }

  #record(collection: string, type: Change['type'], object: StoredObject): void {
    const changes = this.#history.get(collection) ?? [];
    changes.push({ revision: this.#revision, type, object });
    this.#history.set(collection, changes);
    for (const listener of this.#listeners) listener();
  }
}
