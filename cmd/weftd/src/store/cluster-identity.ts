/**
 * Which cluster this node's routes and containers belong to, by the identity in ClusterInformation: known from the start on,
 * and kept in a file beside the node's name for the next one.
 *
 * A datastore that was emptied, replaced or mistaken says "nothing is wanted" like any other. Whoever believed it would take the
 * routes of all containers out of the kernel. So it counts as away until it is the one that was worked with before.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatastoreError } from '@weft/datastore';
import type { ClusterInformation } from '@weft/resources';

/** Says whether a datastore is the one that was worked with before. */
export interface ClusterGuard {
  /** Throws DatastoreError `unavailable` where it is not. */
  require(found: ClusterInformation | undefined): void;
}

/** The identity of one node's cluster. */
export class ClusterIdentity implements ClusterGuard {
  readonly #path: string;
  readonly #hasRoutes: () => boolean;
  /** Undefined before the start has accepted a datastore. */
  #accepted: string | undefined;

  /**
   * @param nodenameFile the file with the node's name: the identity lies beside it
   * @param hasRoutes the kernel forwards by routes of an earlier weftd: there is something to lose
   */
  constructor(nodenameFile: string, hasRoutes: () => boolean) {
    this.#path = join(dirname(nodenameFile), 'cluster');
    this.#hasRoutes = hasRoutes;
  }

  /**
   * To be asked before anything is written into a datastore. Throws DatastoreError `unavailable` where it is not the one that
   * the routes in the kernel came from; a kernel without any has nothing to lose.
   */
  requireAtStart(found: ClusterInformation | undefined): void {
    if (!this.#hasRoutes()) return;
    const kept = this.#read();
    const guid = found?.spec.clusterGUID;
    if (kept === undefined ? guid !== undefined : guid === kept) return;
    throw isAnother(kept, guid);
  }

  /** Works with this cluster from now on, and remembers it. Throws what the file system throws. */
  accept(guid: string): void {
    this.#accepted = guid;
    if (this.#read() === guid) return;
    mkdirSync(dirname(this.#path), { recursive: true });
    const fresh = `${this.#path}.${process.pid}`;
    writeFileSync(fresh, guid, { mode: 0o644 });
    renameSync(fresh, this.#path);
  }

  /** Throws DatastoreError `unavailable` when the datastore is not that of the accepted cluster any more, or not to be accepted. */
  require(found: ClusterInformation | undefined): void {
    const guid = found?.spec.clusterGUID;
    if (this.#accepted === undefined) this.requireAtStart(found);
    else if (guid !== this.#accepted) throw isAnother(this.#accepted, guid);
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#path, 'utf8').trim() || undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function isAnother(known: string | undefined, found: string | undefined): DatastoreError {
  const what = found === undefined ? 'It was emptied' : `It is that of cluster ${found}`;
  const whose = known === undefined ? 'an earlier weftd' : `cluster ${known}`;
  const repair =
    known === undefined
      ? ''
      : `, or, if only that object is gone, make ClusterInformation default with clusterGUID ${known}`;
  return new DatastoreError(
    'unavailable',
    `${what}, and this node has routes and containers of ${whose}, which are left as they are. Restore it${repair}; to begin anew without these containers, stop weftd, run "ip route flush proto weft" and "ip -6 route flush proto weft", and start weftd.`,
  );
}
