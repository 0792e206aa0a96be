/** The embedded driver in one process: the contract, and what is its own. */
import { mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openForTest, temporaryPath } from '../../test/temporary-store.ts';
import { datastoreContract } from '../contract/index.ts';
import { peer, poolKey } from '../contract/samples.ts';
import { createPool, failureCode, take, tell } from '../contract/subject.ts';
import type { Datastore, ResourceKey, UnreadableObject } from '../datastore.ts';
import { openEmbedded } from './embedded-store.ts';

/** Enough for the greatest burst of the contract: a reader may then be slow, and still gets all. */
const HISTORY_CHANGES = 11_000;

datastoreContract('embedded', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-contract-'));
  const path = join(directory, 'weft.db');
  const unreadable: UnreadableObject[] = [];
  const open = () =>
    openEmbedded({
      path,
      create: true,
      historyChanges: HISTORY_CHANGES,
      onUnreadable: (key, reason) => unreadable.push({ key, reason }),
    });
  const store = await open();
  const stores: Datastore[] = [store];
  return {
    store,
    namespaces: true,
    rawForm: 'resource',
    unreadable,
    putRaw: async (key, text) => writeRaw(path, key, text),
    async connect() {
      const other = await open();
      stores.push(other);
      return other;
    },
    compact: () => forgetHistory(store, path),
    async dispose() {
      for (const opened of stores) await opened.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe('the datastore file', () => {
  it('keeps objects, revisions and history when it is closed and opened again', async () => {
    const path = temporaryPath();
    const first = await openEmbedded({ path, create: true });
    const created = await createPool(first, 'a');
    await createPool(first, 'b');
    await first.close();
    const second = await openForTest(path);
    expect(await second.get(poolKey('a'))).toEqual(created);
    const stop = new AbortController();
    const events = second.watch('IPPool', created.metadata.resourceVersion as string, stop.signal);
    expect((await take(events[Symbol.asyncIterator](), 1)).map(tell)).toEqual(['put b 0']);
    stop.abort();
  });

  it('goes on counting revisions when everything was deleted', async () => {
    const path = temporaryPath();
    const first = await openEmbedded({ path, create: true });
    await createPool(first, 'a');
    await first.delete(poolKey('a'));
    await first.close();
    const second = await openForTest(path);
    expect((await createPool(second, 'a')).metadata.resourceVersion).toBe('3');
  });

  it('belongs to its owner alone', async () => {
    const path = temporaryPath();
    await openForTest(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('keeps as many changes as it was told, and not many more', async () => {
    const path = temporaryPath();
    await makeChanges(await openForTest(path, { historyChanges: 200 }), 1000);
    const database = new DatabaseSync(path, { readOnly: true });
    const kept = Number(database.prepare('SELECT count(*) AS kept FROM change').get()?.kept);
    database.close();
    expect(kept).toBeGreaterThanOrEqual(200);
    expect(kept).toBeLessThan(300);
  });

  it('tells the watches of this process of its own changes at once, before any event of the system', async () => {
    const store = await openForTest();
    const stop = new AbortController();
    const events = store.watch('IPPool', '0', stop.signal)[Symbol.asyncIterator]();
    let seen = false;
    const next = events.next().then(() => {
      seen = true;
    });
    await store.list('IPPool');
    await createPool(store, 'a');
    for (let turn = 0; turn < 100; turn++) await null;
    expect(seen).toBe(true);
    stop.abort();
    await next;
  });

  it('has no history from a revision it never reached', async () => {
    const store = await openForTest();
    const events = store.watch('IPPool', '7', new AbortController().signal)[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'compacted' });
  });

  it('that is removed while in use fails reads, writes and waiting watches, instead of losing them', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    const created = await createPool(store, 'a');
    const since = created.metadata.resourceVersion as string;
    const waiting = store.watch('IPPool', since, new AbortController().signal)[Symbol.asyncIterator]().next();
    const calls = [failureCode(waiting)];
    await store.list('IPPool');
    renameSync(path, `${path}.away`);
    calls.push(failureCode(store.get(poolKey('a'))), failureCode(store.delete(poolKey('a'))));
    expect(await Promise.all(calls)).toEqual(['unavailable', 'unavailable', 'unavailable']);
    await expect(store.list('IPPool')).rejects.toThrow(
      `Cannot use the datastore file ${path}: it was removed or replaced while in use. Restart the weft programs`,
    );
  });

  it('names the object whose value is damaged', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    await createPool(store, 'a');
    const database = new DatabaseSync(path);
    database.exec("UPDATE object SET value = '{' WHERE name = 'a'");
    database.close();
    await expect(store.get(poolKey('a'))).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`IPPool "a" in the datastore file ${path}`),
    });
  });
});

describe('a locked file', () => {
  it('makes a write wait without stopping the event loop', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const turning = setInterval(() => turns++, 1);
    const writing = createPool(store, 'a');
    await expect.poll(() => turns, { interval: 5 }).toBeGreaterThan(10);
    clearInterval(turning);
    expect(await store.get(poolKey('a'))).toBeUndefined();
    other.close();
    expect((await writing).metadata.resourceVersion).toBe('1');
  });
});

/** As a program would that knows the file's tables and nothing of their meaning. */
function writeRaw(path: string, { kind, namespace = '', name }: ResourceKey, text: string): void {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('BEGIN IMMEDIATE');
  const { lastInsertRowid } = database
    .prepare('INSERT INTO change (kind, namespace, name, value) VALUES (?, ?, ?, ?)')
    .run(kind, namespace, name, text);
  database
    .prepare('REPLACE INTO object (kind, namespace, name, revision, value) VALUES (?, ?, ?, ?, ?)')
    .run(kind, namespace, name, lastInsertRowid, text);
  database.exec('COMMIT');
  database.close();
}

/** What pruning does in the end: only the newest change is left. */
async function forgetHistory(store: Datastore, path: string): Promise<void> {
  await makeChanges(store, 2);
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec('DELETE FROM change WHERE revision < (SELECT max(revision) FROM change)');
  database.close();
}

async function makeChanges(store: Datastore, changes: number): Promise<void> {
  for (let made = 0; made < changes; made += 2) {
    await store.create(peer('filler'));
    await store.delete({ kind: 'BGPPeer', name: 'filler' });
  }
}
