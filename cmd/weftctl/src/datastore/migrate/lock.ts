/** `weftctl datastore migrate lock` and `unlock`. */
import type { Report } from '../../failure.ts';
import type { WhereOptions } from '../../options.ts';
import { withStore } from '../../where.ts';
import { setDatastoreReady } from '../cluster-information.ts';

/** Tells every component that the datastore is not ready, until `unlock`. */
export async function lock(where: WhereOptions): Promise<Report> {
  await withStore(where, false, (store) => setDatastoreReady(store, false));
  return { text: 'Datastore locked.', failures: [] };
}

/** Takes the lock away; without a lock it changes nothing. */
export async function unlock(where: WhereOptions): Promise<Report> {
  await withStore(where, false, (store) => setDatastoreReady(store, true));
  return { text: 'Datastore unlocked.', failures: [] };
}
