/** A store whose user dies after so many writes: what a command leaves behind when it is cut off. */
import { type Datastore, DatastoreError } from '@weft/datastore';

/** The store until `writes` writes were made; every later one throws, and changes nothing. */
export function dyingAfter(store: Datastore, writes: number): Datastore {
  let left = writes;
  const dying =
    <Arguments extends unknown[], Result>(write: (...args: Arguments) => Promise<Result>) =>
    async (...args: Arguments): Promise<Result> => {
      if (left-- <= 0) throw new DatastoreError('unavailable', 'The test cut the command off.');
      return write(...args);
    };
  return {
    get: store.get.bind(store),
    list: store.list.bind(store),
    watch: store.watch.bind(store),
    close: store.close.bind(store),
    create: dying(store.create.bind(store)) as Datastore['create'],
    update: dying(store.update.bind(store)) as Datastore['update'],
    delete: dying(store.delete.bind(store)) as Datastore['delete'],
  };
}
