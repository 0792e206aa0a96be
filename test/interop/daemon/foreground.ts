/**
 * A program that runs in the foreground, as a child of the test, inside a namespace: the part all drivers share.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../../harness/wait-for.ts';
import { inNamespace } from './network.ts';

/** Lines of output that are kept. */
const LOG_LINES = 60;

/** How a program is started. */
export interface ForegroundOptions {
  readonly netns: string;
  /** Working directory. */
  readonly directory: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** A program that can be killed and started again. */
export class Foreground {
  readonly #options: ForegroundOptions;
  readonly #lines: string[] = [];
  #child: ChildProcess | undefined;

  constructor(options: ForegroundOptions) {
    this.#options = options;
  }

  /** True while it runs. */
  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts the program. Its output, both streams, is kept for `logTail`. */
  start(command: readonly string[]): void {
    const { netns, directory, env = {} } = this.#options;
    const [program, ...args] = inNamespace(netns, command);
    const child = spawn(program, args, {
      cwd: directory,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.on('error', (error) => this.#keep(`${program} does not start: ${error.message}\n`));
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    this.#child = child;
  }

  /** Waits for a sign that it is ready; fails at once, with its last words, when it ends instead. */
  async ready(sign: string, ask: () => Promise<boolean>): Promise<void> {
    await waitFor(
      sign,
      async () => {
        if (!this.isRunning) throw new Error(`ended before ${sign}:\n${this.logTail()}`);
        return ask().catch(() => false);
      },
      30_000,
      20,
    );
  }

  /** Signals the program and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    this.#child = undefined;
  }

  /** What it said last. */
  logTail(): string {
    return this.#lines.join('\n');
  }

  #keep(text: string): void {
    this.#lines.push(...text.split('\n').filter((line) => line !== ''));
    this.#lines.splice(0, this.#lines.length - LOG_LINES);
  }
}
