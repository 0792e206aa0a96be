/**
 * A lab's host as a container runtime sees a machine: the host's network namespace, and a mount namespace in which the
 * folders whose paths runtimes do not let one choose are the host's own.
 *
 * The mount namespace is held by a process that sleeps in the host's network namespace, so the lab ends it at the latest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namespaceOf, resolveLab } from '@weft/lab';
import { execa } from 'execa';
import type { Ended } from './refusal.ts';
import { waitFor } from './wait-for.ts';

/** What is the host's own: CNI configurations, CNI plugins (/opt/cni/bin), what plugins and libcni keep, containerd's shims. */
const ownFolders = ['/etc/cni', '/opt', '/var/lib', '/run/containerd'];

/** One host, ready for a runtime. */
export class RuntimeHost {
  /** All files of the host's runtimes lie here. */
  readonly directory: string;
  /** Unlike any other host's on this machine, also for the name of a cgroup. */
  readonly name: string;
  readonly #holder: ChildProcess;
  readonly #environment: Record<string, string>;
  readonly #madeFolders: string[] = [];

  private constructor(
    name: string,
    directory: string,
    holder: ChildProcess,
    environment: Record<string, string>,
  ) {
    this.name = name;
    this.directory = directory;
    this.#holder = holder;
    this.#environment = environment;
  }

  /** Makes a host of a running lab ready. Its runtimes' plugins find the host's weftd by their environment. */
  static async open(lab: string, host: string): Promise<RuntimeHost> {
    const { hosts } = await resolveLab(lab);
    const { controlSocket = '', cniSpool = '' } = hosts.find(({ name }) => name === host) ?? {};
    const environment = { WEFT_CONTROL_SOCKET: controlSocket, WEFT_CNI_SPOOL: cniSpool };
    const namespace = namespaceOf(lab, host);
    const holder = await holdMountNamespace(namespace);
    const directory = mkdtempSync(join(tmpdir(), 'weft-host-'));
    const opened = new RuntimeHost(namespace, directory, holder, environment);
    try {
      await opened.#giveOwnFolders();
    } catch (error) {
      await opened.close();
      throw error;
    }
    return opened;
  }

  /** The command line that runs a program on this host. */
  entering(...command: readonly string[]): [string, ...string[]] {
    return ['nsenter', `--target=${this.#holder.pid}`, '--mount', '--net', ...command];
  }

  /** Starts a program on this host and does not wait for it. Whoever calls sees to its end. */
  spawn(command: readonly string[], output: number | 'pipe' = 'pipe'): ChildProcess {
    const [program, ...args] = this.entering(...command);
    return spawn(program, args, { env: this.#fullEnvironment(), stdio: ['ignore', output, output] });
  }

  /** Runs a program on this host; a failing one is a result, not an error. */
  async attempt(command: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
    const [program, ...args] = this.entering(...command);
    const env = { ...this.#fullEnvironment(), ...environment };
    const result = await execa(program, args, { env, extendEnv: false, stdin: 'ignore', reject: false });
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 1 };
  }

  /** Runs a program on this host; its standard output. Fails when the program fails. */
  async run(command: readonly string[], environment?: Record<string, string>): Promise<string> {
    const { stdout, stderr, exitCode } = await this.attempt(command, environment);
    if (exitCode !== 0)
      throw new Error(`${this.name}: ${command.join(' ')} ended with ${exitCode}: ${stderr}`);
    return stdout;
  }

  /** Writes a network configuration list to /etc/cni/net.d of this host. */
  writeNetwork(fileName: string, network: object): void {
    writeFileSync(join(this.networkDirectory, fileName), JSON.stringify(network));
  }

  /** /etc/cni/net.d of this host, by the path that everybody sees. */
  get networkDirectory(): string {
    return join(this.#own('/etc/cni'), 'net.d');
  }

  /** /opt/cni/bin of this host, by the path that everybody sees. */
  get pluginDirectory(): string {
    return join(this.#own('/opt'), 'cni/bin');
  }

  /** What libcni keeps of networks that it believes to be up, one file name for each container's interface. */
  cachedResults(): string[] {
    return globSync('cni/results/*', { cwd: this.#own('/var/lib') });
  }

  /** Removes all that was made. To be called when no runtime of this host runs any more. */
  async close(): Promise<void> {
    this.#holder.kill('SIGKILL');
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) await once(this.#holder, 'exit');
    rmSync(this.directory, { recursive: true, force: true });
    for (const folder of this.#madeFolders) rmdirSync(folder);
    removeCgroups(this.name);
  }

  #fullEnvironment(): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.directory, ...this.#environment };
  }

  #own(folder: string): string {
    return join(this.directory, folder.slice(1).replaceAll('/', '-'));
  }

  async #giveOwnFolders(): Promise<void> {
    for (const folder of ownFolders) {
      mkdirSync(this.#own(folder), { recursive: true });
      if (mkdirSync(folder, { recursive: true }) !== undefined) this.#madeFolders.push(folder);
      // Elsewhere mounts are shared: Podman's network namespaces have to be seen by weftd, what is mounted here by nobody.
      const mountPoint = await this.run(['findmnt', '--noheadings', '--output=TARGET', `--target=${folder}`]);
      await this.run(['mount', '--make-private', mountPoint]);
      await this.run(['mount', '--bind', this.#own(folder), folder]);
    }
    mkdirSync(this.networkDirectory);
    mkdirSync(this.pluginDirectory, { recursive: true });
  }
}

async function holdMountNamespace(namespace: string): Promise<ChildProcess> {
  const unshare = ['unshare', '--mount', '--propagation=unchanged', 'sleep', 'infinity'];
  const holder = spawn('nsenter', [`--net=/run/netns/${namespace}`, ...unshare], { stdio: 'ignore' });
  const own = readlinkSync('/proc/self/ns/mnt');
  await waitFor(`${namespace} has a mount namespace`, () => mountNamespaceOf(holder.pid) !== own);
  return holder;
}

function mountNamespaceOf(pid: number | undefined): string {
  return readlinkSync(`/proc/${pid}/ns/mnt`);
}

/** Runtimes remove the cgroup of a container and leave the one they made around it. */
function removeCgroups(name: string): void {
  for (const parent of globSync(`/sys/fs/cgroup/{,*/}${name}`)) {
    const folders = globSync('**', { cwd: parent, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    // The innermost first; the files of a cgroup go with it.
    for (const folder of folders.sort((left, right) => right.length - left.length)) rmdirSync(folder);
  }
}
