/**
 * One process at a time: an exclusive flock(2) on a file. The kernel drops it when the process dies, however it dies, so
 * a lock is never stale; the file stays, and its being there says nothing.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { KernelError } from './errno.ts';
import { tryLockExclusive } from './syscalls.ts';

/** The answer to asking for a lock. */
export type FileLock =
  | { readonly kind: 'locked'; readonly release: () => void }
  /** Somebody else has it. The process id is what the holder wrote down, for messages. */
  | { readonly kind: 'held'; readonly holderPid?: number };

/**
 * Takes the lock, without waiting, until `release` or the end of the process. Children do not inherit it.
 *
 * Throws the file's own error (ENOENT, EACCES …) when it cannot be opened or made.
 */
export function lockFile(path: string): FileLock {
  // 'a+' makes a missing file and leaves the words of a holder alone.
  const fd = openSync(path, 'a+', 0o644);
  const locked = tryLockExclusive(fd);
  if (locked.ok) return hold(fd);
  closeSync(fd);
  if (locked.errno === 'EAGAIN') return { kind: 'held', ...readHolder(path) };
  throw new KernelError(`cannot lock ${path}`, locked.errno);
}

function hold(fd: number): FileLock {
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  let held = true;
  const release = (): void => {
    // Closing releases; only once, because the number may be another file's by then.
    if (held) closeSync(fd);
    held = false;
  };
  return { kind: 'locked', release };
}

function readHolder(path: string): { holderPid?: number } {
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  return Number.isNaN(pid) ? {} : { holderPid: pid };
}
