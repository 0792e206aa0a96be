/**
 * MRT dumps in files: a reader never finds half a dump under its name.
 */

import { randomInt } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/** Why a file cannot be written, in three parts for the user. */
export interface MrtFileError {
  readonly kind: 'file-error';
  readonly message: string;
  /** The file. */
  readonly object: string;
  readonly hint: string;
}

/** A dump in its file, or why it is not there. */
export type MrtFileResult = { readonly kind: 'written'; readonly bytes: number } | MrtFileError;

/**
 * Writes a dump to a temporary file beside the one wanted and renames it when everything is on disk; the dump goes on only as
 * fast as it is written. After an error the temporary file is gone and a file of that name is what it was.
 */
export async function writeMrtFile(path: string, chunks: AsyncIterable<Uint8Array>): Promise<MrtFileResult> {
  const temporary = `${path}.${randomInt(2 ** 32).toString(36)}.tmp`;
  try {
    const bytes = await writeAll(temporary, chunks);
    await rename(temporary, path);
    return { kind: 'written', bytes };
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    return mrtFileError(path, error as NodeJS.ErrnoException);
  }
}

async function writeAll(path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await open(path, 'wx', 0o644);
  try {
    let bytes = 0;
    for await (const chunk of chunks) {
      await file.writeFile(chunk);
      bytes += chunk.length;
    }
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

/** Explains an error of the file system. */
export function mrtFileError(path: string, { code, message }: NodeJS.ErrnoException): MrtFileError {
  return {
    kind: 'file-error',
    message: `cannot write the MRT file: ${code ?? message}`,
    object: path,
    hint: HINTS[code ?? ''] ?? 'check that the directory is there and that this process may write to it',
  };
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'make room on the disk, or write to another one',
  ENOENT: 'make the directory first',
  EISDIR: 'name a file, not a directory',
};
