/** Files that others open at any moment: they find the old one or the new one, whole, also after a power loss. */
import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CliError } from '../failure.ts';

/**
 * Writes a file under a hidden name and gives it its own when it is on disk. A program that runs from the old one goes on.
 * Makes the directory when it is missing. Throws what the file system says.
 */
export function placeFile(path: string, content: string | Uint8Array, mode: number): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true });
  const fresh = join(directory, `.${basename(path)}.new`);
  withFile(fresh, 'w', (file) => {
    writeFileSync(file, content);
    fchmodSync(file, mode);
    fsyncSync(file);
  });
  renameSync(fresh, path);
  withFile(directory, 'r', fsyncSync);
}

function withFile(path: string, flags: 'r' | 'w', use: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

/** Does something with a file or directory; what the file system says against it becomes a failure that names it. */
export function onFile<T>(path: string, use: () => T): T {
  try {
    return use();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CliError([{ what: 'A file cannot be used', object: path, hint: `${message}.` }]);
  }
}
