/**
 * Where the API server is, and how one shows who one is.
 */
import type { TextSource } from './file-source.ts';

/** What a kubeconfig, a Pod's account or the settings of calicoctl come down to. */
export interface Connection {
  /** `https://host:6443`, perhaps with a path; no slash at the end. */
  readonly server: string;
  readonly ca?: TextSource;
  readonly insecureSkipVerify: boolean;
  /** The name the server's certificate must carry, when it is not the one in the address. */
  readonly tlsServerName?: string;
  readonly credentials: CredentialSource;
}

/** What goes along with a request to show who one is. */
export interface Credentials {
  readonly token?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Gives the credentials of now. `renew` says that the last ones were refused. */
export type CredentialSource = (renew: boolean) => Promise<Credentials>;
