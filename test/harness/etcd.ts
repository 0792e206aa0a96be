/**
 * A real etcd of the distribution, on loopback and in a directory of its own: to be killed, restarted, filled and compacted.
 * It ends with the process that started it, also when that one is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EtcdChoice, TlsFiles } from '@weft/datastore';
import { execa } from 'execa';
import { makeCertificates, type TestCertificates } from './certificates.ts';
import { waitFor } from './wait-for.ts';

const host = '127.0.0.1';

/** As in `ps`: each thread of a process has a letter. */
function threadStates(pid: number | undefined): (string | undefined)[] {
  const files = globSync(`/proc/${pid}/task/*/status`);
  return files.map((file) => /^State:\s+(\w)/m.exec(readFileSync(file, 'utf8'))?.[1]);
}

/** What is unusual about an etcd. */
export interface EtcdOptions {
  /** `server`: https. `mutual`: clients must show a certificate, too. */
  readonly tls?: 'server' | 'mutual';
  /** Makes the user `root` with this password and demands one of every client. */
  readonly rootPassword?: string;
  /** How large the database may become before writes are refused. */
  readonly quotaBackendBytes?: number;
  /** Further flags, like `--snapshot-count=10`. */
  readonly flags?: readonly string[];
}

/** Starts one etcd and waits until it serves. */
export async function startEtcd(options: EtcdOptions = {}): Promise<TestEtcd> {
  const [etcd] = await startEtcdCluster(1, options);
  return etcd as TestEtcd;
}

/** Starts the members of one cluster and waits until all serve. Each is disposed of by itself. */
export async function startEtcdCluster(members: number, options: EtcdOptions = {}): Promise<TestEtcd[]> {
  const setups = await Promise.all(
    Array.from({ length: members }, async (_, index) => {
      const directory = mkdtempSync(join(tmpdir(), 'weft-etcd-'));
      const certificates = options.tls ? await makeCertificates(directory) : undefined;
      const peerUrl = `http://${host}:${await freeServerPort()}`;
      return { name: `m${index}`, directory, certificates, peerUrl, port: await freeServerPort() };
    }),
  );
  const cluster = setups.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  const etcds = setups.map((setup) => new TestEtcd({ ...setup, cluster, options }));
  try {
    await Promise.all(etcds.map((etcd) => etcd.restart()));
    if (options.rootPassword !== undefined) await etcds[0]?.demandPassword(options.rootPassword);
  } catch (error) {
    await Promise.all(etcds.map((etcd) => etcd.dispose()));
    throw error;
  }
  return etcds;
}

interface Setup {
  readonly name: string;
  readonly directory: string;
  readonly certificates: TestCertificates | undefined;
  readonly peerUrl: string;
  readonly port: number;
  readonly cluster: string;
  readonly options: EtcdOptions;
}

/** One etcd process and its data. */
export class TestEtcd {
  /** `http://127.0.0.1:PORT`, or https. */
  readonly endpoint: string;
  /** The files of a CA, of the server, of a client, and of a client that a foreign CA has signed. */
  readonly certificates: TestCertificates | undefined;
  /** All that it writes lies here. */
  readonly directory: string;
  readonly #setup: Setup;
  #process: ChildProcess | undefined;
  #password: string | undefined;

  constructor(setup: Setup) {
    this.#setup = setup;
    this.certificates = setup.certificates;
    this.directory = setup.directory;
    this.endpoint = `${setup.options.tls ? 'https' : 'http'}://${host}:${setup.port}`;
  }

