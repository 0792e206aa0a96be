/** The newest part of what daemons have recorded: whole segments, each of which can be replayed alone. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from './collect.ts';

/** Of a record so much is taken, or its newest segment; one of the default size is half of it. */
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
  const segments = segmentsIn(from);
  const taken = newest(segments, mostBytes);
  const parts = taken.flatMap(({ name }) => segmentPart(join(from, name), join('record', place, name)));
  const left = segments.length - taken.length;
  return left === 0 ? parts : [...parts, leftOut(place, `older segments are left in ${from}: ${left}`)];
}

interface Segment {
  readonly name: string;
  readonly bytes: number;
}

/** Newest first. */
function segmentsIn(directory: string): Segment[] {
  const names = readdirSync(directory).filter((name) => /^segment-\d{8}\.jsonl$/.test(name));
  return names
    .sort()
    .reverse()
    .flatMap((name) => {
      const status = statSync(join(directory, name), { throwIfNoEntry: false });
      return status === undefined ? [] : [{ name, bytes: status.size }];
    });
}

/** As many as fit, and the first of them in any case: without it the others say nothing. */
function newest(segments: readonly Segment[], mostBytes: number): readonly Segment[] {
  let bytes = 0;
  const end = segments.findIndex((segment, index) => {
    bytes += segment.bytes;
    return index > 0 && bytes > mostBytes;
  });
  return end === -1 ? segments : segments.slice(0, end);
}

/** None where the daemon has removed it since it was listed, as it does with its oldest when it begins another. */
function segmentPart(path: string, file: string): Part[] {
  try {
    return [{ file, text: readFileSync(path, 'utf8') }];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? [] : [{ file, text: '', trouble: message }];
  }
}

function leftOut(place: string, trouble: string): Part {
  return { file: join('record', place, 'LEFT_OUT'), text: '', trouble };
}
