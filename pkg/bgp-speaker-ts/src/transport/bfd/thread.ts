/**
 * The BFD thread: what runs in it is a `BfdRunner`, and this is where it begins.
 *
 * A file of its own, because a thread starts from a file: from the sources this one, from a bundle the file beside it
 * that was made of this one (`bfd-thread.ts` says where it is looked for).
 */

import { readSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { BfdCommand, BfdThreadData } from './messages.ts';
import { PollSet } from './poll-set.ts';
import { BfdRunner } from './runner.ts';

const { seed, wake, ended } = workerData as BfdThreadData;
const counter = new Uint8Array(8);
const polled = new PollSet();
polled.add(wake, () => readSync(wake, counter));
const runner = new BfdRunner(seed, polled, (news) => parentPort?.postMessage(news));

while (doCommands()) runner.turn();
Atomics.store(ended, 0, 1);
Atomics.notify(ended, 0);

/** Does all that the main thread has asked for meanwhile; false when that was to stop. */
function doCommands(): boolean {
  if (parentPort === null) return false;
  for (;;) {
    const received: { message: BfdCommand } | undefined = receiveMessageOnPort(parentPort);
    if (received === undefined) return true;
    runner.handle(received.message);
    if (received.message.kind === 'stop') return false;
  }
}
