/**
 * The command `check`.
 */

import type { Invocation } from '../command-line.ts';
import { readSpeakerFile } from '../config/read-file.ts';
import { ProgramError } from '../failure.ts';
import { configPath } from './config-path.ts';

/** Reads a file; fails with every mistake in it. */
export async function check(invocation: Invocation): Promise<void> {
  const path = configPath(invocation);
  const read = readSpeakerFile(path);
  if (!read.ok) throw new ProgramError(read.failures);
  const { config, routes } = read.file;
  console.log(`${path} is right: AS ${config.asn}, peers: ${config.peers.length}, routes: ${routes.length}`);
}
