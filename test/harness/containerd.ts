/**
 * Debian's containerd on a host of a lab, and `ctr run --cni`: the runtime whose client calls the CNI plugins itself.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxImage } from './image.ts';
import type { Ended } from './refusal.ts';
import type { RuntimeHost } from './runtime-host.ts';
import { waitFor } from './wait-for.ts';

/** A containerd that serves. */
export class Containerd {
  readonly #host: RuntimeHost;
  readonly #daemon: ChildProcess;
  /** Every `ctr run` in the foreground, by its container's name. */
  readonly #foreground = new Map<string, Promise<Ended>>();
  #execs = 0;

  private constructor(host: RuntimeHost, daemon: ChildProcess) {
    this.#host = host;
    this.#daemon = daemon;
  }

  /** Starts it and gives it the image of an archive. */
  static async start(host: RuntimeHost, imageArchive: string): Promise<Containerd> {
    const config = join(host.directory, 'containerd.toml');
    writeFileSync(config, configuration(host));
    const log = openSync(join(host.directory, 'containerd.log'), 'a');
    const daemon = host.spawn(['containerd', '--config', config], log);
    closeSync(log);
    // `ctr` waits 10 s for a socket that is not there.
    await waitFor('containerd listens', () => existsSync(socketOf(host)));
    const containerd = new Containerd(host, daemon);
    await containerd.ctr('images', 'import', imageArchive);
    return containerd;
  }

  /** The id under which CNI plugins hear of a container. */
  containerId(name: string): string {
    return `${this.#host.name}-${name}`;
  }

  /** Runs ctr; its standard output. Fails when it fails. */
  ctr(...args: string[]): Promise<string> {
    return this.#host.run(this.#command(args));
  }

  /** Runs a container to its end, as `ctr run` does in the foreground: ADD, the command, DEL. */
  runToEnd(name: string, ...command: string[]): Promise<Ended> {
    return this.#host.attempt(this.#command(['run', '--rm', '--cni', busyboxImage, name, ...command]));
  }

  /** Starts `ctr run` in the foreground, which `end` ends, and waits until the container runs. */
  async run(name: string, ...command: string[]): Promise<void> {
    const ended = this.runToEnd(name, ...command);
    this.#foreground.set(name, ended);
    const failed = ended.then(({ stderr }) => {
      throw new Error(`${name} ended: ${stderr}`);
    });
    await Promise.race([
      failed,
      waitFor(`${name} runs`, async () => (await this.#task(name))?.state === 'RUNNING', 30_000, 20),
    ]);
  }

  /** Kills a container of `run`, and waits until its `ctr run` has cleaned up. */
  async end(name: string): Promise<Ended> {
    const ended = this.#foreground.get(name);
    if (ended === undefined) throw new Error(`${name} does not run in the foreground`);
    this.#foreground.delete(name);
    await this.ctr('task', 'kill', '--signal=SIGKILL', name);
    return ended;
  }

  /** Runs a container in the background: nobody calls DEL for it, ever. */
  async runDetached(name: string, ...command: string[]): Promise<void> {
    await this.ctr('run', '--detach', '--cni', busyboxImage, name, ...command);
  }

  /** Kills and removes a container of `runDetached`. */
  async removeDetached(name: string): Promise<void> {
    // Its exit code is the container's, which did not end by itself.
    await this.#host.attempt(this.#command(['task', 'rm', '--force', name]));
    await this.ctr('container', 'rm', name);
  }

  /** Runs a command in a running container; a failing one is a result, not an error. */
  exec(name: string, ...command: string[]): Promise<Ended> {
    this.#execs += 1;
    return this.#host.attempt(
      this.#command(['task', 'exec', `--exec-id=exec${this.#execs}`, name, ...command]),
    );
  }

  /** The network namespace of a running container, for tools that its image does not have. */
  async netnsOf(name: string): Promise<string> {
    return `/proc/${(await this.#task(name))?.pid}/ns/net`;
  }

  /** Removes all containers and ends containerd. */
  async stop(): Promise<void> {
    for (const name of [...this.#foreground.keys()]) await this.end(name);
    const left = (await this.ctr('container', 'ls', '--quiet')).split('\n').filter((name) => name !== '');
    for (const name of left) await this.removeDetached(name);
    const ended = once(this.#daemon, 'exit');
    this.#daemon.kill('SIGTERM');
    await ended;
  }

  /** A container whose network is still being set up has a task, too, but that is not yet running. */
  async #task(name: string): Promise<{ pid: number; state: string } | undefined> {
    const tasks = (await this.ctr('task', 'ls')).split('\n').map((line) => line.trim().split(/\s+/));
    const [, pid, state = ''] = tasks.find(([task]) => task === name) ?? [];
    return pid === undefined ? undefined : { pid: Number(pid), state };
  }

  #command(args: readonly string[]): string[] {
    return ['ctr', `--address=${socketOf(this.#host)}`, `--namespace=${this.#host.name}`, ...args];
  }
}

function socketOf(host: RuntimeHost): string {
  return join(host.directory, 'containerd.sock');
}

/** Files and socket in the host's own folder; no CRI, which would want a network of its own. */
function configuration(host: RuntimeHost): string {
  const lines = [
    'version = 2',
    `root = "${join(host.directory, 'containerd/root')}"`,
    `state = "${join(host.directory, 'containerd/state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
    '[grpc]',
    `address = "${socketOf(host)}"`,
  ];
  return `${lines.join('\n')}\n`;
}
