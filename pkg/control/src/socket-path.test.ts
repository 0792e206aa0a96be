import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkSocketPath, claimSocketPath, MAX_SOCKET_PATH_BYTES } from './socket-path.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-control-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A socket file whose owner was killed. */
async function staleSocket(path: string): Promise<void> {
  const child = fork(new URL('../test/listen-and-wait.ts', import.meta.url), [path]);
  await once(child, 'message', { signal: AbortSignal.timeout(10_000) });
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('unix(7): sun_path holds 108 bytes', () => {
  test('107 bytes are accepted, 108 are not, counted in UTF-8', () => {
    expect(() => checkSocketPath('a'.repeat(MAX_SOCKET_PATH_BYTES))).not.toThrow();
    expect(() => checkSocketPath('a'.repeat(MAX_SOCKET_PATH_BYTES + 1))).toThrow(
      'at most 107 bytes, this one has 108',
    );
    expect(() => checkSocketPath('ä'.repeat(54))).toThrow('has 108');
  });
});

describe('taking the place of a socket', () => {
  test('the socket of a daemon that died is removed', { timeout: 20_000 }, async () => {
    const path = join(directory, 's');
    await staleSocket(path);
    expect(existsSync(path)).toBe(true);
    await claimSocketPath(path);
    expect(existsSync(path)).toBe(false);
  });

  test('a socket that somebody answers on is left alone', async () => {
    const path = join(directory, 's');
    const other = createServer().listen(path);
    await once(other, 'listening');
    await expect(claimSocketPath(path)).rejects.toMatchObject({ code: 'in-use', object: path });
    expect(existsSync(path)).toBe(true);
    other.close();
  });

  test('a file that is no socket is left alone', async () => {
    const path = join(directory, 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(claimSocketPath(path)).rejects.toMatchObject({ code: 'not-a-socket', object: path });
    expect(existsSync(path)).toBe(true);
  });

  test('a directory that is missing is made, one that is a file is an error with the errno', async () => {
    await claimSocketPath(join(directory, 'a/b/s'));
    expect(existsSync(join(directory, 'a/b'))).toBe(true);
    writeFileSync(join(directory, 'file'), '');
    chmodSync(join(directory, 'file'), 0o600);
    await expect(claimSocketPath(join(directory, 'file/s'))).rejects.toMatchObject({ code: 'cannot-listen' });
  });
});
