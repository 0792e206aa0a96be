/**
 * Long output, at the pace of who reads it.
 */

import { once } from 'node:events';

/** Writes to stdout; resolves when there is room for more. */
export async function print(text: string | Uint8Array): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
