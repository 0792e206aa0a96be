/**
 * The journal of one machine in an SQLite file, shared by its processes: weftd writes what it does, weftctl what it does
 * there. Bounded by rows: the oldest go first.
 *
 * The one part of this package that is not pure.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { DatastoreChoice } from '@weft/datastore';
import { type Address, containsAddress, type Prefix } from '@weft/ip';
import { completed, type Journal, type JournalEntry } from './entry.ts';

/** Rows a journal keeps unless told otherwise: some 30 MB. */
export const DEFAULT_JOURNAL_ROWS = 100_000;

/** The file of a machine unless told otherwise. */
export const DEFAULT_JOURNAL_PATH = '/var/lib/weft/ipam-journal.db';

/** The journal's name beside an embedded datastore. */
const JOURNAL_NAME = 'ipam-journal.db';

/** Where a machine that uses this datastore keeps its journal, unless told otherwise. */
export function journalBeside(store: DatastoreChoice): string {
  return store.type === 'embedded' ? join(dirname(store.path), JOURNAL_NAME) : DEFAULT_JOURNAL_PATH;
}

/** "weft" and the number of the schema, so that another program's database is left alone. */
const APPLICATION_ID = 0x77_65_66_6a;
const SCHEMA_VERSION = 1;

/** Pruning is a range delete; once in so many rows is enough. */
const PRUNE_STRIDE = 256;

/** How to open a journal. */
export interface JournalFileOptions {
  readonly path: string;
  readonly maxRows?: number;
  /** How long to wait, the thread blocked, for another process that writes, in ms. */
  readonly busyTimeoutMs?: number;
}

/** A journal on disk. Every method throws SQLite's error when the file cannot be used. */
export class JournalFile implements Journal {
  readonly #database: DatabaseSync;
  readonly #maxRows: number;
  readonly #sql: Record<'insert' | 'last' | 'ofAddress' | 'blocks' | 'ofBlock' | 'newest', StatementSync>;
  #sincePruned = 0;

  /** Opens the file, making it and its directory where they are missing. Throws when it is another program's. */
  constructor({ path, maxRows = DEFAULT_JOURNAL_ROWS, busyTimeoutMs = 5_000 }: JournalFileOptions) {
    this.#maxRows = maxRows;
    makeFile(path);
    this.#database = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      prepareFile(this.#database, path);
      this.#sql = prepareStatements(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Appends the entries in one transaction; a release learns from the assignment before it what it was of. */
  record(entries: readonly JournalEntry[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const entry of entries) this.#append(entry);
      this.#prune(entries.length);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** The newest entries of an address and of the blocks that hold it, in the order in which they were written. */
  history(address: Address, limit: number): JournalEntry[] {
    const blocks = (this.#sql.blocks.all() as { block: Prefix }[])
      .map(({ block }) => block)
      .filter((block) => containsAddress(block, address));
    const rows = [
      ...this.#sql.ofAddress.all(address, limit),
      ...blocks.flatMap((block) => this.#sql.ofBlock.all(block, limit)),
    ] as unknown as { id: number; entry: string }[];
    return rows
      .sort((left, right) => left.id - right.id)
      .slice(-limit)
      .map(({ entry }) => JSON.parse(entry) as JournalEntry);
  }

  /** The newest entry of every address there is one of. */
  lastEntries(): Map<Address, JournalEntry> {
    const rows = this.#sql.newest.all() as { address: Address; entry: string }[];
    return new Map(rows.map(({ address, entry }) => [address, JSON.parse(entry) as JournalEntry]));
  }

  close(): void {
    this.#database.close();
  }

  #append(entry: JournalEntry): void {
    const before = entry.operation === 'release' ? this.#lastOf(entry.address) : undefined;
    const whole = completed(entry, before);
    this.#sql.insert.run(whole.time, whole.address ?? null, whole.block ?? null, JSON.stringify(whole));
  }

  #lastOf(address: Address | undefined): JournalEntry | undefined {
    const row = this.#sql.last.get(address ?? null) as { entry: string } | undefined;
    return row && (JSON.parse(row.entry) as JournalEntry);
  }

  #prune(added: number): void {
    this.#sincePruned += added;
    if (this.#sincePruned < PRUNE_STRIDE) return;
    this.#sincePruned = 0;
    this.#database.exec(`DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - ${this.#maxRows}`);
  }
}

/** Names of workloads are nobody else's business. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
}

function prepareFile(database: DatabaseSync, path: string): void {
  const { application_id: owner } = database.prepare('PRAGMA application_id').get() as {
    application_id: number;
  };
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as {
    tables: number;
  };
  const { user_version: schema } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (owner !== APPLICATION_ID && tables > 0) throw new Error(`${path} is not a journal of weft`);
  if (schema > SCHEMA_VERSION) throw new Error(`${path} was written by a newer weft`);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${SCHEMA_VERSION};
    CREATE TABLE IF NOT EXISTS entry (
      id INTEGER PRIMARY KEY,
      time INTEGER NOT NULL,
      address TEXT,
      block TEXT,
      entry TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entry_of_address ON entry (address, id) WHERE address IS NOT NULL;
    CREATE INDEX IF NOT EXISTS entry_of_block ON entry (block, id) WHERE address IS NULL;
  `);
}

function prepareStatements(database: DatabaseSync) {
  return {
    insert: database.prepare('INSERT INTO entry (time, address, block, entry) VALUES (?, ?, ?, ?)'),
    last: database.prepare('SELECT entry FROM entry WHERE address = ? ORDER BY id DESC LIMIT 1'),
    ofAddress: database.prepare('SELECT id, entry FROM entry WHERE address = ? ORDER BY id DESC LIMIT ?'),
    blocks: database.prepare('SELECT DISTINCT block FROM entry WHERE address IS NULL AND block IS NOT NULL'),
    ofBlock: database.prepare(
      'SELECT id, entry FROM entry WHERE address IS NULL AND block = ? ORDER BY id DESC LIMIT ?',
    ),
    newest: database.prepare(
      `SELECT address, entry FROM entry WHERE id IN
         (SELECT max(id) FROM entry WHERE address IS NOT NULL GROUP BY address)`,
    ),
  };
}
