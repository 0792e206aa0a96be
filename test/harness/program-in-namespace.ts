/** A program of weft in a network namespace of a test, as a container runtime would start it: bundled, with an environment alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** One running program. */
export class ProgramInNamespace {
  readonly #process: ChildProcess;
  #output = '';

  /** @param program path of the bundle */
  constructor(namespace: string, program: string, environment: Readonly<Record<string, string>>) {
    const enter = ['--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${namespace}`];
    this.#process = spawn('setpriv', [...enter, process.execPath, program], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr] as Readable[])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
  }

  /** All it has written. */
  get output(): string {
    return this.#output;
  }

  /** Kills it and waits for its end. */
  async kill(): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
