/**
 * Processes inside a lab's namespaces: started detached, found by the namespace they live in, ended by pid.
 *
 * No pid file is needed to clean up: the namespaces are the lab's own, so whatever runs in them is too, also after
 * a crash of the program that started it.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { execa } from 'execa';
import type { DaemonCommand } from './daemons.ts';
import { LabError } from './issues.ts';
import { namespacePath } from './names.ts';

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Runs a command in a namespace and waits for it. A failing command is a result, not an error. */
export async function runInNamespace(
  namespace: string,
  command: readonly string[],
  options: { timeoutMilliseconds?: number } = {},
): Promise<CommandResult> {
  const result = await execa('ip', ['netns', 'exec', namespace, ...command], {
    reject: false,
    stdin: 'ignore',
    ...(options.timeoutMilliseconds === undefined ? {} : { timeout: options.timeoutMilliseconds }),
  });
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 1 };
}

/** Runs a command in a namespace on the user's terminal; answers its exit code, as a shell has it. */
export function runOnTerminal(namespace: string, command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', ['netns', 'exec', namespace, ...command], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal ?? 'SIGHUP'] ?? 0)));
  });
}

/**
 * Starts a daemon in a namespace, detached from this process, its output appended to `log`, and waits until it says
 * that it is there. Throws `LabError` when it does not.
 */
export async function startDaemon(namespace: string, command: DaemonCommand, log: string): Promise<void> {
  const output = openSync(log, 'a');
  const child = spawn('nsenter', [`--net=${namespacePath(namespace)}`, command.program, ...command.args], {
    cwd: dirname(log),
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.unref();
  closeSync(output);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`));
  });
  if (command.waitFor !== undefined) await waitUntilUp(command, command.waitFor, ended, namespace, log);
  child.removeAllListeners();
}

/** One that ends is noticed at once. A hundred that start together take over a minute on two busy cores. */
const startDeadlineMilliseconds = 120_000;

async function waitUntilUp(
  { program, greets = false }: DaemonCommand,
  socketPath: string,
  ended: Promise<string>,
  namespace: string,
  log: string,
): Promise<void> {
  const end = new AbortController();
  void ended.then((how) => end.abort(how));
  const late = AbortSignal.timeout(startDeadlineMilliseconds);
  if (await socketAnswers(socketPath, greets, AbortSignal.any([end.signal, late]))) return;
  const how = end.signal.aborted
    ? String(end.signal.reason)
    : `did not come up within ${startDeadlineMilliseconds / 1000} s`;
  throw new LabError(
    `${program} ${how}`,
    namespace,
    `correct what it complains of and try again:${lastWords(log)}`,
  );
}

/** Resolves true once somebody answers on the socket, false when there is no use in waiting any longer. */
async function socketAnswers(path: string, greets: boolean, over: AbortSignal): Promise<boolean> {
  while (!over.aborted) {
    // The file is there a moment before its owner listens, and a killed owner leaves it behind.
    if (existsSync(path) && (await answers(path, greets))) return true;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return false;
}

/** True when a connection is accepted, or greeted; false when it is refused, or closed without a word. */
function answers(path: string, greets: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once(greets ? 'data' : 'connect', answer(true));
    socket.once('error', answer(false));
    socket.once('close', answer(false));
  });
}

/** The end of a daemon's log, to be shown with the error. */
function lastWords(log: string): string {
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-12);
  return lines.map((line) => `\n    ${line}`).join('');
}

/** The pids of all processes that live in a namespace. */
export function processesIn(namespace: string): number[] {
  const path = namespacePath(namespace);
  if (!existsSync(path)) return [];
  const inode = statSync(path).ino;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => namespaceInode(pid) === inode).map(Number);
}

function namespaceInode(pid: string): number | undefined {
  try {
    return Number(/\d+/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[0]);
  } catch {
    return undefined; // it ended while we looked
  }
}

/** Sends a signal and waits until the processes are gone; those left after the grace period are killed. */
export async function endProcesses(
  pids: readonly number[],
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
  graceMilliseconds = 3000,
): Promise<void> {
  for (const pid of pids) sendSignal(pid, signal);
  const left = await untilGone(pids, graceMilliseconds);
  if (left.length > 0 && signal === 'SIGTERM') await endProcesses(left, 'SIGKILL');
}

async function untilGone(pids: readonly number[], deadlineMilliseconds: number): Promise<number[]> {
  const deadline = performance.now() + deadlineMilliseconds;
  let left = pids.filter(isAlive);
  while (left.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    left = left.filter(isAlive);
  }
  return left;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // ESRCH: it is gone, which is what was wanted
  }
}

function isAlive(pid: number): boolean {
  try {
    return !holdsNothing(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * True when what /proc/PID/status says is that of a zombie which holds no socket and no namespace any more. The first thread of a
 * killed process is a zombie while the others still end: until the last of them is gone, its sockets accept connections.
 */
export function holdsNothing(status: string): boolean {
  const threads = Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  return /^State:\s+Z/m.test(status) && threads <= 1;
}
