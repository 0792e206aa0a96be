/**
 * Reads the configuration file in a process of its own.
 *
 * The parser of YAML and the schemas take 20 MiB, which a daemon that reads its file once would keep for years.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SpeakerFileResult } from './speaker-file.ts';

/** Room for a configuration with all its peers, in bytes. */
const MAX_ANSWER_BYTES = 1 << 30;

/** As `readSpeakerFile`, and as slow as the start of a process. */
export function readSpeakerFileApart(path: string): Promise<SpeakerFileResult> {
  return new Promise((resolve) => {
    const options = { maxBuffer: MAX_ANSWER_BYTES };
    execFile(process.execPath, [fileURLToPath(readerFile()), path], options, (error, stdout, stderr) => {
      resolve(
        error === null ? (JSON.parse(stdout) as SpeakerFileResult) : notRead(path, error.message, stderr),
      );
    });
  });
}

function notRead(path: string, message: string, stderr: string): SpeakerFileResult {
  const [reason = message] = stderr.trim().split('\n').slice(-1);
  const hint = 'see whether another process can be started, then start or reload again';
  const failure = {
    message: `the process that reads the configuration failed: ${reason}`,
    object: path,
    hint,
  };
  return { ok: false, failures: [failure] };
}

/** From the sources a file beside this one, else a file of the bundle. */
function readerFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './reader.ts' : './config-reader.mjs', import.meta.url);
}
