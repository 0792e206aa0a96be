/**
 * A weftd of a test's own on a host of a lab that runs none, with flags and an environment of the test's choice. All its files
 * are in a folder of its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient, type DaemonStatus } from '@weft/control';
import { installation, namespaceOf } from '@weft/lab';
import { waitFor } from './wait-for.ts';

/** How it is started. */
export interface WeftdStart {
  readonly lab: string;
  readonly host: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `NET_ADMIN` and the like: root with these alone; all of them unless told. */
  readonly capabilities?: readonly string[];
}

/** A line of its log. */
export interface LogLine {
  readonly event: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** Bundled once for all tests of a file. */
let built: ReturnType<typeof installation> | undefined;

/** One weftd, over as many starts as a test wants. */
export class WeftdProcess {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weftd-'));
  readonly control: ControlClient = new ControlClient(join(this.directory, 'weftd.sock'));
  readonly nodenameFile: string = join(this.directory, 'nodename');
  #process: ChildProcess | undefined;

  /** Starts it; it runs when this returns, and is not ready for anything yet. */
  async start({ args, capabilities, environment = {}, host, lab }: WeftdStart): Promise<void> {
    built ??= installation();
    const { node, weftd } = await built;
    const files = {
      'cni-spool': 'cni-spool',
      'control-socket': 'weftd.sock',
      'ipam-journal': 'journal.db',
      'nodename-file': 'nodename',
      'record-directory': 'record',
    };
    const places = Object.entries(files).flatMap(([flag, name]) => [`--${flag}`, join(this.directory, name)]);
    const log = openSync(this.#logFile, 'a');
    const command = [...confinement(capabilities), node, weftd, ...places, ...args];
    this.#process = spawn('nsenter', [`--net=/run/netns/${namespaceOf(lab, host)}`, ...command], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
  }

  /** What it says about itself, as soon as it answers. */
  async status(): Promise<DaemonStatus> {
    return waitFor('weftd answers', () => this.control.status().catch(() => this.#dead()), 30_000, 20);
  }

  /** Waits until it is ready. */
  async ready(): Promise<DaemonStatus> {
    let last: DaemonStatus | undefined;
    const isReady = async (): Promise<boolean> => {
      last = await this.status();
      return last.readiness.ok;
    };
    await waitFor('weftd is ready', isReady, 30_000, 20).catch((error: Error) => {
      throw new Error(`${error.message}: ${last?.readiness.reasons.join('; ')}`);
    });
    return this.status();
  }

  /** Everything it has written. */
  get output(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : '';
  }

  /** The lines of its log with that event. */
  lines(event: string): LogLine[] {
    return this.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => line.event === event);
  }

  /** The exit code, when it ends by itself. */
  async ended(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) throw new Error('weftd was not started');
    if (child.exitCode === null && child.signalCode === null)
      await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
    return child.exitCode;
  }

  /** Ends it. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#process?.kill(signal);
    await this.ended();
  }

  /** Ends it and removes all its files. */
  async dispose(): Promise<void> {
    if (this.#process !== undefined) await this.stop('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  get #logFile(): string {
    return join(this.directory, 'daemon.log');
  }

  /** Nobody waits for the dead. */
  #dead(): undefined {
    const { exitCode = null, signalCode = null } = this.#process ?? {};
    if (exitCode === null && signalCode === null) return undefined;
    throw new Error(`weftd has ended with ${signalCode ?? exitCode}:\n${this.output}`);
  }
}

function confinement(capabilities: readonly string[] | undefined): string[] {
  if (capabilities === undefined) return [];
  const bounding = ['-all', ...capabilities.map((name) => `+${name.toLowerCase()}`)].join(',');
  return ['setpriv', `--bounding-set=${bounding}`, '--inh-caps=-all', '--no-new-privs'];
}
