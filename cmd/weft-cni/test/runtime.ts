/** A container runtime as far as weft-cni sees one: it starts the plugin with an environment and standard input. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildWeftCni } from '../build.ts';

/** How a run of the plugin ended. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  /** Empty, or what a sanitizer says. */
  readonly stderr: string;
}

/** What a runtime gives. */
export interface Call {
  /** `CNI_COMMAND`; none when absent. */
  readonly command?: string;
  /** Further variables, CNI's and others. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Standard input; absent: it stays open and nothing comes. */
  readonly stdin?: string | Uint8Array;
  /** Instead of the plugin's path: a program that runs it, and its arguments. */
  readonly through?: (plugin: string) => readonly string[];
}

/** A CNI configuration as runtimes write it. */
export const CONFIG = '{"cniVersion":"1.0.0","name":"pods","type":"weft"}';

/** A directory with a control socket's path and a spool's. `remove` it at the end. */
export class Runtime {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weft-cni-'));
  readonly socket: string = join(this.directory, 'weftd.sock');
  readonly spool: string = join(this.directory, 'var/spool');
  readonly plugin: string;

  /** Without a path: built with sanitizers and a deadline of a second. */
  constructor(plugin: string = buildWeftCni('test')) {
    this.plugin = plugin;
  }

  call({ command, environment = {}, stdin, through = (plugin) => [plugin] }: Call): Promise<Outcome> {
    const [file = '', ...args] = through(this.plugin);
    const env = {
      ...(command !== undefined && { CNI_COMMAND: command }),
      WEFT_CONTROL_SOCKET: this.socket,
      WEFT_CNI_SPOOL: this.spool,
      ...environment,
    };
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { env, cwd: this.directory, timeout: 30_000 });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (data: Buffer) => stdout.push(data));
      child.stderr.on('data', (data: Buffer) => stderr.push(data));
      // A plugin that does not read to the end is no fault of the runtime.
      child.stdin.on('error', () => {});
      if (stdin !== undefined) child.stdin.end(stdin);
      child.on('error', reject);
      child.on('close', (code) => {
        child.stdin.destroy();
        resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
      });
    });
  }

  /** File names in the spool, hidden ones included. */
  spooled(): string[] {
    return existsSync(this.spool) ? readdirSync(this.spool) : [];
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
