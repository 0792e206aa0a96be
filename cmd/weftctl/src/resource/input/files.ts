/** What `-f` names: files, the YAML and JSON files of directories, standard input. Their bytes are read when asked for. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../../failure.ts';

/** Something to read, and how messages name it. */
export interface Source {
  readonly name: string;
  readonly read: () => AsyncIterable<Uint8Array>;
}

/** Options that say what to read. */
export interface FileOptions {
  readonly filename: readonly string[];
  readonly recursive?: boolean;
}

/** Every source, directories unfolded. Throws CliError for what is not there. */
export async function findSources({ filename, recursive = false }: FileOptions): Promise<Source[]> {
  const found = filename.map((name) => (name === '-' ? [standardInput] : sourcesAt(name, recursive)));
  return (await Promise.all(found)).flat();
}

const standardInput: Source = { name: 'standard input', read: () => process.stdin };

async function sourcesAt(path: string, recursive: boolean): Promise<Source[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [fileSource(path)];
    const entries = await readdir(path, { withFileTypes: true, recursive });
    return entries
      .filter((entry) => !entry.isDirectory() && /\.(ya?ml|json)$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map(fileSource);
  } catch (error) {
    throw unreadable(error, path);
  }
}

function fileSource(path: string): Source {
  return { name: path, read: () => bytesOf(path) };
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (error) {
    throw unreadable(error, path);
  }
}

function unreadable(error: unknown, filename: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const hint = code === 'ENOENT' ? 'Check the name.' : 'Check its permissions.';
  return new CliError([{ what: `Cannot read (${code})`, object: path ?? filename, hint }]);
}
