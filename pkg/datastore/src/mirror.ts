/**
 * Keeps the current objects of several kinds in memory, as the daemon needs them: whoever computes from the whole state
 * reads the maps, and is told when they changed.
 */
import type { Kind, ResourceOf } from '@weft/resources';
import { type Datastore, type DatastoreError, keyText } from './datastore.ts';
import { type FollowEvent, follow, type Pacing } from './follow.ts';

/** What just changed in a mirror: the event of one kind, already applied. */
export type MirrorChange<K extends Kind> = K extends Kind
  ? { readonly resourceKind: K; readonly event: FollowEvent<K> }
  : never;

/** A live copy of some kinds of a datastore. */
export interface Mirror<K extends Kind> {
  /** The objects of a kind by `keyText`; a live view, in no order. */
  objects<T extends K>(kind: T): ReadonlyMap<string, ResourceOf<T>>;
  /** True from the moment every kind was listed once; it stays true when the store goes away. */
  readonly inSync: boolean;
  /** Resolves when `inSync` is true; rejects as `finished` does, and when the mirror is closed before. */
  whenInSync(): Promise<void>;
  /** The kinds that are out of date just now, with the failure that is being waited out. */
  readonly interruptions: ReadonlyMap<K, DatastoreError>;
  /** Resolves after `close`. Rejects with a failure that will not pass by itself, or that `onChange` threw. */
  readonly finished: Promise<void>;
  /** Stops following; the maps stay as they are. Never rejects: failures are told by `finished`. */
  close(): Promise<void>;
}

/**
 * Mirrors some kinds of a store, calling `onChange` after every snapshot, change and interruption. The kinds are
 * followed one by one: between them there is no common point in time, so compute from what is there and again on change.
 */
export function mirror<const K extends Kind>(
  store: Datastore,
  kinds: readonly K[],
  onChange: (change: MirrorChange<K>) => void,
  pacing?: Pacing,
): Mirror<K> {
  return new StoreMirror(store, kinds, onChange, pacing);
}

class StoreMirror<K extends Kind> implements Mirror<K> {
  readonly interruptions = new Map<K, DatastoreError>();
  readonly finished: Promise<void>;
  readonly #objects: ReadonlyMap<K, Map<string, ResourceOf<K>>>;
  readonly #unlisted: Set<K>;
  readonly #onChange: (change: MirrorChange<K>) => void;
  readonly #stop = new AbortController();
  readonly #synced = Promise.withResolvers<void>();

  constructor(
    store: Datastore,
    kinds: readonly K[],
    onChange: (change: MirrorChange<K>) => void,
    pacing: Pacing | undefined,
  ) {
    this.#objects = new Map(kinds.map((kind) => [kind, new Map()]));
    this.#unlisted = new Set(kinds);
    this.#onChange = onChange;
    this.finished = this.#followAll(store, kinds, pacing);
  }

  objects<T extends K>(kind: T): ReadonlyMap<string, ResourceOf<T>> {
    return this.#objectsOf(kind);
  }

  get inSync(): boolean {
    return this.#unlisted.size === 0;
  }

  async whenInSync(): Promise<void> {
    await Promise.race([this.#synced.promise, this.finished]);
    if (!this.inSync) throw new Error('The mirror was closed before it was in sync.');
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.finished.catch(() => undefined);
  }

  async #followAll(store: Datastore, kinds: readonly K[], pacing: Pacing | undefined): Promise<void> {
    try {
      await Promise.all(kinds.map((kind) => this.#followOne(store, kind, pacing)));
    } finally {
      this.#stop.abort();
    }
  }

  async #followOne(store: Datastore, kind: K, pacing: Pacing | undefined): Promise<void> {
    for await (const event of follow(store, kind, this.#stop.signal, {}, pacing)) {
      this.#apply(kind, event);
      this.#onChange({ resourceKind: kind, event } as MirrorChange<K>);
    }
  }

  #apply(kind: K, event: FollowEvent<K>): void {
    const objects = this.#objectsOf(kind);
    switch (event.kind) {
      case 'snapshot':
        objects.clear();
        for (const item of event.items) objects.set(keyText(item.metadata), item);
        this.#listed(kind);
        break;
      case 'put':
        objects.set(keyText(event.resource.metadata), event.resource);
        break;
      case 'delete':
        objects.delete(keyText(event.key));
        break;
      case 'interrupted':
        this.interruptions.set(kind, event.error);
    }
  }

  #listed(kind: K): void {
    this.interruptions.delete(kind);
    this.#unlisted.delete(kind);
    if (this.inSync) this.#synced.resolve();
  }

  #objectsOf<T extends K>(kind: T): Map<string, ResourceOf<T>> {
    const objects = this.#objects.get(kind);
    if (objects) return objects as unknown as Map<string, ResourceOf<T>>;
    throw new Error(`This mirror does not follow ${kind}.`);
  }
}
