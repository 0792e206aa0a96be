/** Claiming a name inside one process; test/embedded-processes.test.ts kills the holder. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openForTest, temporaryPath } from '../../test/temporary-store.ts';

describe('claimName', () => {
  it('gives a name to one holder, and says who that is', async () => {
    const path = temporaryPath();
    const [one, other] = [await openForTest(path), await openForTest(path)];
    expect((await one.claimName('n1')).kind).toBe('claimed');
    expect(await other.claimName('n1')).toEqual({ kind: 'taken', by: { pid: process.pid } });
    expect(await one.claimName('n1')).toEqual({ kind: 'taken', by: { pid: process.pid } });
    expect((await other.claimName('n2')).kind).toBe('claimed');
  });

  it('gives it to the next after release', async () => {
    const path = temporaryPath();
    const [one, other] = [await openForTest(path), await openForTest(path)];
    const claim = await one.claimName('n1');
    if (claim.kind === 'claimed') claim.release();
    expect((await other.claimName('n1')).kind).toBe('claimed');
  });

  it('lets go when the store is closed', async () => {
    const path = temporaryPath();
    const one = await openForTest(path);
    await one.claimName('n1');
    await one.close();
    expect((await (await openForTest(path)).claimName('n1')).kind).toBe('claimed');
  });

  it('takes any text for a name, and stays beside the datastore file', async () => {
    const path = temporaryPath();
    const store = await openForTest(path);
    expect((await store.claimName('../a/b')).kind).toBe('claimed');
    expect(readdirSync(dirname(path)).sort()).toEqual([
      'weft.db',
      'weft.db-shm',
      'weft.db-wal',
      'weft.db.claim-..%2Fa%2Fb',
    ]);
  });
});
