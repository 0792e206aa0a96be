/**
 * A datastore that need not be there when the daemon starts: it is opened when it is first needed, and at each need again
 * until that succeeds. From then on it is the store itself, whose driver waits out what comes later.
 */
import {
  claimsNames,
  type Datastore,
  DatastoreError,
  type ListOptions,
  type NameClaim,
  type OfKind,
  type ResourceKey,
  type ResourceList,
  type Revision,
  type Selection,
  type WatchEvent,
  type WriteOutcome,
} from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';

/** Every operation opens the store when it is not open yet, and throws what opening throws. */
export class LateStore implements Datastore {
  readonly #open: () => Promise<Datastore>;
  /** Shared by all who ask while it is under way. */
  #opening: Promise<Datastore> | undefined;
  #store: Datastore | undefined;
  #isClosed = false;

  /** @param open opens the store; called until it succeeds once */
  constructor(open: () => Promise<Datastore>) {
    this.#open = open;
  }

  /** Opens the store, unless it is open. */
  async open(): Promise<Datastore> {
    if (this.#isClosed) throw new DatastoreError('closed', 'The datastore was closed by this process.');
    this.#opening ??= this.#openOnce();
    return this.#opening;
  }

  async #openOnce(): Promise<Datastore> {
    try {
      const store = await this.#open();
      this.#store = store;
      // Nobody waits for a store that came too late.
      if (this.#isClosed) await store.close();
      return store;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Takes a name for this process among all that use the store; undefined where the store has no such thing. */
  async claimName(name: string): Promise<NameClaim | undefined> {
    const store = await this.open();
    return claimsNames(store) ? store.claimName(name) : undefined;
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    return (await this.open()).get(key);
  }

  async list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    return (await this.open()).list(kind, options);
  }

  async create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return (await this.open()).create(resource);
  }

  async update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    return (await this.open()).update(resource);
  }

  async delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    return (await this.open()).delete(key, revision);
  }

  async *watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection?: Selection,
  ): AsyncGenerator<WatchEvent<K>, void, undefined> {
    yield* (await this.open()).watch(kind, since, signal, selection);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#store?.close();
  }
}
