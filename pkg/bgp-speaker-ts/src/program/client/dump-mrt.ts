/**
 * The command `dump-mrt`.
 */

import { writeMrtFile } from '../../transport/mrt-file.ts';
import { type Invocation, usageError } from '../command-line.ts';
import { ProgramError } from '../failure.ts';
import { askBytes, wantsJson } from './connection.ts';

/** Has the routes dumped, and writes them as the user of the command. */
export async function dumpMrt(invocation: Invocation): Promise<void> {
  const json = wantsJson(invocation);
  const [file = '', table = 'in'] = invocation.operands;
  if (table !== 'in' && table !== 'loc') {
    throw usageError({ name: 'dump-mrt' }, `TABLE is in or loc, and not "${table}"`);
  }
  let lost: unknown;
  async function* received(): AsyncGenerator<Uint8Array> {
    try {
      yield* askBytes(invocation, `/v1/mrt?table=${table}`);
    } catch (error) {
      lost = error;
      throw error;
    }
  }
  const written = await writeMrtFile(file, received());
  if (lost !== undefined) throw lost;
  if (written.kind !== 'written') throw new ProgramError([written]);
  console.log(json ? JSON.stringify({ file, bytes: written.bytes }) : `${file}: ${written.bytes} bytes`);
}
