/**
 * Says in weft's words what SQLite or the file system refused: which file, why, and what to do next.
 */
import { DatastoreError, type DatastoreErrorCode } from '../datastore.ts';

interface Cause {
  readonly code: DatastoreErrorCode;
  readonly what: string;
  readonly next: string;
}

const LOCKED: Cause = {
  code: 'unavailable',
  what: 'another process keeps it locked',
  next: 'Find a stopped or hung process with `fuser`, end it, and try again',
};

const CORRUPT: Cause = {
  code: 'corrupt',
  what: 'it is damaged',
  next: 'Restore it from a copy, or move it away and let weft start with an empty one',
};

/** By primary result code (https://sqlite.org/rescode.html); what is not here is a programmer's mistake. */
const CAUSES: Readonly<Record<number, Cause>> = {
  5: LOCKED, // BUSY
  6: LOCKED, // LOCKED
  8: {
    // READONLY
    code: 'read-only',
    what: 'it is read-only',
    next: 'Make the file and its directory writable for this user, or run as their owner',
  },
  10: {
    // IOERR
    code: 'unavailable',
    what: 'the disk answered with an error',
    next: 'Look into the kernel log and check that disk',
  },
  11: CORRUPT, // CORRUPT
  13: {
    // FULL
    code: 'full',
    what: 'the disk is full',
    next: 'Free some space there and try again; nothing was half-written',
  },
  14: {
    // CANTOPEN
    code: 'unavailable',
    what: 'the file cannot be opened',
    next: 'Check that its directory exists and that this user may write there',
  },
  26: { ...CORRUPT, what: 'it is not a datastore' }, // NOTADB
};

/** True when another connection holds the lock just now: the one failure that is worth waiting for. */
export function isBusy(error: unknown): boolean {
  return causeOf(error) === LOCKED;
}

/** The error as a DatastoreError about that file; whatever is no failure of the environment comes back as it is. */
export function toDatastoreError(error: unknown, path: string): unknown {
  const cause = causeOf(error);
  return cause ? fileError(cause.code, path, cause.what, cause.next, error) : error;
}

/** A DatastoreError in three parts about the datastore file at `path`. */
export function fileError(
  code: DatastoreErrorCode,
  path: string,
  what: string,
  next: string,
  cause?: unknown,
): DatastoreError {
  return new DatastoreError(code, `Cannot use the datastore file ${path}: ${what}. ${next}.`, { cause });
}

/** SQLite's extended code carries the primary one in its low byte. */
function causeOf(error: unknown): Cause | undefined {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return undefined;
  return CAUSES[error.errcode & 0xff];
}
