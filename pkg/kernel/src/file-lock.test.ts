import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFile } from './file-lock.ts';

describe('a file lock', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'wt-kernel-lock-'));
    path = join(directory, 'lock');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is had by one at a time, within a process too', () => {
    const first = lockFile(path);
    expect(first.kind).toBe('locked');
    expect(lockFile(path)).toEqual({ kind: 'held', holderPid: process.pid });
    if (first.kind === 'locked') first.release();
    const second = lockFile(path);
    expect(second.kind).toBe('locked');
    // Releasing twice must not touch what has the number by now.
    if (first.kind === 'locked') first.release();
    expect(lockFile(path).kind).toBe('held');
    if (second.kind === 'locked') second.release();
  });

  it('is dropped when its holder is killed, and not passed on to children', async () => {
    const script = `
      import { spawn } from 'node:child_process';
      import { lockFile } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))};
      const lock = lockFile(process.argv[1]);
      const child = spawn('sleep', ['30'], { stdio: 'ignore' });
      console.log(lock.kind, child.pid);
      setInterval(() => {}, 1000);`;
    const holder = spawn(process.execPath, ['--input-type=module', '-e', script, path]);
    const [output] = (await once(holder.stdout, 'data')) as [Buffer];
    const [kind, sleeper] = output.toString().trim().split(' ');
    try {
      expect(kind).toBe('locked');
      expect(lockFile(path)).toEqual({ kind: 'held', holderPid: holder.pid });
      holder.kill('SIGKILL');
      await once(holder, 'exit');
      const mine = lockFile(path);
      expect(mine.kind).toBe('locked');
      if (mine.kind === 'locked') mine.release();
    } finally {
      process.kill(Number(sleeper));
    }
  });

  it('throws the error of a file that cannot be made', () => {
    expect(() => lockFile(join(directory, 'nowhere', 'lock'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});
