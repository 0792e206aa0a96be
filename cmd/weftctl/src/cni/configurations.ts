/** The directory of network configurations: which files runtimes see in it, in their order, and whose they are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../failure.ts';
import { PLUGIN, summaryOf } from './conflist.ts';
import { onFile } from './place-file.ts';

/** One file as a runtime sees it. */
export interface Configuration {
  readonly name: string;
  readonly path: string;
  /** It has weft's plugin in it. */
  readonly isOurs: boolean;
  /** The network and its plugins, as far as the file tells. */
  readonly description: string;
}

/**
 * The file of this name, if there is one, and all others that runtimes read, in their order. A directory that is missing
 * has none. Throws when the file of this name is not weft's.
 */
export function configurationsIn(
  directory: string,
  ownName: string,
): { readonly own: Configuration | undefined; readonly others: readonly Configuration[] } {
  const all = onFile(directory, () => namesIn(directory).map((name) => read(directory, name)));
  const own = all.find(({ name }) => name === ownName);
  if (own?.isOurs === false) {
    const what = `The configuration of this name is not weft's (${own.description})`;
    const hint = 'It stays as it is. Move it away, or choose another --conf-name. Nothing was changed.';
    throw new CliError([{ what, object: own.path, hint }]);
  }
  return { own, others: all.filter((one) => one !== own) };
}

function read(directory: string, name: string): Configuration {
  const path = join(directory, name);
  const { network = '', types = [] } = summaryOf(readFileSync(path, 'utf8')) ?? {};
  const description = types.length === 0 ? 'no plugins' : `${types.join(', ')} for network "${network}"`;
  return { name, path, isOurs: types.includes(PLUGIN), description };
}

function namesIn(directory: string): string[] {
  try {
    const names = readdirSync(directory).filter((name) => /\.(conflist|conf|json)$/.test(name));
    return names.sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
