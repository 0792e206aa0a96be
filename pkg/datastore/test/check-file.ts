/**
 * Proves the invariants of a datastore file (they are listed in src/embedded/sqlite-tables.ts), whatever happened to the
 * processes that wrote it.
 */
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'vitest';

interface Row {
  readonly key: string;
  readonly revision: number;
  readonly value: string | null;
}

/** Fails the test when the file at `path` breaks an invariant. */
export function checkFile(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const changes = rowsOf(database, 'change');
    const objects = rowsOf(database, 'object');
    checkHistory(changes);
    checkObjects(objects, newestOf(changes), changes[0]?.revision ?? 1);
  } finally {
    database.close();
  }
}

function rowsOf(database: DatabaseSync, table: 'change' | 'object'): Row[] {
  const columns = "kind || '/' || namespace || '/' || name AS key, revision, value";
  return database.prepare(`SELECT ${columns} FROM ${table} ORDER BY revision`).all() as unknown as Row[];
}

function checkHistory(changes: readonly Row[]): void {
  const first = changes[0]?.revision ?? 1;
  expect(changes.map((change) => change.revision)).toEqual(changes.map((_, index) => first + index));
}

function newestOf(changes: readonly Row[]): Map<string, Row> {
  return new Map(changes.map((change) => [change.key, change]));
}

function checkObjects(
  objects: readonly Row[],
  newest: ReadonlyMap<string, Row>,
  oldestRevision: number,
): void {
  for (const object of objects) {
    if (newest.has(object.key)) expect(object).toEqual(newest.get(object.key));
    else expect(object.revision).toBeLessThan(oldestRevision);
  }
  const present = new Set(objects.map((object) => object.key));
  for (const change of newest.values()) expect(present.has(change.key)).toBe(change.value !== null);
}
