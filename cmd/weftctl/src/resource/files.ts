/** Reads what `-f` names: a file, all YAML and JSON files of a directory, or standard input. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { CliError } from '../failure.ts';

/** One file's text, and how messages name it. */
export interface Input {
  readonly source: string;
  readonly text: string;
}

/** Throws CliError when something cannot be read or a directory holds nothing to read. */
export async function readInputs(filename: string): Promise<Input[]> {
  if (filename === '-') return [{ source: 'standard input', text: await readAll(process.stdin) }];
  try {
    if (!(await stat(filename)).isDirectory()) return [await readInput(filename)];
    const files = (await readdir(filename)).filter((name) => /\.(ya?ml|json)$/.test(name)).toSorted();
    if (files.length > 0) return await Promise.all(files.map((name) => readInput(join(filename, name))));
  } catch (error) {
    throw unreadable(error as NodeJS.ErrnoException, filename);
  }
  throw new CliError([
    {
      what: 'No resources specified in directory',
      object: filename,
      hint: 'Files that end in .yaml, .yml or .json are read.',
    },
  ]);
}

async function readInput(path: string): Promise<Input> {
  return { source: path, text: await readFile(path, 'utf8') };
}

function unreadable(error: NodeJS.ErrnoException, filename: string): CliError {
  if (error.code === undefined) throw error;
  const hint = error.code === 'ENOENT' ? 'Check the name.' : 'Check its permissions.';
  return new CliError([{ what: `Cannot read (${error.code})`, object: error.path ?? filename, hint }]);
}
