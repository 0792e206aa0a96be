/**
 * Makes sure that only one process goes by a name, as a daemon does by the name of its node. How is the driver's business: a
 * lock of the operating system on a file's store, a lease in etcd.
 */
import type { Datastore } from './datastore.ts';

/** Outcome of `claimName`: the name is ours until `release` or the end of the process, or another process has it. */
export type NameClaim =
  | {
      readonly kind: 'claimed';
      readonly release: () => void;
      /**
       * Aborts when the claim was lost although nobody released it: this process was cut off from the store for longer than
       * the lease, and another has taken the name since. Absent where that cannot happen.
       */
      readonly lost?: AbortSignal;
    }
  | { readonly kind: 'taken'; readonly by: NameHolder };

/** Who holds a name. */
export interface NameHolder {
  /** Undefined when that process is in a PID namespace that we cannot see. */
  readonly pid: number | undefined;
  /** The host it runs on; absent where there is only one. */
  readonly host?: string;
}

/** A store that gives out names. */
export interface NameClaiming {
  /**
   * Takes a name for this process among all that use the store. The claim ends with `release`, with `close`, or with the
   * process: at once, or in etcd after a lease of 15 s where the end of the process cannot be seen from here. `taken` is
   * therefore answered after that time at the latest. Throws DatastoreError.
   */
  claimName(name: string): Promise<NameClaim>;
}

/** True for a store that gives out names. In Kubernetes the names of nodes are unique without it. */
export function claimsNames(store: Datastore): store is Datastore & NameClaiming {
  return 'claimName' in store;
}
