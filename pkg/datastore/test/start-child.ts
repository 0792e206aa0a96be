/**
 * Starts `child.ts` in a process of its own, which does not outlive the test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ChildReport } from './child.ts';

/** A running child. */
export interface Child {
  readonly pid: number;
  /** The next report nobody took yet; rejects when the process ends before there is one. */
  next(): Promise<ChildReport>;
  /** All reports that nobody took, once the process has ended. */
  rest(): Promise<readonly ChildReport[]>;
  /** SIGKILL; resolves with `rest`. */
  kill(): Promise<readonly ChildReport[]>;
}

const CHILD = [process.execPath, join(import.meta.dirname, 'child.ts')];

/** Runs the child in a role on a datastore file. */
export function startChild(role: string, path: string, argument: string | number = ''): Child {
  return watchOver([...CHILD, role, path, String(argument)]);
}

/** Runs the child on a small file system of its own at the directory of `path`, which no other process sees. */
export function startChildOnTmpfs(role: string, path: string, size: string): Child {
  const script = 'mount -t tmpfs -o size="$1" weft-test "$2" && shift 2 && exec "$@"';
  return watchOver([...inMountNamespace(script), size, dirname(path), ...CHILD, role, path]);
}

/** Opens a new datastore file on a file system that then becomes read-only, and runs the child there. */
export function startChildOnReadOnlyMount(role: string, path: string): Child {
  const script = `mount -t tmpfs weft-test "$1" && "$2" "$3" open "$5" &&
    mount -o remount,ro weft-test "$1" && shift && exec "$@"`;
  return watchOver([...inMountNamespace(script), dirname(path), ...CHILD, role, path]);
}

function inMountNamespace(script: string): string[] {
  return ['unshare', process.getuid?.() === 0 ? '-m' : '-rm', 'sh', '-c', script, 'sh'];
}

function watchOver([command = '', ...args]: readonly string[]): Child {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const reports: ChildReport[] = [];
  const ended = once(child, 'close');
  child.on('message', (report: ChildReport) => reports.push(report));
  onTestFinished(() => killAndWait(child, ended));
  const rest = () => ended.then(() => reports.splice(0));
  return {
    pid: child.pid as number,
    next: () => nextReport(child, reports, ended),
    rest,
    kill: async () => {
      child.kill('SIGKILL');
      return rest();
    },
  };
}

async function nextReport(
  child: ChildProcess,
  reports: ChildReport[],
  ended: Promise<unknown>,
): Promise<ChildReport> {
  while (reports.length === 0 && child.exitCode === null) await Promise.race([once(child, 'message'), ended]);
  const report = reports.shift();
  if (report) return report;
  throw new Error('The child ended without a further report.');
}

async function killAndWait(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  await ended;
}
