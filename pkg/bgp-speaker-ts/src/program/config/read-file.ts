/**
 * The configuration file and the files with passwords it names, from disk.
 */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Parsed } from '@weft/ip';
import { parseSpeakerFile, type SpeakerFileResult } from './speaker-file.ts';

/** Reads the file at a path; files it names are beside it, unless their paths say otherwise. */
export function readSpeakerFile(path: string): SpeakerFileResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const message = `cannot read the configuration: ${(error as Error).message}`;
    const hint = 'name a YAML file that this user may read';
    return { ok: false, failures: [{ message, object: path, hint }] };
  }
  const beside = (name: string): string => resolve(dirname(path), name);
  const result = parseSpeakerFile(text, path, (name) => readFirstLine(beside(name)));
  if (!result.ok) return result;
  const { control, marker, ...file } = result.file;
  return {
    ok: true,
    file: {
      ...file,
      control: control && { ...control, socket: beside(control.socket) },
      marker: marker === undefined ? undefined : beside(marker),
    },
  };
}

function readFirstLine(path: string): Parsed<string> {
  try {
    const [line = ''] = readFileSync(path, 'utf8').split(/\r?\n/, 1);
    return { ok: true, value: line };
  } catch (error) {
    return { ok: false, reason: `cannot be read: ${(error as Error).message}` };
  }
}
