/**
 * The name of this node, and the file that keeps it while the machine's host name may change.
 *
 * Source: Calico's NODENAME, CALICO_NODENAME_FILE and HOSTNAME, in its order. Departs: an empty file counts as none.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { StartupError } from '../startup-error.ts';

/** Where the name is kept unless told. */
export const DEFAULT_NODENAME_FILE = '/var/lib/weft/nodename';

/** Where Calico keeps it: a machine that was Calico's keeps its name. */
const CALICO_NODENAME_FILE = '/var/lib/calico/nodename';

/** A name, and what gave it. */
export interface NodeName {
  readonly name: string;
  readonly source: string;
}

/** What the name is taken from. */
export interface NameSources {
  readonly environment: NodeJS.ProcessEnv;
  /** The content of a file; undefined where there is none. */
  readonly read: (path: string) => string | undefined;
  readonly hostname: () => string;
}

/** Those of this machine. */
export const machineSources: NameSources = { environment: process.env, read: readIfThere, hostname };

/**
 * The name of a node whose operator gave weftd none: NODENAME, the file, HOSTNAME, the host name; the last two lower-cased.
 * Empty when even the host name is.
 */
export function findNodeName(nodenameFile: string, { environment, hostname, read }: NameSources): NodeName {
  const { HOSTNAME: containerName = '', NODENAME: given = '' } = environment;
  if (given !== '') return { name: given, source: 'NODENAME' };
  for (const path of [nodenameFile, CALICO_NODENAME_FILE]) {
    const kept = read(path)?.trim() ?? '';
    if (kept !== '') return { name: kept, source: path };
  }
  if (containerName !== '') return { name: containerName.toLowerCase(), source: 'HOSTNAME' };
  return { name: hostname().trim().toLowerCase(), source: 'the host name' };
}

/**
 * Keeps the name for the next start, and for whoever wants to know it; a file that says it already is left alone, because the
 * disk may be full. Throws StartupError.
 */
export function keepNodeName(path: string, name: string): void {
  if (readIfThere(path) === name) return;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // A reader sees the old name or the new one, never half of it.
    const fresh = `${path}.${process.pid}`;
    writeFileSync(fresh, name, { mode: 0o644 });
    renameSync(fresh, path);
  } catch (cause) {
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw new StartupError(
      `the name of the node cannot be kept (${code})`,
      path,
      'make its directory writable, or name another file: --nodename-file FILE',
      { cause },
    );
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
