/**
 * A datastore that only a leader can write. A controller that lost its lease half-way through its work must not finish it:
 * each write asks first.
 */
import { type Datastore, DatastoreError } from '@weft/datastore';

/** The store with that fence around its writes; they throw `unavailable` when `mayWrite` says no. */
export function fencedStore(store: Datastore, mayWrite: () => boolean): Datastore {
  const fenced = <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (!mayWrite()) throw notLeading();
      return write(...args);
    };
  };
  return {
    ...(store.ownedElsewhere && { ownedElsewhere: store.ownedElsewhere }),
    get: (key) => store.get(key),
    list: (kind, options) => store.list(kind, options),
    watch: (kind, since, signal, selection) => store.watch(kind, since, signal, selection),
    create: fenced((resource) => store.create(resource)) as Datastore['create'],
    update: fenced((resource) => store.update(resource)) as Datastore['update'],
    delete: fenced((key, revision) => store.delete(key, revision)) as Datastore['delete'],
    close: () => store.close(),
  };
}

function notLeading(): DatastoreError {
  const text =
    'Nothing was written: this controller does not lead any more. The one that leads does the rest.';
  return new DatastoreError('unavailable', text);
}
