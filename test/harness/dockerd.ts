/**
 * Debian's Docker on a host of a lab, with weft-docker as its plugin: dockerd and the driver can be killed and started again.
 *
 * dockerd has a containerd of its own beside it, as Debian's service has, and a mount namespace that outlives it: containers that
 * outlive it have their network namespaces mounted there.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxImage } from './image.ts';
import type { Ended } from './refusal.ts';
import type { RuntimeHost } from './runtime-host.ts';
import { waitFor } from './wait-for.ts';

const repository = join(import.meta.dirname, '../..');
const driver = [join(repository, 'node_modules/.bin/node'), join(repository, 'cmd/weft-docker/src/main.ts')];
/** Debian's: another one may come first on the PATH, and speak of things that Debian's dockerd does not know. */
const docker = '/usr/bin/docker';
/** Where dockerd looks for the plugin `weft`: the same path on each host, and another folder. */
const pluginSocket = '/run/docker/plugins/weft.sock';

/** Docker on one host. */
export class Dockerd {
  readonly #host: RuntimeHost;
  /** Holds dockerd's mount namespace. */
  readonly #holder: ChildProcess;
  #containerd: ChildProcess | undefined;
  #dockerd: ChildProcess | undefined;
  #driver: ChildProcess | undefined;

  private constructor(host: RuntimeHost) {
    this.#host = host;
    const unshare = ['unshare', '--mount', '--propagation=private', 'sleep', 'infinity'];
    this.#holder = this.#spawn('holder', unshare);
  }

  /** Starts dockerd, without the driver, and gives it the image of an archive. */
  static async start(host: RuntimeHost, imageArchive: string): Promise<Dockerd> {
    const docker = new Dockerd(host);
    try {
      await docker.#ownsMountNamespace();
      docker.#startContainerd();
      await docker.startDockerd();
      await docker.run('load', '--input', imageArchive);
    } catch (error) {
      await docker.stop();
      throw error;
    }
    return docker;
  }

  async #ownsMountNamespace(): Promise<void> {
    const others = [
      readlinkSync('/proc/self/ns/mnt'),
      await this.#host.run(['readlink', '/proc/self/ns/mnt']),
    ];
    const its = () => readlinkSync(`/proc/${this.#holder.pid}/ns/mnt`);
    await waitFor('Docker has a mount namespace of its own', () => !others.includes(its()));
  }

  #startContainerd(): void {
    mkdirSync(this.#folder(''));
    const config = this.#folder('containerd.toml');
    writeFileSync(config, 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n');
    const places = ['--root', this.#folder('containerd'), '--state', this.#folder('containerd-state')];
    const address = this.#folder('containerd.sock');
    const command = ['containerd', '--config', config, '--address', address, ...places];
    this.#containerd = this.#spawnInside('containerd', command);
  }

  /** Starts dockerd; running containers of a former one live on (`--live-restore`). */
  async startDockerd(): Promise<void> {
    const folder = (name: string) => this.#folder(name);
    const command = [
      'dockerd',
      `--containerd=${folder('containerd.sock')}`,
      `--host=${this.address}`,
      `--data-root=${folder('data')}`,
      `--exec-root=${folder('exec')}`,
      `--pidfile=${folder('pid')}`,
      `--cgroup-parent=/${this.#host.name}`,
      '--storage-driver=overlay2',
      '--exec-opt=native.cgroupdriver=cgroupfs',
      '--live-restore',
    ];
    this.#dockerd = this.#spawnInside('dockerd', command);
    const answers = async () => (await this.attempt('version')).exitCode === 0;
    await waitFor('dockerd answers', answers, 30_000, 50);
  }

  /** Starts weft-docker and waits until it listens. */
  async startDriver(): Promise<void> {
    this.#driver = this.#spawn('weft-docker', [...driver, '--log-level=debug']);
    const listens = async () => (await this.#host.attempt(['curl', ...activation])).exitCode === 0;
    await waitFor('weft-docker answers', listens, 15_000, 50);
  }

  /** Ends dockerd and waits for its end. */
  async killDockerd(signal: NodeJS.Signals): Promise<void> {
    await end(this.#dockerd, signal);
    this.#dockerd = undefined;
  }

  /** Ends weft-docker and waits for its end. */
  async killDriver(signal: NodeJS.Signals): Promise<void> {
    await end(this.#driver, signal);
    this.#driver = undefined;
  }

  /** Runs docker; its standard output. Fails when it fails. */
  run(...args: string[]): Promise<string> {
    return this.#host.run([docker, `--host=${this.address}`, ...args]);
  }

  /** Runs docker; a failure is a result, not an error. */
  attempt(...args: string[]): Promise<Ended> {
    return this.#host.attempt([docker, `--host=${this.address}`, ...args]);
  }

  /** Runs a container in the background; its options come before the command. */
  start(name: string, options: readonly string[], ...command: string[]): Promise<string> {
    return this.run(
      'run',
      '--detach',
      `--name=${name}`,
      '--stop-timeout=0',
      ...options,
      busyboxImage,
      ...command,
    );
  }

  /** Runs a command in a running container; a failing one is a result, not an error. */
  exec(name: string, ...command: string[]): Promise<Ended> {
    return this.attempt('exec', name, ...command);
  }

  /** The address of a container in a network. */
  addressOf(name: string, network: string, family: 4 | 6 = 4): Promise<string> {
    const field = family === 4 ? 'IPAddress' : 'GlobalIPv6Address';
    return this.run('inspect', `--format={{(index .NetworkSettings.Networks "${network}").${field}}}`, name);
  }

  /** Removes all containers, and ends what runs. */
  async stop(): Promise<void> {
    if (this.#dockerd !== undefined) {
      const containers = (await this.attempt('ps', '--all', '--quiet')).stdout.split('\n').filter(Boolean);
      if (containers.length > 0) await this.attempt('rm', '--force', ...containers);
    }
    await this.killDockerd('SIGTERM');
    await end(this.#containerd, 'SIGTERM');
    await this.killDriver('SIGTERM');
    await end(this.#holder, 'SIGKILL');
  }

  /** Where this dockerd answers, as DOCKER_HOST has it. */
  get address(): string {
    return `unix://${join(this.#host.directory, 'docker.sock')}`;
  }

  #folder(name: string): string {
    return join(this.#host.directory, 'docker', name);
  }

  #spawnInside(name: string, command: readonly string[]): ChildProcess {
    return this.#spawn(name, ['nsenter', `--target=${this.#holder.pid}`, '--mount', ...command]);
  }

  #spawn(name: string, command: readonly string[]): ChildProcess {
    const log = openSync(join(this.#host.directory, `${name}.log`), 'a');
    const child = this.#host.spawn(command, log);
    closeSync(log);
    return child;
  }
}

const activation = [
  '--silent',
  '--fail',
  '--data',
  '',
  '--unix-socket',
  pluginSocket,
  'http://weft/Plugin.Activate',
];

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}
