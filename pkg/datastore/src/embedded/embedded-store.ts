/**
 * The embedded driver: a datastore in one SQLite file, shared by every process of the machine.
 */
import { randomUUID } from 'node:crypto';
import type { Datastore, OnUnreadable } from '../datastore.ts';
import { LocalStore, type StampSource } from '../local/local-store.ts';
import type { NameClaim, NameClaiming } from '../name-claiming.ts';
import { claimName } from './claim-name.ts';
import { openFile } from './open-file.ts';
import { SqliteBackend } from './sqlite-backend.ts';

/** How to open a datastore file; time and identifiers are the system's unless told. */
export interface EmbeddedOptions extends Partial<StampSource> {
  readonly path: string;
  /** Makes the file when it is not there; otherwise that is an error. Its directory must exist. */
  readonly create?: boolean;
  /** How many changes a watch can fall behind before it gets `compacted`; 10,000 unless told. */
  readonly historyChanges?: number;
  readonly onUnreadable?: OnUnreadable;
}

/** A datastore in a file of this machine. */
export interface EmbeddedStore extends Datastore, NameClaiming {}

/**
 * Opens a datastore file.
 *
 * @throws DatastoreError `unavailable` (not there, locked for 10 s, disk error), `corrupt` (damaged, or not a weft
 * datastore), `newer-version`, `read-only`, `full`
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedStore> {
  const file = await openFile(options.path, options.create ?? false);
  const stamps = { now: options.now ?? Date.now, uuid: options.uuid ?? randomUUID };
  return new FileStore(
    new SqliteBackend(file, options.historyChanges ?? 10_000),
    stamps,
    file.path,
    options.onUnreadable,
  );
}

class FileStore extends LocalStore implements EmbeddedStore {
  readonly #path: string;
  readonly #claims = new Set<NameClaim & { readonly kind: 'claimed' }>();

  constructor(backend: SqliteBackend, stamps: StampSource, path: string, onUnreadable?: OnUnreadable) {
    super(backend, stamps, onUnreadable);
    this.#path = path;
  }

  async claimName(name: string): Promise<NameClaim> {
    const claim = claimName(this.#path, name);
    if (claim.kind === 'claimed') this.#claims.add(claim);
    return claim;
  }

  override async close(): Promise<void> {
    for (const claim of this.#claims) claim.release();
    await super.close();
  }
}
