/**
 * Reads a record from its files, line by line. Half a line at the end of a segment is what a crash leaves; a damaged line
 * before that costs the rest of its segment, because what follows builds on it. Both are said.
 */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { decodeLine, type RecordLine, whyUnreadable } from '@weft/recording';
import { listSegments } from './segments.ts';

/** A line, or what cannot be read. */
export type ReadItem =
  | { readonly kind: 'line'; readonly line: RecordLine }
  | { readonly kind: 'problem'; readonly file: string; readonly reason: string };

/** The files of a record: one segment, or all of a directory, oldest first. Throws as the file system does. */
export function recordFiles(place: string): string[] {
  return statSync(place).isDirectory() ? listSegments(place).map(({ path }) => path) : [place];
}

/** Reads files in their order. A file that goes away meanwhile has made room for newer ones. */
export async function* readRecord(files: readonly string[]): AsyncGenerator<ReadItem, void> {
  for (const file of files) {
    try {
      yield* readSegment(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

async function* readSegment(file: string): AsyncGenerator<ReadItem, void> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let number = 0;
  let damaged: { readonly number: number; readonly reason: string } | undefined;
  for await (const text of lines) {
    number += 1;
    if (damaged !== undefined) {
      yield problem(file, `line ${damaged.number} is damaged (${damaged.reason}); the rest is left out`);
      return;
    }
    const decoded = decodeLine(text);
    if (!decoded.ok) {
      damaged = { number, reason: decoded.reason };
      continue;
    }
    const unreadable = number === 1 ? whyUnreadable(decoded.line) : undefined;
    if (unreadable !== undefined) {
      yield problem(file, unreadable);
      return;
    }
    yield { kind: 'line', line: decoded.line };
  }
  if (damaged?.number === 1) yield problem(file, `it holds no whole line (${damaged.reason})`);
}

function problem(file: string, reason: string): ReadItem {
  return { kind: 'problem', file, reason };
}
