/**
 * The cluster of a daemon that keeps nothing on disk: the first one its datastore names, for as long as the daemon runs.
 */
import { DatastoreError } from '@weft/datastore';
import type { ClusterInformation } from '@weft/resources';
import type { ClusterGuard } from './cluster-identity.ts';

/** The cluster of a route reflector. A datastore without ClusterInformation will do until there was one. */
export class FirstCluster implements ClusterGuard {
  #guid: string | undefined;

  /** Throws DatastoreError `unavailable` when the datastore is not that of the cluster any more. */
  require(found: ClusterInformation | undefined): void {
    const guid = found?.spec.clusterGUID;
    this.#guid ??= guid;
    if (guid === this.#guid) return;
    const what = guid === undefined ? 'It was emptied' : `It is that of cluster ${guid}`;
    throw new DatastoreError(
      'unavailable',
      `${what}, and this route reflector has the sessions of cluster ${this.#guid}, which go on as they are. Restore it, or, if only that object is gone, make ClusterInformation default with clusterGUID ${this.#guid}; to reflect for another cluster, restart the reflector.`,
    );
  }
}
