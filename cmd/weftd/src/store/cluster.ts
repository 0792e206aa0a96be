/** The cluster that a datastore lies in, for what is Kubernetes' own: Secrets, Services, ConfigMaps, the condition of a Node. */
import {
  type DatastoreChoice,
  type KubernetesChoice,
  type KubernetesCluster,
  openCluster,
} from '@weft/datastore';

/** A cluster that is opened when it is first needed. */
export class LateCluster {
  readonly #choice: KubernetesChoice;
  #cluster: KubernetesCluster | undefined;

  constructor(choice: KubernetesChoice) {
    this.#choice = choice;
  }

  /** The cluster of a datastore; undefined for stores that are in none. */
  static of(choice: DatastoreChoice): LateCluster | undefined {
    return choice.type === 'kubernetes' ? new LateCluster(choice) : undefined;
  }

  /** Throws DatastoreError when nothing says where the cluster is. */
  open(): KubernetesCluster {
    this.#cluster ??= openCluster(this.#choice);
    return this.#cluster;
  }

  /** Ends what is under way. */
  close(): void {
    this.#cluster?.close();
  }
}
