/**
 * The real program in tests: daemons and commands as processes, in a folder of their own.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { eventually } from '../../transport/test/loopback.ts';

const BIN = join(import.meta.dirname, '../../../bin/bgp-speaker.js');
/** Longest time a process takes to start, with the other tests beside it. */
export const START_LIMIT_MS = 30_000;
/** Compiled code, for all processes of a test file. */
const CACHE = mkdtempSync(join(tmpdir(), 'bgp-speaker-cache-'));
afterAll(() => rmSync(CACHE, { recursive: true }));

/** A daemon that was started. */
export interface Program {
  readonly child: ChildProcess;
  readonly path: string;
  /** Names of the events so far. */
  readonly events: () => string[];
  readonly output: () => string;
  readonly errors: () => string;
}

/** What a command has left behind. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with configuration files, sockets and the processes that use them. */
export class Bench {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'bgp-speaker-'));
  readonly #children: ChildProcess[] = [];

  /** The path of a file in the folder. */
  at(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file; gives its path. */
  write(name: string, text: string): string {
    writeFileSync(this.at(name), text);
    return this.at(name);
  }

  /** Starts a daemon with a file of this text. */
  run(name: string, text: string, ...args: readonly string[]): Program {
    return this.start(this.write(name, text), ...args);
  }

  /** Starts a daemon with a file that is there. */
  start(path: string, ...args: readonly string[]): Program {
    const child = this.spawn('run', '--config', path, ...args);
    const [output, errors] = [collect(child.stdout), collect(child.stderr)];
    const events = (): string[] =>
      output()
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { event: string }).event);
    return { child, path, events, output, errors };
  }

  /** Starts a daemon and waits until it runs. */
  async started(name: string, text: string, ...args: readonly string[]): Promise<Program> {
    const program = this.run(name, text, ...args);
    await eventually('the daemon runs', () => program.events().includes('started'), START_LIMIT_MS);
    return program;
  }

  /** Runs a command to its end. */
  async ask(...args: readonly string[]): Promise<Finished> {
    const child = this.spawn(...args);
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout: stdout(), stderr: stderr() };
  }

  /** Starts the program. */
  spawn(...args: readonly string[]): ChildProcess {
    const env = { ...process.env, XDG_CACHE_HOME: CACHE };
    const child = spawn(process.execPath, [BIN, ...args], { env });
    this.#children.push(child);
    return child;
  }

  /** Ends all processes and removes the folder. */
  async remove(): Promise<void> {
    await Promise.all(this.#children.splice(0).map((child) => kill(child, 'SIGKILL')));
    rmSync(this.folder, { recursive: true });
  }
}

/** Sends a signal to a process that still runs, and waits for its end. */
export async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

/** Waits for the end of a daemon; gives its exit code. */
export async function exitCode({ child }: Program): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (bytes) => {
    text += bytes;
  });
  return () => text;
}
