/** The cluster that a datastore lies in, for what is Kubernetes' own. */
import { type DatastoreChoice, type KubernetesCluster, openCluster } from '@weft/datastore';

/** Opens the cluster at the first call, which throws DatastoreError when it cannot; undefined for stores that are in none. */
export function lateCluster(choice: DatastoreChoice): (() => KubernetesCluster) | undefined {
  if (choice.type !== 'kubernetes') return undefined;
  let cluster: KubernetesCluster | undefined;
  return () => {
    cluster ??= openCluster(choice);
    return cluster;
  };
}
