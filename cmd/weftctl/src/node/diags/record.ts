/** The newest part of what daemons have recorded: whole segments, each of which can be replayed alone. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from './collect.ts';

/** Of a record so much is taken; a segment of the default size is half of it. */
const MOST_RECORD_BYTES = 16 * 1024 * 1024;

/**
 * The newest segments of a directory and of those in it, one for each node, for `weftd replay`. They hold no secrets, and are
 * left as they are: what is hidden could not be replayed.
 */
export function recordParts(directory: string, mostBytes: number = MOST_RECORD_BYTES): Part[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    const places = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return ['', ...places].flatMap((place) => segmentParts(directory, place, mostBytes));
  } catch (error) {
    return [leftOut('', (error as Error).message)];
  }
}

function segmentParts(directory: string, place: string, mostBytes: number): Part[] {
  const from = join(directory, place);
  const names = readdirSync(from).filter((name) => /^segment-\d{8}\.jsonl$/.test(name));
  const taken = newest(from, names.sort(), mostBytes);
  const parts = taken.map((name) => ({
    file: join('record', place, name),
    text: readFileSync(join(from, name), 'utf8'),
  }));
  const left = names.length - taken.length;
  return left === 0 ? parts : [...parts, leftOut(place, `older segments are left in ${from}: ${left}`)];
}

function newest(directory: string, names: readonly string[], mostBytes: number): string[] {
  let bytes = 0;
  const fitting = names.toReversed().map((name) => {
    bytes += statSync(join(directory, name)).size;
    return { name, fits: bytes <= mostBytes };
  });
  return fitting.filter(({ fits }) => fits).map(({ name }) => name);
}

function leftOut(place: string, trouble: string): Part {
  return { file: join('record', place, 'LEFT_OUT'), text: '', trouble };
}
