/**
 * The objects and their history as rows, one prepared statement for each question.
 *
 * Invariants of the file (`test/check-file.ts` proves them after every crash test):
 * 1. `change` holds consecutive revisions without a gap; the newest change is never pruned.
 * 2. An object's row carries the revision and value of its newest change, wherever that change is still there.
 * 3. An object whose newest change is a removal has no row.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Kind } from '@weft/resources';
import type { ResourceKey } from '../datastore.ts';
import type { Change, ChangePage, StoredObject, Tables } from '../local/backend.ts';

/** History is pruned once in so many changes: it holds `historyChanges` and up to this many more. */
const PRUNE_STRIDE = 64;

interface Row {
  readonly namespace: string;
  readonly name: string;
  readonly revision: number;
  readonly value: string;
}

type ChangeRow = Omit<Row, 'value'> & { readonly value: string | null };

/** Reads and writes rows; transactions are the caller's. */
export class SqliteTables implements Tables {
  readonly #sql: Statements;
  readonly #historyChanges: number;

  constructor(database: DatabaseSync, historyChanges: number) {
    this.#sql = prepareStatements(database);
    this.#historyChanges = historyChanges;
  }

  head(): number {
    return numberFrom(this.#sql.head.get());
  }

  find(key: ResourceKey): StoredObject | undefined {
    const row = this.#sql.find.get(...columns(key)) as Pick<Row, 'revision' | 'value'> | undefined;
    return row && { key, revision: row.revision, value: row.value };
  }

  scan(kind: string, namespace?: string): StoredObject[] {
    return toObjects(
      kind,
      namespace === undefined ? this.#sql.scan.all(kind) : this.#sql.scanNamespace.all(kind, namespace),
    );
  }

  scanPage(kind: string, after: ResourceKey | undefined, limit: number): StoredObject[] {
    // No namespace and no name is before every key: names are never empty.
    return toObjects(kind, this.#sql.scanPage.all(kind, after?.namespace ?? '', after?.name ?? '', limit));
  }

  put(key: ResourceKey, value: string): number {
    const revision = this.#record(key, value);
    this.#sql.put.run(...columns(key), revision, value);
    return revision;
  }

  remove(key: ResourceKey): void {
    this.#sql.remove.run(...columns(key));
    this.#record(key, null);
  }

  changesAfter(kind: string, revision: number, limit: number): ChangePage | undefined {
    const head = this.head();
    const oldest = numberFrom(this.#sql.oldest.get());
    if (!(revision >= oldest - 1 && revision <= head)) return undefined;
    const rows = this.#sql.changes.all(kind, revision, limit) as unknown as ChangeRow[];
    const changes = rows.map((row) => toChange(kind, row));
    return { changes, through: changes[limit - 1]?.revision ?? head };
  }

  /** How far the history reaches, and which kinds changed after `revision`. */
  newsAfter(revision: number): { readonly head: number; readonly kinds: ReadonlySet<string> } {
    const rows = this.#sql.news.all(revision) as unknown as { kind: string; revision: number }[];
    const head = rows.reduce((highest, row) => Math.max(highest, row.revision), revision);
    return { head, kinds: new Set(rows.map((row) => row.kind)) };
  }

  #record(key: ResourceKey, value: string | null): number {
    const revision = Number(this.#sql.record.run(...columns(key), value).lastInsertRowid);
    if (revision % PRUNE_STRIDE === 0) this.#sql.prune.run(revision - this.#historyChanges);
    return revision;
  }
}

const SQL = {
  head: 'SELECT ifnull(max(revision), 0) FROM change',
  oldest: 'SELECT ifnull(min(revision), 1) FROM change',
  find: 'SELECT revision, value FROM object WHERE kind = ? AND namespace = ? AND name = ?',
  scan: 'SELECT namespace, name, revision, value FROM object WHERE kind = ? ORDER BY namespace, name',
  scanNamespace: `SELECT namespace, name, revision, value FROM object
                  WHERE kind = ? AND namespace = ? ORDER BY name`,
  scanPage: `SELECT namespace, name, revision, value FROM object
             WHERE kind = ? AND (namespace, name) > (?, ?) ORDER BY namespace, name LIMIT ?`,
  put: 'REPLACE INTO object (kind, namespace, name, revision, value) VALUES (?, ?, ?, ?, ?)',
  remove: 'DELETE FROM object WHERE kind = ? AND namespace = ? AND name = ?',
  record: 'INSERT INTO change (kind, namespace, name, value) VALUES (?, ?, ?, ?)',
  prune: 'DELETE FROM change WHERE revision <= ?',
  changes: `SELECT namespace, name, revision, value FROM change
            WHERE kind = ? AND revision > ? ORDER BY revision LIMIT ?`,
  news: 'SELECT kind, max(revision) AS revision FROM change WHERE revision > ? GROUP BY kind',
} as const;

type Statements = { readonly [question in keyof typeof SQL]: StatementSync };

function prepareStatements(database: DatabaseSync): Statements {
  const pairs = Object.entries(SQL).map(([question, text]) => [question, database.prepare(text)]);
  return Object.fromEntries(pairs) as Statements;
}

function numberFrom(row: object | undefined): number {
  return Number(Object.values(row ?? {})[0]);
}

function columns({ kind, namespace, name }: ResourceKey): [string, string, string] {
  return [kind, namespace ?? '', name];
}

function keyOf(kind: string, { namespace, name }: Pick<Row, 'namespace' | 'name'>): ResourceKey {
  return namespace === '' ? { kind: kind as Kind, name } : { kind: kind as Kind, name, namespace };
}

function toObjects(kind: string, rows: readonly object[]): StoredObject[] {
  return (rows as readonly Row[]).map((row) => ({
    key: keyOf(kind, row),
    revision: row.revision,
    value: row.value,
  }));
}

function toChange(kind: string, row: ChangeRow): Change {
  return { key: keyOf(kind, row), revision: row.revision, value: row.value ?? undefined };
}
