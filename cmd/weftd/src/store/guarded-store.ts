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
  type OnUnreadable,
  type ResourceKey,
  type ResourceList,
  type Revision,
  type Selection,
  type WatchEvent,
  type WriteOutcome,
} from '@weft/datastore';
import type { Kind, ResourceOf } from '@weft/resources';
import type { ClusterGuard } from './cluster-identity.ts';
import type { LateStore } from './late-store.ts';
import { runsOf } from './runs.ts';
import { getReadable } from './unreadable.ts';

/** Events of a watch that are held at once while somebody looks whether they are to be believed. */
const MOST_HELD = 1000;

/** The store of a daemon. */
export class GuardedStore implements Datastore {
  readonly #store: LateStore;
  readonly #identity: ClusterGuard;
  readonly #unreadable: OnUnreadable;
  /** Something ended a watch, or a look has failed: what comes next may be another store. */
  #isSuspect = false;
  /** Which state of the identity's object each kind was last listed under. */
  readonly #listedUnder = new Map<Kind, string>();

  /** @param unreadable told of each object that somebody asks for, and that nobody can read */
  constructor(store: LateStore, identity: ClusterGuard, unreadable: OnUnreadable = () => undefined) {
    this.#store = store;
    this.#identity = identity;
    this.#unreadable = unreadable;
  }

  async get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined> {
    try {
      return await this.#store.get(key);
    } catch (error) {
      if (error instanceof DatastoreError && error.code === 'corrupt') this.#unreadable(key, error.message);
      throw error;
    }
  }

  async list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>> {
    // Before and afterwards: it may be emptied in between, or restored, and what was read is that of an empty one.
    const state = await this.#requireSame();
    const found = await this.#store.list(kind, options);
    await this.#requireSame();
    this.#listedUnder.set(kind, state);
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
    selection?: Selection,
  ): AsyncGenerator<WatchEvent<K>, void, undefined> {
    const state = this.#listedUnder.get(kind);
    const open = (until: AbortSignal): AsyncIterable<WatchEvent<K>> =>
      this.#store.watch(kind, since, until, selection);
    try {
      for await (const events of runsOf(open, signal, isDeletion, MOST_HELD)) {
        const gone = events.flatMap((event) => (event.kind === 'delete' ? [event.key] : []));
        if (gone.length > 0) await this.#requireGone(gone, state);
        yield* events;
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

  /**
   * One look is enough for all deletions that came before it. A store that was emptied and restored meanwhile, which shows in
   * another state of its identity's object, has the objects again; what else changed then, no event tells.
   */
  async #requireGone(keys: readonly ResourceKey[], state: string | undefined): Promise<void> {
    if ((await this.#requireSame()) === state) return;
    for (const key of keys) {
      // What nobody can read is told as deleted, too.
      const found = await getReadable(this.#store, key);
      if (found === undefined) continue;
      const what = `${key.kind} ${keyText(key)} is there again after it was deleted`;
      throw new DatastoreError(
        'compacted',
        `Cannot go on watching: ${what}. List again and go on from the list.`,
      );
    }
  }

  async #requireTrusted(): Promise<void> {
    if (this.#isSuspect) await this.#requireSame();
  }

  /** @returns which state of the identity's object it found */
  async #requireSame(): Promise<string> {
    this.#isSuspect = true;
    const found = await this.#store.get({ kind: 'ClusterInformation', name: 'default' });
    this.#identity.require(found);
    this.#isSuspect = false;
    return `${found?.metadata.uid} ${found?.metadata.resourceVersion}`;
  }
}

/** What is gone may be gone with the whole store; what is there can be told at once. */
function isDeletion({ kind }: { readonly kind: string }): boolean {
  return kind === 'delete';
}
