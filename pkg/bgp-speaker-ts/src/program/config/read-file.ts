/**
 * The configuration file and the files with passwords it names, from disk.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Parsed } from '@weft/ip';
import { parseSpeakerFile, type SpeakerFileResult } from './speaker-file.ts';

/** Reads the file at a path; what it names is looked for beside it. */
export function readSpeakerFile(path: string): SpeakerFileResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `cannot read the configuration: ${(error as Error).message}`;
    const hint = 'name a YAML file that this user may read';
    return { ok: false, failures: [{ message, object: path, hint }] };
  }
  return parseSpeakerFile(text, path, (name) => readFirstLine(resolve(dirname(path), name)));
}

function readFirstLine(path: string): Parsed<string> {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/, 1);
    return { ok: true, value: line };
  } catch (error) {
    return { ok: false, reason: `cannot be read: ${(error as Error).message}` };
  }
}
