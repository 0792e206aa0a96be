/**
 * A lab's host as a container runtime sees a machine: the host's network namespace, and a mount namespace in which the
 * folders whose paths runtimes do not let one choose are the host's own.
 *
 * The mount namespace is held by a process that sleeps in the host's network namespace, so the lab ends it at the latest.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { namespaceOf, resolveLab } from '@weft/lab';
import { execa } from 'execa';
import type { Ended } from './refusal.ts';
import { waitFor } from './wait-for.ts';

/** What begins empty: CNI configurations, CNI plugins (/opt/cni/bin), what plugins and libcni keep, containerd's shims, Docker's plugins. */
const ownFolders = ['/etc/cni', '/opt', '/var/lib', '/run/containerd', '/run/docker'];
/** Where weftd's socket is when nobody says otherwise: Podman hands no variable on to the plugins it calls after a container. */
const weftFolder = '/run/weft';
const spoolFolder = '/var/lib/weft/cni-spool';

/** What a program is given beside its arguments. */
export interface RunOptions {
  /** Beside what every program on the host has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Its standard input; absent: an empty one. */
  readonly input?: string;
}

/** One host, ready for a runtime. */
export class RuntimeHost {
  /** All files of the host's runtimes lie here. */
  readonly directory: string;
  /** Unlike any other host's on this machine, also for the name of a cgroup. */
  readonly name: string;
  readonly #holder: ChildProcess;
  readonly #madeFolders: string[] = [];

  private constructor(name: string, directory: string, holder: ChildProcess) {
    this.name = name;
    this.directory = directory;
    this.#holder = holder;
  }

  /** Makes a host of a running lab ready. Plugins find the host's weftd and spool where they are on any host. */
  static async open(lab: string, host: string): Promise<RuntimeHost> {
    const { hosts } = await resolveLab(lab);
    const weftd = hosts.find(({ name }) => name === host);
    if (weftd === undefined) throw new Error(`${host} of lab ${lab} runs no weftd`);
    const namespace = namespaceOf(lab, host);
    const holder = await holdMountNamespace(namespace);
    const opened = new RuntimeHost(namespace, mkdtempSync(join(tmpdir(), 'weft-host-')), holder);
    try {
      await opened.#giveFolders(weftd);
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
    return spawn(program, args, { env: this.#environment, stdio: ['ignore', output, output] });
  }

  /** Runs a program on this host; a failing one is a result, not an error. */
  async attempt(
    command: readonly string[],
    { environment = {}, input = '' }: RunOptions = {},
  ): Promise<Ended> {
    const [program, ...args] = this.entering(...command);
    const env = { ...this.#environment, ...environment };
    const result = await execa(program, args, { env, extendEnv: false, input, reject: false });
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 1 };
  }

  /** Runs a program on this host; its standard output. Fails when the program fails. */
  async run(command: readonly string[], options?: RunOptions): Promise<string> {
    const { stdout, stderr, exitCode } = await this.attempt(command, options);
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
    // Not one that somebody else uses by now.
    for (const folder of this.#madeFolders) if (isEmpty(folder)) rmdirSync(folder);
    removeCgroups(this.name);
  }

  get #environment(): Record<string, string> {
    return { PATH: process.env.PATH ?? '', HOME: this.directory };
  }

  #own(folder: string): string {
    return join(this.directory, folder.slice(1).replaceAll('/', '-'));
  }

  async #giveFolders(weftd: { readonly controlSocket: string; readonly cniSpool: string }): Promise<void> {
    for (const folder of ownFolders) {
      mkdirSync(this.#own(folder), { recursive: true });
      if (mkdirSync(folder, { recursive: true }) !== undefined) this.#madeFolders.push(folder);
      await this.#bind(this.#own(folder), folder);
    }
    mkdirSync(this.networkDirectory);
    mkdirSync(this.pluginDirectory, { recursive: true });
    mkdirSync(weftd.cniSpool, { recursive: true });
    await this.run(['mkdir', '--parents', spoolFolder]);
    await this.#bind(weftd.cniSpool, spoolFolder);
    await this.#bind(dirname(weftd.controlSocket), weftFolder);
  }

  /** Where mounts are shared: Podman's network namespaces have to be seen by weftd, what is mounted here by nobody. */
  async #bind(source: string, target: string): Promise<void> {
    const mountPoint = await this.run(['findmnt', '--noheadings', '--output=TARGET', `--target=${target}`]);
    await this.run(['mount', '--make-private', mountPoint]);
    await this.run(['mount', '--bind', source, target]);
  }
}

function isEmpty(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length === 0;
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
export function removeCgroups(name: string): void {
  for (const parent of globSync(`/sys/fs/cgroup/{,*/}${name}`)) {
    const folders = globSync('**', { cwd: parent, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    // The innermost first; the files of a cgroup go with it.
    for (const folder of folders.sort((left, right) => right.length - left.length)) rmdirSync(folder);
  }
}
