/**
 * The BFD thread: what runs in it is a `BfdRunner`, and this is where it begins.
 *
 * A file of its own, because a thread starts from a file: from the sources this one, from a bundle the file beside it
 * that was made of this one (`bfd-thread.ts` says where it is looked for).
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { BfdCommand, BfdThreadData } from './messages.ts';
import { BfdRunner } from './runner.ts';

const { seed } = workerData as BfdThreadData;
const runner = new BfdRunner(seed, (news) => parentPort?.postMessage(news));

parentPort?.on('message', (command: BfdCommand) => {
  runner.handle(command);
  // Nothing else keeps the thread: it ends.
  if (command.kind === 'stop') parentPort?.close();
});
