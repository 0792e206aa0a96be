/**
 * A datastore with something around each call: a fault, a turn to wait for, another operation in between.
 */
import type {
  Datastore,
  ListOptions,
  OfKind,
  ResourceKey,
  ResourceList,
  Revision,
  Selection,
  WatchEvent,
  WriteOutcome,
} from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';

/** One call to the store. `name` is undefined for a list. */
export interface StoreCall {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'delete';
  readonly kind: Kind;
  readonly name?: string;
}

/** What happens in place of a call; `perform` makes the call. */
export type Around = <T>(call: StoreCall, perform: () => Promise<T>) => Promise<T>;

/** True for a call that may change the store. */
export function isWrite({ verb }: StoreCall): boolean {
  return verb !== 'get' && verb !== 'list';
}

/** The store as seen through `around`. */
export function interceptStore(store: Datastore, around: Around): Datastore {
  return new InterceptedStore(store, around);
}

class InterceptedStore implements Datastore {
  readonly #store: Datastore;
  readonly #around: Around;

  constructor(store: Datastore, around: Around) {
    this.#store = store;
    this.#around = around;
  }

  get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    return this.#around({ verb: 'get', ...key }, () => this.#store.get(key));
  }

  list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    return this.#around({ verb: 'list', kind }, () => this.#store.list(kind, options));
  }

  create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return this.#around(callOn('create', resource), () => this.#store.create(resource));
  }

  update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return this.#around(callOn('update', resource), () => this.#store.update(resource));
  }

  delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    return this.#around({ verb: 'delete', ...key }, () => this.#store.delete(key, revision));
  }

  watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection?: Selection,
  ): AsyncIterable<WatchEvent<K>> {
    return this.#store.watch(kind, since, signal, selection);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

function callOn(
  verb: StoreCall['verb'],
  { kind, metadata }: { readonly kind: Kind; readonly metadata: { readonly name: string } },
): StoreCall {
  return { verb, kind, name: metadata.name };
}
