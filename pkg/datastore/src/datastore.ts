/**
 * The one interface to a datastore. Drivers (embedded, etcd, Kubernetes) implement it and pass the contract
 * suite in `contract/` unchanged.
 *
 * What another writer can cause (an object is there already, gone, or newer) is an outcome, returned as data. What
 * the environment causes (the store is away, full, corrupt) throws a `DatastoreError` with a code.
 */
import type { Kind, ResourceOf } from '@weft/resources';

/** A point in the store's history: opaque text, written by the store into `metadata.resourceVersion`. */
export type Revision = string;

/** Names one object. `namespace` only for namespaced kinds (WorkloadEndpoint). */
export interface ResourceKey<K extends Kind = Kind> {
  readonly kind: K;
  readonly name: string;
  readonly namespace?: string;
}

/** A resource from whose `kind` field the compiler can tell its kind, which it cannot from `ResourceOf` alone. */
export type OfKind<K extends Kind> = ResourceOf<K> & { readonly kind: K };

/** All objects of one kind as they were at `revision`; a watch from that revision continues the view. */
export interface ResourceList<K extends Kind> {
  readonly items: ResourceOf<K>[];
  readonly revision: Revision;
}

/** An object that is stored and that nobody here can read; `reason` names the field. */
export interface UnreadableObject {
  readonly key: ResourceKey;
  readonly reason: string;
}

/** Some objects of a kind. */
export interface ResourcePage<K extends Kind> {
  readonly items: readonly ResourceOf<K>[];
  /** What `list` leaves out of this part. */
  readonly unreadable: readonly UnreadableObject[];
}

/**
 * Told of each stored value that `readResource` refuses, once a revision. A list leaves the object out, and a watch tells
 * it as a `delete`: one object that another program wrote badly must not stop all others. `get` throws `corrupt`.
 */
export type OnUnreadable = (key: ResourceKey, reason: string) => void;

/** What became of a write. Only `written` changed the store. */
export type WriteOutcome<K extends Kind> =
  | { readonly kind: 'written'; readonly resource: ResourceOf<K> }
  | { readonly kind: 'already-exists' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'not-found' };

/** One change, in the order of the store's history. */
export type WatchEvent<K extends Kind> =
  | { readonly kind: 'put'; readonly resource: ResourceOf<K>; readonly revision: Revision }
  | { readonly kind: 'delete'; readonly key: ResourceKey<K>; readonly revision: Revision };

/** A store of resources with compare-and-swap and watch. What it returns belongs to the caller, who may change it. */
export interface Datastore {
  /**
   * Kinds whose objects something else makes and removes (in Kubernetes: Nodes and Pods). `create` and `delete` refuse
   * them with `invalid-resource`; `update` writes what of them is ours.
   */
  readonly ownedElsewhere?: ReadonlySet<Kind>;

  /** The object, or undefined when there is none of that name. Throws `corrupt` when nobody can read it. */
  get<K extends Kind>(key: ResourceKey<K>): Promise<ResourceOf<K> | undefined>;

  /** Every object of the kind that the options keep, sorted by namespace and name. */
  list<K extends Kind>(kind: K, options?: ListOptions): Promise<ResourceList<K>>;

  /**
   * Every object of the kind in pages of at most `size`, in an order of the driver's, each as it was when its page was
   * read: for readers that must not hold them all. A driver without it is read by `list` (see `pagesOf`).
   */
  pages?<K extends Kind>(kind: K, size: number): AsyncIterable<ResourcePage<K>>;

  /**
   * Stores a new object under a new `metadata.uid` and `creationTimestamp`, whatever the caller put there.
   * `metadata.resourceVersion` must be absent (else `invalid-resource`), and `readResource` must take the value (else the
   * same). Outcomes: written, already-exists.
   */
  create<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>>;

  /**
   * Replaces an object if it still has `metadata.resourceVersion` (absent, or a value that
   * `readResource` refuses: `invalid-resource`); uid and creationTimestamp stay as they were. Outcomes: written, conflict, not-found.
   */
  update<K extends Kind>(resource: OfKind<K>): Promise<WriteOutcome<K>>;

  /** Removes an object; with `revision` only if it is still that one. Outcomes: written (what it was), conflict, not-found. */
  delete<K extends Kind>(key: ResourceKey<K>, revision?: Revision): Promise<WriteOutcome<K>>;

  /**
   * Every change of the kind after `since`, each once and in order, until `signal` aborts (then it returns). An object that
   * `selection` does not keep is told as a `delete` or not at all, whether the reader knew it or not.
   * Throws `DatastoreError` with code `compacted` when the store no longer has the history (list again), and with
   * `closed` when the store was closed under it.
   */
  watch<K extends Kind>(
    kind: K,
    since: Revision,
    signal: AbortSignal,
    selection?: Selection,
  ): AsyncIterable<WatchEvent<K>>;

  /** Ends all watches and lets go of the store; later calls throw `closed`. May be called twice. */
  close(): Promise<void>;
}

/** Narrows a list and the watch that goes on from it. */
export interface Selection {
  /** Keeps what has this `spec.node`. Of Pods, the API server of Kubernetes then sends no others. */
  readonly node?: string;
}

/** Narrows a list. */
export interface ListOptions extends Selection {
  readonly namespace?: string;
  /** Keeps what carries all of them. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** One code per cause; callers test the code, never the text. */
export type DatastoreErrorCode =
  | 'unavailable'
  | 'compacted'
  | 'invalid-resource'
  | 'read-only'
  | 'full'
  | 'corrupt'
  | 'newer-version'
  | 'closed';

/** The environment failed. The message has three parts: what happened, to which object, what to do next. */
export class DatastoreError extends Error {
  override readonly name = 'DatastoreError';
  readonly code: DatastoreErrorCode;

  constructor(code: DatastoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `namespace/name`, or `name` alone where there is no namespace: unique within a kind, as neither may hold a slash. */
export function keyText(key: { readonly name: string; readonly namespace?: string | undefined }): string {
  return key.namespace ? `${key.namespace}/${key.name}` : key.name;
}
