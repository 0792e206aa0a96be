/**
 * The image's weftd as a container runtime starts it: Podman on runc, with the rights and mounts that a manifest gives it and none
 * beside, in a network namespace of a test. The image is a folder; what Debian would have in it is the machine's /usr.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { netnsPath } from '@weft/kernel';
import { execa } from 'execa';
import { removeCgroups } from './runtime-host.ts';

/** What a container may do, as a manifest says it. */
export interface SecurityContext {
  readonly runAsUser: number;
  readonly allowPrivilegeEscalation: boolean;
  readonly readOnlyRootFilesystem: boolean;
  readonly capabilities: { readonly drop: readonly string[]; readonly add: readonly string[] };
}

/** One confined weftd. */
export class ConfinedWeftd {
  readonly #directory = mkdtempSync(join(tmpdir(), 'weft-confined-'));
  readonly #namespace: string;
  #process: ChildProcess | undefined;
  #output = '';

  /** @param namespace name of the network namespace that is its host's */
  constructor(namespace: string) {
    this.#namespace = namespace;
    for (const folder of ['rootfs', 'run', 'lib']) mkdirSync(join(this.#directory, folder));
    for (const folder of ['bin', 'sbin', 'lib', 'lib64'])
      symlinkSync(`usr/${folder}`, join(this.#rootfs, folder));
    for (const folder of [
      'etc',
      'usr',
      'opt',
      'proc',
      'sys',
      'dev',
      'tmp',
      'run/weft',
      'run/netns',
      'var/lib/weft',
    ])
      mkdirSync(join(this.#rootfs, folder), { recursive: true });
    copyFileSync(process.execPath, join(this.#rootfs, 'opt/node'));
    writeFileSync(join(this.#directory, 'containers.conf'), configuration);
  }

  /** Where it is asked. */
  get controlSocket(): string {
    return join(this.#directory, 'run/weftd.sock');
  }

  /** All it has written. */
  get output(): string {
    return this.#output;
  }

  /** Bundles the programs and starts weftd with a datastore of its own. */
  async start(context: SecurityContext, environment: Readonly<Record<string, string>>): Promise<void> {
    const build = join(import.meta.dirname, '../../hack/build-image.ts');
    await execa(process.execPath, [build, join(this.#rootfs, 'opt/weft')]);
    const variables = Object.entries(environment).map(([name, value]) => `--env=${name}=${value}`);
    const command = ['--rootfs', this.#rootfs, '/opt/node', '/opt/weft/weftd.mjs'];
    const args = [
      'run',
      '--name=weftd',
      ...placed,
      `--cgroup-parent=/${this.#namespace}`,
      ...rights(context),
      ...this.#mounts(),
      ...variables,
      ...command,
    ];
    this.#process = this.#spawn(args);
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
  }

  /** What a file of its /proc says inside the container. */
  async read(path: string): Promise<string> {
    const { stdout } = await execa(
      'nsenter',
      [`--net=${netnsPath(this.#namespace)}`, ...this.#podman('exec', 'weftd', 'cat', path)],
      {
        env: this.#environment,
      },
    );
    return stdout;
  }

  /** Ends it, and removes its container, mounts and files. */
  async dispose(): Promise<void> {
    const child = this.#process;
    if (child !== undefined) {
      const ended = once(child, 'exit');
      const removal = ['rm', '--all', '--force', '--time=5'];
      await execa('nsenter', [`--net=${netnsPath(this.#namespace)}`, ...this.#podman(...removal)], {
        env: this.#environment,
      });
      if (child.exitCode === null && child.signalCode === null) await ended;
    }
    removeCgroups(this.#namespace);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #rootfs(): string {
    return join(this.#directory, 'rootfs');
  }

  get #environment(): Record<string, string> {
    return { CONTAINERS_CONF: join(this.#directory, 'containers.conf') };
  }

  #mounts(): string[] {
    const own = (name: string, path: string): string => `--volume=${join(this.#directory, name)}:${path}`;
    return [
      '--volume=/usr:/usr:ro',
      own('run', '/run/weft'),
      own('lib', '/var/lib/weft'),
      '--volume=/run/netns:/run/netns:rslave',
      '--mount=type=tmpfs,destination=/tmp',
    ];
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn('nsenter', [`--net=${netnsPath(this.#namespace)}`, ...this.#podman(...args)], {
      env: { ...process.env, ...this.#environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  #podman(...args: string[]): string[] {
    const folder = (name: string): string => join(this.#directory, 'podman', name);
    const places = [`--root=${folder('root')}`, `--runroot=${folder('state')}`, `--tmpdir=${folder('tmp')}`];
    return [
      'podman',
      ...places,
      `--runtime-flag=root=${folder('runc')}`,
      '--cgroup-manager=cgroupfs',
      ...args,
    ];
  }
}

/** As the manifest has it: hostNetwork, hostPID. Podman's own tmpfs mounts would make more writable than Kubernetes does. */
const placed = ['--network=host', '--pid=host', '--read-only-tmpfs=false'];

const configuration = `[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
events_logger = "none"
`;

function rights(context: SecurityContext): string[] {
  const { capabilities, runAsUser, allowPrivilegeEscalation, readOnlyRootFilesystem } = context;
  return [
    `--user=${runAsUser}`,
    `--read-only=${readOnlyRootFilesystem}`,
    ...(allowPrivilegeEscalation ? [] : ['--security-opt=no-new-privileges']),
    ...capabilities.drop.map((name) => `--cap-drop=${name}`),
    ...capabilities.add.map((name) => `--cap-add=${name}`),
  ];
}
