/**
 * What a driver of one machine has to offer so that `LocalStore` can make a datastore of it: a table of objects, a
 * bounded history of their changes, transactions around both, and news of changes.
 *
 * The methods of `Tables` are synchronous and run only inside `read` or `write`.
 */
import type { ResourceKey } from '../datastore.ts';
import type { ChangeFeed } from './change-feed.ts';

/** An object at rest: `value` is its JSON without `metadata.resourceVersion`, which is `revision`. */
export interface StoredObject {
  readonly key: ResourceKey;
  readonly revision: number;
  readonly value: string;
}

/** One entry of the history; `value` is undefined when the object was removed. */
export interface Change {
  readonly key: ResourceKey;
  readonly revision: number;
  readonly value: string | undefined;
}

/** Changes in order, complete up to `through`: the newest revision of the store, or the last change of a full page. */
export interface ChangePage {
  readonly changes: readonly Change[];
  readonly through: number;
}

/** The data, seen from inside a transaction. */
export interface Tables {
  /** The last revision given out; 0 when nothing was ever written. */
  head(): number;
  find(key: ResourceKey): StoredObject | undefined;
  /** The objects of a kind, sorted by namespace and name. */
  scan(kind: string, namespace?: string): StoredObject[];
  /** The next `limit` objects of a kind after the key, in the order of `scan`; from the start without a key. */
  scanPage(kind: string, after: ResourceKey | undefined, limit: number): StoredObject[];
  /** Stores the object under the next revision, which it returns. */
  put(key: ResourceKey, value: string): number;
  /** Removes the object under the next revision. */
  remove(key: ResourceKey): void;
  /** At most `limit` changes of the kind after `revision`, or undefined when that history is not (or not yet) there. */
  changesAfter(kind: string, revision: number, limit: number): ChangePage | undefined;
}

/** Where a `LocalStore` keeps its data. */
export interface Backend {
  /** How messages call this store, as in "the datastore file /var/lib/weft/weft.db". */
  readonly title: string;
  /** Announces changes, but only as long as somebody holds what `keepFeedCurrent` returned. */
  readonly feed: ChangeFeed;
  keepFeedCurrent(): Disposable;
  /** Runs `work` on one consistent state of the data. Throws DatastoreError. */
  read<T>(work: (tables: Tables) => T): Promise<T>;
  /** Runs `work` as the only writer; all of it is stored, or nothing when it throws. Throws DatastoreError. */
  write<T>(work: (tables: Tables) => T): Promise<T>;
  close(): void;
}
