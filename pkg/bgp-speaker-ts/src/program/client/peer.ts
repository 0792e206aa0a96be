/**
 * The commands to one peer: `start`, `stop`, `reset`, `refresh`.
 */

import { type Invocation, usageError } from '../command-line.ts';
import type { PeerResult } from '../protocol.ts';
import { tell, wantsJson } from './connection.ts';

/** Gives the command to the peer. */
export async function commandPeer(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const { command, operands, option } = invocation;
  const [peer = '', direction] = operands;
  if (direction !== undefined && direction !== 'in' && direction !== 'out') {
    throw usageError({ name: command }, `DIRECTION is in or out, and not "${direction}"`);
  }
  const path = `/v1/peers/${encodeURIComponent(peer)}/${command}`;
  const result = await tell<PeerResult>(invocation, path, {
    direction,
    communication: option('communication'),
  });
  console.log(json ? JSON.stringify(result) : `${result.peer}: ${result.command} given`);
}
