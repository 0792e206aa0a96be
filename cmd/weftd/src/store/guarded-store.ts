/**
 * A datastore that is believed what it no longer has only while it is that of the daemon's cluster: lists and deletions are
 * handed on after a look at its identity, and one that has become another fails as if it were away. So routes and containers stay,
 * readiness says why, and all goes on by itself when the datastore is restored.
 */
import {
  type Datastore,
  DatastoreError,
  keyText,
  type ListOptions,
  type NameClaim,
  type OfKind,
  type ResourceKey,
  type ResourceList,
  type Revision,
  type WatchEvent,
  type WriteOutcome,
} from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';
import type { ClusterGuard } from './cluster-identity.ts';
import type { LateStore } from './late-store.ts';

/** The store of a daemon. */
export class GuardedStore implements Datastore {
  readonly #store: LateStore;
  readonly #identity: ClusterGuard;
  /** Something ended a watch, or a look has failed: what comes next may be another store. */
  #isSuspect = false;

  constructor(store: LateStore, identity: ClusterGuard) {
    this.#store = store;
    this.#identity = identity;
  }

  get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    return this.#store.get(key);
  }

  async list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    // Before and afterwards: it may be emptied in between, or restored, and what was read is that of an empty one.
    await this.#requireSame();
    const found = await this.#store.list(kind, options);
    await this.#requireSame();
    return found;
  }

  async create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    await this.#requireTrusted();
    return this.#store.create(resource);
  }

  async update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>> {
    await this.#requireTrusted();
    return this.#store.update(resource);
  }

  async delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>> {
    await this.#requireTrusted();
    return this.#store.delete(key, revision);
  }

  async *watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<K>, void, undefined> {
    try {
      for await (const event of this.#store.watch(kind, since, signal)) {
        if (event.kind === 'delete') await this.#requireGone(event.key);
        yield event;
      }
    } catch (error) {
      this.#isSuspect = true;
      throw error;
    }
  }

  claimName(name: string): Promise<NameClaim | undefined> {
    return this.#store.claimName(name);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** A store that was emptied and restored meanwhile has the object; what else changed then, no event tells. */
  async #requireGone(key: ResourceKey): Promise<void> {
    await this.#requireSame();
    const found = await this.#store.get(key).catch(unlessUnreadable);
    if (found === undefined) return;
    const what = `${key.kind} ${keyText(key)} is there again after it was deleted`;
    throw new DatastoreError(
      'compacted',
      `Cannot go on watching: ${what}. List again and go on from the list.`,
    );
  }

  async #requireTrusted(): Promise<void> {
    if (this.#isSuspect) await this.#requireSame();
  }

  async #requireSame(): Promise<void> {
    this.#isSuspect = true;
    this.#identity.require(await this.#store.get({ kind: 'ClusterInformation', name: 'default' }));
    this.#isSuspect = false;
  }
}

/** What nobody can read is told as deleted, too. */
function unlessUnreadable(error: unknown): undefined {
  if (error instanceof DatastoreError && error.code === 'corrupt') return undefined;
  throw error;
}