  /** How a client opens it: with the CA, a certificate and the password where they are needed. */
  get choice(): EtcdChoice {
    return {
      type: 'etcd',
      endpoints: [this.endpoint],
      ...(this.#password !== undefined && { username: 'root', password: this.#password }),
      ...(this.certificates && { tls: this.#tls(this.certificates) }),
    };
  }

  /** The process id while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it again on the same ports and data; resolves when it serves clients. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'etcd', ...this.#flags()], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    this.#process = child;
    await untilServing(child);
  }

  /** Ends the process and waits for its end; SIGKILL leaves it no time for anything. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Stops the process where it is: connections stay open and nobody answers, from the moment this returns. */
  async freeze(): Promise<void> {
    const pid = this.#process?.pid;
    this.#process?.kill('SIGSTOP');
    await waitFor('every thread of etcd has stopped', () =>
      threadStates(pid).every((state) => state === 'T'),
    );
  }

  /** Lets a frozen process go on. */
  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Runs etcdctl on this member; its standard output. Fails when the command fails. */
  async etcdctl(...args: string[]): Promise<string> {
    const { stdout } = await execa('etcdctl', [...this.#clientFlags(), ...args], {
      env: { ETCDCTL_API: '3' },
    });
    return stdout;
  }

  /** Writes a value byte for byte, as another program would. */
  async put(key: string, value: string): Promise<void> {
    // Without a value as argument etcdctl reads it from its input, where an empty one counts as forgotten.
    const args = [...this.#clientFlags(), 'put', key, ...(value === '' ? [''] : [])];
    await execa('etcdctl', args, { env: { ETCDCTL_API: '3' }, input: value });
  }

  /** The value of a key, byte for byte; undefined when there is none. */
  async value(key: string): Promise<string | undefined> {
    const answer = JSON.parse(await this.etcdctl('get', key, '--write-out=json')) as RangeAnswer;
    const found = answer.kvs?.[0];
    return found && Buffer.from(found.value ?? '', 'base64').toString();
  }

  /** All keys, sorted. */
  async keys(prefix = ''): Promise<string[]> {
    const output = await this.etcdctl('get', prefix, '--prefix', '--keys-only');
    return output.split('\n').filter((line) => line !== '');
  }

  /** Removes every key, so that the next test begins with an empty store. */
  async clear(): Promise<void> {
    await this.etcdctl('del', '', '--prefix');
  }

  /** The store's present revision. */
  async revision(): Promise<number> {
    const answer = JSON.parse(await this.etcdctl('get', 'x', '--write-out=json')) as RangeAnswer;
    return answer.header.revision;
  }

  /** Forgets every change up to now. The newest one is always kept by etcd, so one more is made first. */
  async compact(): Promise<void> {
    await this.put('/compacted', '');
    await this.etcdctl('compact', '--physical', String(await this.revision()));
  }

  /** Gives the space of what was forgotten back to the file system. */
  async defrag(): Promise<void> {
    await this.etcdctl('defrag');
  }

  /** True when this member leads its cluster. */
  async isLeader(): Promise<boolean> {
    const [{ Status }] = JSON.parse(await this.etcdctl('endpoint', 'status', '--write-out=json'));
    return Status.leader === Status.header.member_id;
  }

  /** Makes the user `root` and switches authentication on. */
  async demandPassword(password: string): Promise<void> {
    await this.etcdctl('user', 'add', `root:${password}`);
    await this.etcdctl('user', 'grant-role', 'root', 'root');
    await this.etcdctl('auth', 'enable');
    this.#password = password;
  }

  /** Ends the process and removes all it left. */
  async dispose(): Promise<void> {
    await this.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #flags(): string[] {
    const { name, peerUrl, cluster, options } = this.#setup;
    const { server, ca } = this.certificates ?? {};
    return [
      `--name=${name}`,
      `--data-dir=${join(this.directory, 'data')}`,
      `--listen-client-urls=${this.endpoint}`,
      `--advertise-client-urls=${this.endpoint}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${cluster}`,
      // What is written survives the death of the process either way; only a loss of power needs the disk.
      '--unsafe-no-fsync',
      '--logger=zap',
      '--log-outputs=stderr',
      ...(server ? [`--cert-file=${server.cert}`, `--key-file=${server.key}`] : []),
      ...(options.tls === 'mutual' ? ['--client-cert-auth', `--trusted-ca-file=${ca}`] : []),
      ...(options.quotaBackendBytes === undefined
        ? []
        : [`--quota-backend-bytes=${options.quotaBackendBytes}`]),
      ...(options.flags ?? []),
    ];
  }

  #clientFlags(): string[] {
    const { ca, client } = this.certificates ?? {};
    return [
      `--endpoints=${this.endpoint}`,
      // Its own patience of 5 s is too short for a password on a busy machine.
      ...['--command-timeout=60s', '--dial-timeout=60s'],
      ...(ca ? [`--cacert=${ca}`] : []),
      ...(client && this.#setup.options.tls === 'mutual'
        ? [`--cert=${client.cert}`, `--key=${client.key}`]
        : []),
      ...(this.#password === undefined ? [] : [`--user=root:${this.#password}`]),
    ];
  }

  #tls({ ca, client }: TestCertificates): TlsFiles {
    if (this.#setup.options.tls !== 'mutual') return { ca: { file: ca } };
    return { ca: { file: ca }, cert: { file: client.cert }, key: { file: client.key } };
  }
}

/**
 * A port below those that the kernel gives to connections: while the server is down, nobody else may come to sit on it, least
 * of all a client that dials it and is given the very port it dials.
 */
async function freeServerPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const probe = createServer().listen(port, host);
    const free = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    probe.close();
    if (free) return port;
  }
}

interface RangeAnswer {
  readonly header: { readonly revision: number };
  readonly kvs?: readonly { readonly value?: string }[];
}

/** Resolves when the log says so; fails with the last of the log when the process ends first. */
async function untilServing(child: ChildProcess): Promise<void> {
  if (!child.stderr) throw new Error('the log of etcd is not read');
  const lines = createInterface(child.stderr);
  const last: string[] = [];
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      last.push(line);
      if (last.length > 5) last.shift();
      if (line.includes('serving client traffic')) resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`etcd ended before it served:\n${last.join('\n')}`)));
  });
}
