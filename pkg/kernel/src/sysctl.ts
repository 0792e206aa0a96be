/**
 * Files below /proc/sys. Those under `net/` show the namespace of the thread that opens them, so the caller sees to
 * it that the thread is where it should be; only synchronous file access runs on that thread.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ChangeResult } from './kernel.ts';

const root = '/proc/sys';

/** The value of a key without its line end; undefined where the key does not exist or cannot be read. */
export function readSysctlFile(key: string): string | undefined {
  try {
    return readFileSync(`${root}/${key}`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}

/** Writes a key: ENOENT where it does not exist, EINVAL for a value the kernel does not take, EROFS in a locked container. */
export function writeSysctlFile(key: string, value: string): ChangeResult {
  try {
    writeFileSync(`${root}/${key}`, value);
    return null;
  } catch (cause) {
    return { errno: (cause as NodeJS.ErrnoException).code ?? 'EIO' };
  }
}
