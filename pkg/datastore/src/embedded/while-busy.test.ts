/** Waiting for a lock: how long, and for what. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { temporaryPath } from '../../test/temporary-store.ts';
import { retryWhileBusy } from './while-busy.ts';

describe('retryWhileBusy', () => {
  it('tries until the lock is free', async () => {
    const { holder, lock } = await lockedDatabase();
    let tries = 0;
    const locking = retryWhileBusy(() => {
      tries++;
      if (tries === 3) holder.exec('ROLLBACK');
      lock();
    });
    await locking;
    expect(tries).toBe(3);
  });

  it('gives up when its patience is over', async () => {
    const { lock } = await lockedDatabase();
    await expect(retryWhileBusy(lock, 30)).rejects.toMatchObject({ errcode: 5 });
  });

  it('does not repeat what failed for another reason', async () => {
    let tries = 0;
    const failing = retryWhileBusy(() => {
      tries++;
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(tries).toBe(1);
  });
});

async function lockedDatabase() {
  const path = temporaryPath();
  const holder = new DatabaseSync(path);
  const other = new DatabaseSync(path, { timeout: 0 });
  holder.exec('BEGIN IMMEDIATE');
  return { holder, lock: () => other.exec('BEGIN IMMEDIATE') };
}
