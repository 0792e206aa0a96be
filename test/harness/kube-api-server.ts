/**
 * A real kube-apiserver on loopback with an etcd of its own, as envtest runs one: `KUBEBUILDER_ASSETS` names the folder that
 * holds the program. It ends with the process that started it, also when that one is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson, stringifyJson } from '@weft/resources';
import { execa } from 'execa';
import { parse } from 'yaml';
import { startEtcd, type TestEtcd } from './etcd.ts';
import { freePort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

const host = '127.0.0.1';
const root = join(import.meta.dirname, '../..');

/** The folder with kube-apiserver; undefined when there is none, and then tests that need it cannot run. */
export const kubeAssets: string | undefined = process.env.KUBEBUILDER_ASSETS || undefined;

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  // The shape differs from path to path, and a test looks at what it asked for.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
}

/** Starts etcd and the API server, with further flags like `--watch-cache=false`, and waits until both serve. */
export async function startKubeApiServer(flags: readonly string[] = []): Promise<TestKubeApiServer> {
  const etcd = await startEtcd();
  const directory = mkdtempSync(join(tmpdir(), 'weft-kube-'));
  const server = new TestKubeApiServer(etcd, directory, await freePort(host), flags);
  try {
    await server.prepare();
    await server.restart();
  } catch (error) {
    await server.dispose();
    throw error;
  }
  return server;
}

/** One API server, its etcd and its files. */
export class TestKubeApiServer {
  /** The token of an administrator. */
  readonly token = 'admin-token';
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  /** The file with the authority that signed the server's certificate. */
  readonly caFile: string;
  /** Where the objects lie. */
  readonly etcd: TestEtcd;
  readonly #directory: string;
  readonly #port: number;
  readonly #moreFlags: readonly string[];
  #process: ChildProcess | undefined;
  #log: string[] = [];

  constructor(etcd: TestEtcd, directory: string, port: number, flags: readonly string[]) {
    this.etcd = etcd;
    this.#directory = directory;
    this.#port = port;
    this.#moreFlags = flags;
    this.url = `https://${host}:${port}`;
    this.caFile = join(directory, 'apiserver.crt');
  }

  /** Writes what the server reads at its start. */
  async prepare(): Promise<void> {
    await execa('openssl', ['genrsa', '-out', this.#path('accounts.key'), '2048']);
    writeFileSync(this.#path('tokens.csv'), `${this.token},admin,admin,"system:masters"\n`);
  }

  /** Starts it, again on the same port and data; resolves when it is ready. */
  async restart(): Promise<void> {
    await this.kill('SIGKILL');
    const program = join(kubeAssets ?? '', 'kube-apiserver');
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...this.#flags()], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH },
    });
    this.#process = child;
    this.#log = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#log = [...this.#log, text].slice(-20);
    });
    await waitFor('kube-apiserver is ready', () => this.#isReady(child), 100_000, 100);
  }

  /** Ends the process and waits for its end. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Asks the server as its administrator; a body is sent as JSON. Integers beyond 2^53 are bigint. */
  async ask(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const text = body === undefined ? undefined : stringifyJson(body);
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...(text !== undefined && {
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'content-length': Buffer.byteLength(text),
      }),
    };
    const ca = readFileSync(this.caFile);
    const sent = request(`${this.url}${path}`, { method, headers, ca });
    sent.end(text);
    const [answer] = await once(sent, 'response');
    const chunks: Buffer[] = await answer.toArray();
    const read = Buffer.concat(chunks).toString();
    return { status: answer.statusCode, body: read.startsWith('{') ? parseJson(read) : read };
  }

  /** Installs the CRDs of a group from manifests/ and waits until they are served; gives their names. */
  async installCrds(version: 'v1' | 'v3'): Promise<string[]> {
    const folder = join(root, 'manifests/crds', version);
    const crds = readdirSync(folder).map((file) => parse(readFileSync(join(folder, file), 'utf8')));
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    for (const crd of crds) {
      const { status, body } = await this.ask('POST', path, crd);
      if (status !== 201) throw new Error(`${crd.metadata.name} is refused: ${body.message ?? body}`);
    }
    for (const { spec } of crds)
      await waitFor(`${spec.names.plural} are served`, async () => {
        const { status } = await this.ask('GET', `/apis/${spec.group}/${version}/${spec.names.plural}`);
        return status === 200;
      });
    return crds.map((crd) => crd.metadata.name);
  }

  /** Ends both processes and removes all they left. */
  async dispose(): Promise<void> {
    await this.kill('SIGKILL');
    await this.etcd.dispose();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #isReady(child: ChildProcess): Promise<boolean> {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`kube-apiserver ended before it was ready:\n${this.#log.join('')}`);
    // Until it listens there is nobody to ask, and no certificate to trust either.
    const answer = await this.ask('GET', '/readyz').catch(() => undefined);
    return answer?.status === 200;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  #flags(): string[] {
    return [
      `--etcd-servers=${this.etcd.endpoint}`,
      `--bind-address=${host}`,
      `--advertise-address=${host}`,
      `--secure-port=${this.#port}`,
      `--cert-dir=${this.#directory}`,
      `--token-auth-file=${this.#path('tokens.csv')}`,
      `--service-account-key-file=${this.#path('accounts.key')}`,
      `--service-account-signing-key-file=${this.#path('accounts.key')}`,
      `--service-account-issuer=${this.url}`,
      '--service-cluster-ip-range=10.96.0.0/24',
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
      '--allow-privileged=true',
      '--endpoint-reconciler-type=none',
      ...this.#moreFlags,
    ];
  }
}
