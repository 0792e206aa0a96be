/**
 * The command `reload`.
 */

import type { Invocation } from '../command-line.ts';
import type { ReloadResult } from '../protocol.ts';
import { tell, wantsJson } from './connection.ts';

/** Has the file read again. */
export async function reload(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const result = await tell<ReloadResult>(invocation, '/v1/reload');
  if (json) console.log(JSON.stringify(result));
  else console.log(`taken: peers: ${result.peers}, routes: ${result.announce}`);
}
