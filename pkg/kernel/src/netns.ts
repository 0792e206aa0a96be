/**
 * Network namespaces of the running thread: go into one, do something, come back.
 *
 * A namespace belongs to a thread, and two things follow for Node. Whatever runs inside must be synchronous: an `await`
 * would let other code of the event loop run in the wrong namespace. And threads inherit the namespace of the thread
 * that starts them, so libuv's pool, which serves all asynchronous file access, must have its threads before this
 * thread first leaves home; otherwise they would live in the other namespace for good.
 */
import { closeSync, openSync, stat } from 'node:fs';
import type { Refusal } from './kernel.ts';
import { enterNetns } from './syscalls.ts';

/** The namespace the calling thread is in. /proc/self would be that of the main thread. */
export const currentNetnsPath = '/proc/thread-self/ns/net';

/** The namespace of a process. */
export function netnsOfPid(pid: number): string {
  return `/proc/${pid}/ns/net`;
}

/** What came of something that the kernel may refuse. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T }
  | ({ readonly kind: 'refused' } & Refusal);

/**
 * Runs the function inside the namespace, synchronously, and returns to the one before. The function must not start
 * anything asynchronous. When the way back fails the process aborts: no code may run in a namespace it does not expect.
 *
 * @param netns path or descriptor of the namespace
 * @returns `refused`, with the function not called, when there is no such namespace or no permission
 */
export function withNetns<T>(netns: string | number, run: () => T): Outcome<T> {
  if (typeof netns === 'number') return runInside(netns, run);
  const opened = openFile(netns);
  if (opened.kind === 'refused') return opened;
  try {
    return runInside(opened.value, run);
  } finally {
    closeSync(opened.value);
  }
}

function runInside<T>(fd: number, run: () => T): Outcome<T> {
  startPoolThreads();
  const home = openSync(currentNetnsPath, 'r');
  try {
    const entered = enterNetns(fd);
    if (!entered.ok) return { kind: 'refused', errno: entered.errno };
    return { kind: 'done', value: runAndReturn(home, run) };
  } finally {
    closeSync(home);
  }
}

function runAndReturn<T>(home: number, run: () => T): T {
  try {
    return run();
  } finally {
    returnHome(home);
  }
}

/** Goes back to a namespace that was left. Aborts the process when that fails. */
export function returnHome(home: number): void {
  const returned = enterNetns(home);
  if (returned.ok) return;
  process.stderr.write(`cannot return to the network namespace: ${returned.errno}; aborting\n`);
  process.abort();
}

let poolStarted = false;

/** Makes libuv start all its threads, which it does within the first request that is queued. */
export function startPoolThreads(): void {
  if (poolStarted) return;
  stat('/', () => {});
  poolStarted = true;
}

/** Opens a file for reading; a missing one is an answer, not an exception. */
export function openFile(path: string): Outcome<number> {
  try {
    return { kind: 'done', value: openSync(path, 'r') };
  } catch (cause) {
    return { kind: 'refused', errno: (cause as NodeJS.ErrnoException).code ?? 'EIO' };
  }
}
