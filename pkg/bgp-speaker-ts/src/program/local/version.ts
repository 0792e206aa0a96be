/**
 * The command `version`.
 */

import { wantsJson } from '../client/connection.ts';
import type { Invocation } from '../command-line.ts';
import { readVersion } from '../version.ts';

/** Prints the version. */
export async function version(invocation: Invocation): Promise<void> {
  const text = readVersion();
  console.log(wantsJson(invocation) ? JSON.stringify({ version: text }) : `bgp-speaker ${text}`);
}
