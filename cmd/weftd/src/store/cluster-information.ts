/**
 * The one object that is about the whole cluster: makes it where it is missing, and reads the lock in it.
 *
 * Source: Calico's EnsureInitialized (what is written), and its CNI plugin and Felix (what the lock stops).
 */
import type { Datastore, DatastoreChoice } from '@weft/datastore';
import { apiVersion, type ClusterInformation } from '@weft/resources';

/** How often others may be first; each of them has then done what was to be done here. */
const ATTEMPTS = 10;

/** Why nobody may be plugged in or out: in the words of a message, without a final full stop. */
export const LOCKED = 'the datastore is locked (ClusterInformation default: datastoreReady is false)';

/** What to do about the lock. */
export const LOCKED_HINT = 'Unlock it when whoever locked it is done: weftctl datastore migrate unlock.';

/** True while somebody has locked the datastore, as a migration does. */
export function isLocked(information: ClusterInformation | undefined): boolean {
  return information?.spec.datastoreReady === false;
}

/**
 * Makes the object, or gives it the identity it lacks; a lock stays. Throws DatastoreError.
 *
 * @param uuid draws an identifier of 32 hexadecimal digits, with or without dashes
 * @returns as it is afterwards
 */
export async function ensureClusterInformation(
  store: Datastore,
  type: DatastoreChoice['type'],
  uuid: () => string,
): Promise<ClusterInformation | undefined> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const current = await store.get({ kind: 'ClusterInformation', name: 'default' });
    const wanted = whole(current, type, uuid);
    if (wanted === undefined) return current;
    const outcome = current === undefined ? await store.create(wanted) : await store.update(wanted);
    if (outcome.kind === 'written') return outcome.resource;
  }
  return store.get({ kind: 'ClusterInformation', name: 'default' });
}

/** The object with what it lacks; undefined when it lacks nothing. A locked one is left as it is. */
function whole(
  current: ClusterInformation | undefined,
  type: DatastoreChoice['type'],
  uuid: () => string,
): ClusterInformation | undefined {
  if (isLocked(current)) return undefined;
  const { clusterGUID, clusterType, datastoreReady } = current?.spec ?? {};
  if (clusterGUID && datastoreReady !== undefined) return undefined;
  return {
    apiVersion,
    kind: 'ClusterInformation',
    ...current,
    metadata: current?.metadata ?? { name: 'default' },
    spec: {
      ...current?.spec,
      clusterGUID: clusterGUID || uuid().replaceAll('-', ''),
      clusterType: clusterType || (type === 'kubernetes' ? 'weft,kdd' : 'weft'),
      datastoreReady: true,
    },
  };
}
