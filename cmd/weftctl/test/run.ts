/** Runs the real program as a child, with a directory of its own for its datastore. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The launcher that users start. */
export const program: string = new URL('../bin/weftctl', import.meta.url).pathname;

/** What one run left. */
export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place to run weftctl in; `remove` it at the end. */
export class Workbench {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'weftctl-'));

  path(name: string): string {
    return join(this.directory, name);
  }

  file(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** The environment of a run: nothing of the machine's, and no home to write into. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: process.env.PATH,
      XDG_CACHE_HOME: new URL('../../../node_modules/.cache', import.meta.url).pathname,
      WEFT_DATASTORE: this.path('store.db'),
      WEFT_CONTROL_SOCKET: this.path('weftd.sock'),
      TMPDIR: this.directory,
      TZ: 'UTC',
    };
  }

  run(args: readonly string[], input = ''): Promise<Result> {
    return new Promise((resolve) => {
      const options = { env: this.environment, timeout: 30_000 };
      const child = execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
      child.stdin?.end(input);
    });
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}
