/**
 * A BIRD 2 process of its own: configuration and control socket in a temporary directory, addresses on loopback.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { waitFor } from '../../harness/wait-for.ts';

/** A BIRD that can be killed and started again. */
export class Bird {
  readonly #directory = mkdtempSync(join(tmpdir(), 'interop-bird-'));
  #process: ChildProcess | undefined;

  /** @param values what stands for the names in `bird.conf` */
  constructor(values: Readonly<Record<string, string | number>>) {
    const template = readFileSync(join(import.meta.dirname, 'bird.conf'), 'utf8');
    const text = Object.entries(values).reduce(
      (conf, [name, value]) => conf.replaceAll(name, `${value}`),
      template,
    );
    writeFileSync(this.#path('bird.conf'), text);
  }

  /** Starts BIRD; `recover` makes it wait for its peers as after a restart (RFC 4724 §4.1). */
  async start({ recover = false }: { readonly recover?: boolean } = {}): Promise<void> {
    const args = [
      '-f',
      '-c',
      this.#path('bird.conf'),
      '-s',
      this.#path('bird.ctl'),
      ...(recover ? ['-R'] : []),
    ];
    this.#process = spawn('bird', args, { stdio: 'ignore' });
    const failure = once(this.#process, 'error').then(([error]) => {
      throw new Error('BIRD 2 does not start: install it ("apt-get install bird2")', { cause: error });
    });
    await Promise.race([once(this.#process, 'spawn'), failure]);
    await waitFor('BIRD answers', async () =>
      (await this.ask('show', 'status').catch(() => '')).includes('up'),
    );
  }

  /** Asks `birdc`; its answer. */
  async ask(...command: string[]): Promise<string> {
    const { stdout } = await execa('birdc', ['-s', this.#path('bird.ctl'), ...command]);
    return stdout;
  }

  /** Prefixes BIRD has from the speaker. */
  async routes(): Promise<string[]> {
    const text = await this.ask('show', 'route', 'protocol', 'speaker');
    return [...text.matchAll(/^([0-9a-f.:]+\/\d+)/gm)].map(([, found]) => found ?? '').toSorted();
  }

  /** Ends the process and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Ends everything and leaves nothing. */
  async remove(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}
