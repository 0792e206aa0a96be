/**
 * Debian's Podman with its CNI backend on a host of a lab. No daemon: every call is the whole of Podman.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { busyboxImage } from './image.ts';
import type { Ended } from './refusal.ts';
import type { RunOptions, RuntimeHost } from './runtime-host.ts';

/** Podman with files of its own. */
export class Podman {
  readonly #host: RuntimeHost;
  readonly #options: RunOptions;

  private constructor(host: RuntimeHost, configuration: string) {
    this.#host = host;
    this.#options = { environment: { CONTAINERS_CONF: configuration } };
  }

  /** Configures it and gives it the image of an archive. */
  static async prepare(host: RuntimeHost, imageArchive: string): Promise<Podman> {
    const configuration = join(host.directory, 'containers.conf');
    writeFileSync(configuration, containersConf(host));
    const podman = new Podman(host, configuration);
    await podman.run('load', '--input', imageArchive);
    return podman;
  }

  /** Runs podman; its standard output. Fails when it fails. */
  run(...args: string[]): Promise<string> {
    return this.#host.run(this.#command(args), this.#options);
  }

  /** Runs podman; a failure is a result, not an error. */
  attempt(...args: string[]): Promise<Ended> {
    return this.#host.attempt(this.#command(args), this.#options);
  }

  /** Runs a container in the background. */
  start(name: string, options: readonly string[], ...command: string[]): Promise<string> {
    return this.run('run', '--detach', `--name=${name}`, ...this.#placed(options), busyboxImage, ...command);
  }

  /** Runs a container to its end and removes it. */
  runToEnd(name: string, options: readonly string[], ...command: string[]): Promise<Ended> {
    return this.attempt('run', '--rm', `--name=${name}`, ...this.#placed(options), busyboxImage, ...command);
  }

  /** Kills and removes a container. */
  async remove(name: string): Promise<void> {
    await this.run('rm', '--force', '--time=0', name);
  }

  /** Runs a command in a running container; a failing one is a result, not an error. */
  exec(name: string, ...command: string[]): Promise<Ended> {
    return this.attempt('exec', name, ...command);
  }

  /** The whole id of a container, under which CNI plugins hear of it. */
  containerId(name: string): Promise<string> {
    return this.run('inspect', '--format={{.Id}}', name);
  }

  /** Removes all containers, and Podman's mounts. */
  async stop(): Promise<void> {
    await this.run('rm', '--all', '--force', '--time=0');
  }

  // A cgroup of the host's own: Podman's usual one is shared with the machine.
  #placed(options: readonly string[]): string[] {
    return [`--cgroup-parent=/${this.#host.name}`, ...options];
  }

  #command(args: readonly string[]): string[] {
    const folder = (name: string) => join(this.#host.directory, 'podman', name);
    return [
      'podman',
      `--root=${folder('root')}`,
      `--runroot=${folder('run')}`,
      `--tmpdir=${folder('tmp')}`,
      `--runtime-flag=root=${folder('runc')}`,
      `--network-config-dir=${this.#host.networkDirectory}`,
      '--cgroup-manager=cgroupfs',
      ...args,
    ];
  }
}

/** runc, because crun refuses both versions of cgroups on one machine; limits that also root without CAP_SYS_RESOURCE may set. */
function containersConf(host: RuntimeHost): string {
  const pluginDirectories = [host.pluginDirectory, '/usr/lib/cni'].map((path) => JSON.stringify(path));
  const lines = [
    '[containers]',
    'default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]',
    '[network]',
    'network_backend = "cni"',
    `cni_plugin_dirs = [${pluginDirectories.join(', ')}]`,
    `network_config_dir = ${JSON.stringify(host.networkDirectory)}`,
    '[engine]',
    'cgroup_manager = "cgroupfs"',
    'runtime = "runc"',
    'events_logger = "none"',
  ];
  return `${lines.join('\n')}\n`;
}
