/**
 * Opens the datastore file, or says precisely why it cannot be used. After this the connection has the current schema,
 * a write-ahead log, and the right to write.
 */
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DatastoreError } from '../datastore.ts';
import { fileError, toDatastoreError } from './sqlite-error.ts';
import { BUSY_TIMEOUT_MS, retryWhileBusy } from './while-busy.ts';

/** Written into the file's header: "weft". */
const APPLICATION_ID = 0x77656674;

/** Raised when an older weft could no longer use the file. */
const SCHEMA_VERSION = 1;

/**
 * `object` is the present, `change` the past: the last changes in order, without a gap, with the newest always there (its
 * number is the store's revision).
 */
const SCHEMA = `
  CREATE TABLE object (
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
    revision INTEGER NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, namespace, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE change (
    revision INTEGER PRIMARY KEY,
    kind TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, value TEXT
  ) STRICT;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** An open datastore file. `inode` tells whether the path still leads to it. */
export interface OpenFile {
  readonly path: string;
  readonly inode: bigint;
  readonly database: DatabaseSync;
}

/** Opens the file at `path`, making it when `create` is set. Throws DatastoreError. */
export async function openFile(givenPath: string, create: boolean): Promise<OpenFile> {
  const path = resolve(givenPath);
  assertUsable(path, create);
  let database: DatabaseSync | undefined;
  try {
    const opened = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database = opened;
    await retryWhileBusy(() => prepareDatabase(opened, path));
    return { path, inode: inodeAt(path), database };
  } catch (error) {
    database?.close();
    throw toDatastoreError(error, path);
  }
}

/** The inode that a path leads to; 0 when there is none. */
export function inodeAt(path: string): bigint {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino ?? 0n;
}

/** SQLite would open what it may not write, and fail later with less to say. */
function assertUsable(path: string, create: boolean): void {
  try {
    if (create) makeFile(path);
    if (!statSync(path).isFile()) {
      throw fileError('corrupt', path, 'it is not a regular file', 'Give the path of a weft datastore');
    }
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw error instanceof DatastoreError ? error : accessError(error, path);
  }
}

/**
 * Makes an empty file that only its owner may read. One that exists is not even opened: closing it would drop the locks that
 * another store of this process has on it (https://sqlite.org/howtocorrupt.html §2.2).
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function accessError(error: unknown, path: string): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return fileError(
        'unavailable',
        path,
        'it does not exist',
        'Check the path, or start weftd, which makes it',
        error,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return fileError(
        'read-only',
        path,
        'this user may not write to it or to its directory',
        'Make both writable, or run as their owner (root, for a daemon)',
        error,
      );
    case 'ENOSPC':
      return fileError('full', path, 'the disk is full', 'Free some space there and try again', error);
    default:
      return fileError(
        'unavailable',
        path,
        (error as Error).message,
        'Check the path and its file system',
        error,
      );
  }
}

function prepareDatabase(database: DatabaseSync, path: string): void {
  if (isEmpty(database)) initialise(database, path);
  const applicationId = pragma(database, 'application_id');
  if (applicationId !== APPLICATION_ID) {
    throw fileError(
      'corrupt',
      path,
      'it is an SQLite database that another program wrote',
      'Give the path of a weft datastore',
    );
  }
  const version = pragma(database, 'user_version') as number;
  if (version > SCHEMA_VERSION) {
    throw fileError(
      'newer-version',
      path,
      `a newer weft wrote it (format ${version}; this weft knows up to ${SCHEMA_VERSION})`,
      'Upgrade weft, or give another file',
    );
  }
  database.exec('PRAGMA synchronous = NORMAL');
}

/** Several processes may come here at once: the second finds the work done. */
function initialise(database: DatabaseSync, path: string): void {
  if (pragma(database, 'journal_mode = WAL') !== 'wal') {
    throw fileError(
      'unavailable',
      path,
      'its file system has no shared memory, which SQLite needs',
      'Use a local disk',
    );
  }
  database.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(database)) database.exec(SCHEMA);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function pragma(database: DatabaseSync, text: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${text}`).get() ?? {})[0];
}
