/**
 * Makes sure that only one process of the machine goes by a name: the holder keeps an operating system lock on an empty
 * file beside the datastore. The lock ends with the process, however that ends, so nothing is ever stale: there is no
 * question of reused process ids, zombies, reboots or PID namespaces.
 *
 * The lock is SQLite's own (a write transaction that is never finished), because Node offers no other. The file is never
 * removed: whoever unlinks a lock file can leave two processes holding two files of one name.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { NameClaim } from '../name-claiming.ts';
import { inodeAt } from './open-file.ts';
import { isBusy, toDatastoreError } from './sqlite-error.ts';

/** The lock file of a name, beside the datastore file. */
export function claimPath(storePath: string, name: string): string {
  return `${storePath}.claim-${encodeURIComponent(name)}`;
}

/** A lock that nothing refers to is garbage, and collecting it would let go of the name. */
const heldLocks = new Set<DatabaseSync>();

/** Claims a name among the processes that use the datastore at `storePath`. Throws DatastoreError. */
export function claimName(storePath: string, name: string): NameClaim {
  const path = claimPath(storePath, name);
  try {
    const lock = tryLock(path);
    if (!lock) return { kind: 'taken', by: { pid: readLockHolder(path) } };
    heldLocks.add(lock);
    return { kind: 'claimed', release: () => void (heldLocks.delete(lock) && lock.close()) };
  } catch (error) {
    throw toDatastoreError(error, path);
  }
}

/** No time to wait: whoever holds this lock holds it for life. */
function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    // SQLite would put a journal beside the file, although nothing is ever written.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN IMMEDIATE');
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** The kernel prints its list of locks page by page, and one that others change meanwhile can miss a line. */
const READS_OF_LOCKS = 8;

/** The kernel's own answer. Lines look like `7: POSIX ADVISORY WRITE 1234 08:01:5678 1073741825 1073741825`. */
function readLockHolder(path: string): number | undefined {
  const ofThisFile = new RegExp(`POSIX +ADVISORY +WRITE (\\d+) \\S+:${inodeAt(path)} `);
  for (let reads = 0; reads < READS_OF_LOCKS; reads++) {
    const match = ofThisFile.exec(readFileSync('/proc/locks', 'utf8'));
    if (match) return Number(match[1]);
  }
  return undefined;
}
