/**
 * What many processes tell of their work in one file, in the order in which it happened: each line is one append, so it is
 * there whole even if its writer is killed the moment after, and a process writes before it begins to release and after
 * it was given something. Read in order, the lines therefore show every moment at which two believed to have one address.
 */
import { openSync, readFileSync, writeSync } from 'node:fs';

/** One line. */
export type LogEntry =
  /** The handle is about to be given addresses: if nothing follows, nobody knows whether it was. */
  | { readonly kind: 'adding'; readonly handle: string }
  | { readonly kind: 'has'; readonly handle: string; readonly addresses: readonly string[] }
  /** The handle's addresses may go to others from now on. */
  | { readonly kind: 'releasing'; readonly handle: string }
  /** The handle holds nothing. */
  | { readonly kind: 'gone'; readonly handle: string };

/** Appends to the log. */
export function logWriter(path: string): (entry: LogEntry) => void {
  const file = openSync(path, 'a');
  return (entry) => void writeSync(file, `${JSON.stringify(entry)}\n`);
}

/** All entries so far. */
export function readLog(path: string): LogEntry[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogEntry);
}

/** Who has what when all processes are gone. */
export interface Belief {
  /** By address, the handle that uses it. */
  readonly owners: ReadonlyMap<string, string>;
  /** Handles of which nobody knows whether they hold something. */
  readonly limbo: ReadonlySet<string>;
  /** "10.0.0.1 was given to b, but a uses it": what must not be. */
  readonly conflicts: readonly string[];
}

/** Plays the log back. */
export function beliefOf(entries: readonly LogEntry[]): Belief {
  const owners = new Map<string, string>();
  const limbo = new Set<string>();
  const conflicts: string[] = [];
  for (const entry of entries) {
    const { kind, handle } = entry;
    if (kind === 'adding' || kind === 'releasing') limbo.add(handle);
    else limbo.delete(handle);
    if (kind === 'releasing')
      for (const [address, owner] of [...owners]) if (owner === handle) owners.delete(address);
    if (kind !== 'has') continue;
    for (const address of entry.addresses) {
      const owner = owners.get(address);
      if (owner !== undefined) conflicts.push(`${address} was given to ${handle}, but ${owner} uses it`);
      owners.set(address, handle);
    }
  }
  return { owners, limbo, conflicts };
}
