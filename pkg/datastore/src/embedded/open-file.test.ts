/** Opening a datastore file: what can be wrong with it, and what the user is told. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openForTest, temporaryDirectory, temporaryPath } from '../../test/temporary-store.ts';
import { createPool } from '../contract/subject.ts';
import { openEmbedded } from './embedded-store.ts';

const PAGE_BYTES = 4096;

describe('openEmbedded', () => {
  it('makes the file only when asked to', async () => {
    const path = temporaryPath();
    await expect(openEmbedded({ path })).rejects.toMatchObject({
      code: 'unavailable',
      message: `Cannot use the datastore file ${path}: it does not exist. Check the path, or start weftd, which makes it.`,
    });
    await openForTest(path);
    await openForTest(path, { create: false });
  });

  it('does not make directories', async () => {
    const path = join(temporaryDirectory(), 'absent', 'weft.db');
    await expect(openEmbedded({ path, create: true })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('takes an empty file, which a process that died while making it leaves', async () => {
    const path = temporaryPath();
    writeFileSync(path, '');
    await createPool(await openForTest(path, { create: false }), 'a');
  });

  it('says that a file of something else is not a datastore', async () => {
    const path = temporaryPath();
    writeFileSync(path, 'kind: IPPool\n'.repeat(1000));
    await expect(openEmbedded({ path })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`${path}: it is not a datastore. Restore it`),
    });
  });

  it("says that another program's database is not a datastore, and leaves it alone", async () => {
    const path = temporaryPath();
    const foreign = new DatabaseSync(path);
    foreign.exec('CREATE TABLE bookmarks (url TEXT)');
    await expect(openEmbedded({ path, create: true })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('another program'),
    });
    expect(foreign.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' });
    foreign.close();
  });

  it('says that a damaged datastore is damaged', async () => {
    const path = temporaryPath();
    const store = await openEmbedded({ path, create: true });
    for (let count = 0; count < 200; count++) await createPool(store, `pool-${count}`);
    await store.close();
    damage(path);
    const damaged = openForTest(path).then((opened) => opened.list('IPPool'));
    await expect(damaged).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`${path}: it is damaged. Restore it from a copy`),
    });
  });

  it('refuses a file that a newer weft wrote', async () => {
    const path = temporaryPath();
    const store = await openEmbedded({ path, create: true });
    await store.close();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(openEmbedded({ path, create: true })).rejects.toMatchObject({
      code: 'newer-version',
      message: expect.stringContaining(
        'a newer weft wrote it (format 99; this weft knows up to 1). Upgrade weft',
      ),
    });
  });

  it.each([true, false])('refuses a directory (create: %s)', async (create) => {
    const path = temporaryPath();
    mkdirSync(path);
    await expect(openEmbedded({ path, create })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('it is not a regular file'),
    });
  });

  it('lets many open a new file at the same time', async () => {
    const path = temporaryPath();
    const stores = await Promise.all(Array.from({ length: 10 }, () => openForTest(path)));
    await Promise.all(stores.map((store, index) => createPool(store, `pool-${index}`)));
    expect((await stores[0]?.list('IPPool'))?.items).toHaveLength(10);
  });
});

/** Overwrites everything behind the first page, which holds the header and the schema. */
function damage(path: string): void {
  const database = new DatabaseSync(path);
  const pages = Number(Object.values(database.prepare('PRAGMA page_count').get() ?? {})[0]);
  database.close();
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc((pages - 1) * PAGE_BYTES, 0xa5), 0, (pages - 1) * PAGE_BYTES, PAGE_BYTES);
  closeSync(file);
}
