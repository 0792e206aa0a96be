/**
 * Which datastore is meant, as data: what `openDatastore` opens, what `--datastore` and `--from` name, and what the
 * environment of calicoctl and of Calico's daemons chooses.
 */

/** A store that can be opened. Paths are of this machine; secrets never leave this object. */
export type DatastoreChoice = EmbeddedChoice | EtcdChoice | KubernetesChoice;

/** One SQLite file of this machine. */
export interface EmbeddedChoice {
  readonly type: 'embedded';
  readonly path: string;
}

/** An etcd cluster (API v3). */
export interface EtcdChoice {
  readonly type: 'etcd';
  /**
   * `http://host:2379` or `https://host:2379`, in order of preference, all of one scheme; or `unix:///path`, an etcd of this
   * machine.
   */
  readonly endpoints: readonly string[];
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsFiles;
}

/** The API server of a Kubernetes cluster. With neither kubeconfig nor server: ~/.kube/config, or the Pod's own account. */
export interface KubernetesChoice {
  readonly type: 'kubernetes';
  /** Path of a kubeconfig. */
  readonly kubeconfig?: string;
  /** The kubeconfig itself, as text. */
  readonly kubeconfigInline?: string;
  /** Context of the kubeconfig; its current one unless told. */
  readonly context?: string;
  /** `https://host:6443`, for use without a kubeconfig. */
  readonly server?: string;
  readonly token?: string;
  readonly tls?: TlsFiles & { readonly insecureSkipVerify?: boolean };
  /** Which CRDs hold the resources; found out from the server unless told (calico-compatible `CALICO_API_GROUP`). */
  readonly apiGroup?: 'crd.projectcalico.org/v1' | 'projectcalico.org/v3';
}

/** Certificates and keys, each as a file or as PEM text. */
export interface TlsFiles {
  readonly ca?: PemSource;
  readonly cert?: PemSource;
  readonly key?: PemSource;
}

/** PEM text, or the file it lies in; files are read again at each connection, since they are renewed. */
export type PemSource = { readonly file: string } | { readonly text: string };
