/** The embedded driver on file systems that refuse: full, read-only, not ours. */
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../src/index.ts';
import { startChild, startChildOnReadOnlyMount, startChildOnTmpfs } from './start-child.ts';
import { temporaryPath } from './temporary-store.ts';

describe('a full disk', { timeout: 60_000 }, () => {
  it('refuses the write with `full`, keeps all before it, and takes writes again when there is space', async () => {
    const path = temporaryPath();
    const [failure, difference, after] = await startChildOnTmpfs('fill', path, '2m').rest();
    expect(failure).toEqual({
      kind: 'failed',
      code: 'full',
      message:
        `Cannot use the datastore file ${path}: the disk is full. ` +
        'Free some space there and try again; nothing was half-written.',
    });
    expect(difference).toEqual({ kind: 'counted', value: 0 });
    expect(after).toEqual({ kind: 'outcome', outcome: 'written' });
  });

  it('refuses to make a file', async () => {
    const path = temporaryPath();
    const [failure] = await startChildOnTmpfs('open', path, '4k').rest();
    expect(failure).toMatchObject({ kind: 'failed', code: 'full' });
  });
});

describe('a file that may not be written', { timeout: 60_000 }, () => {
  it.each([
    ['file', 0o444, 0o777],
    ['directory', 0o666, 0o555],
  ])('is refused with `read-only` when its %s is read-only', async (_, fileMode, directoryMode) => {
    const path = temporaryPath();
    await (await openEmbedded({ path, create: true })).close();
    chmodSync(path, fileMode);
    chmodSync(dirname(path), directoryMode);
    const [failure] = await startChild('open-as-nobody', path).rest();
    expect(failure).toEqual(readOnlyFailure(path));
  });

  it('is refused with `read-only` on a read-only file system, whoever asks', async () => {
    const path = temporaryPath();
    const [, failure] = await startChildOnReadOnlyMount('open', path).rest();
    expect(failure).toEqual(readOnlyFailure(path));
  });
});

function readOnlyFailure(path: string) {
  return {
    kind: 'failed',
    code: 'read-only',
    message:
      `Cannot use the datastore file ${path}: this user may not write to it or to its directory. ` +
      'Make both writable, or run as their owner (root, for a daemon).',
  };
}
