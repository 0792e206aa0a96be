/**
 * Makes a port of this machine's loopback a port of a namespace's loopback, too: a server of a test becomes reachable for the
 * hosts of a lab, which have no way out.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs in the namespace: from a port to a unix socket. */
const INNER = `
const { connect, createServer } = require('node:net');
const [port, path] = process.argv.slice(1);
createServer((near) => {
  const far = connect(path);
  near.pipe(far).pipe(near);
  for (const [end, other] of [[near, far], [far, near]]) end.on('error', () => {}).on('close', () => other.destroy());
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
`;

/** One bridge; it is there from `open` until `close`. */
export class LoopbackBridge {
  readonly #directory: string;
  readonly #outer: Server;
  readonly #inner: ChildProcess;

  private constructor(directory: string, outer: Server, inner: ChildProcess) {
    this.#directory = directory;
    this.#outer = outer;
    this.#inner = inner;
  }

  /** @param port of 127.0.0.1, here and in the namespace; a connection is closed while nobody listens here */
  static async open(namespace: string, port: number): Promise<LoopbackBridge> {
    const directory = mkdtempSync(join(tmpdir(), 'weft-bridge-'));
    const path = join(directory, 'socket');
    const outer = createServer((near) => pipeBoth(near, connect(port, '127.0.0.1'))).listen(path);
    await once(outer, 'listening');
    const inner = spawn(
      'setpriv',
      [
        '--pdeathsig',
        'KILL',
        'nsenter',
        `--net=/run/netns/${namespace}`,
        process.execPath,
        '-e',
        INNER,
        `${port}`,
        path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(inner.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
    return new LoopbackBridge(directory, outer, inner);
  }

  async close(): Promise<void> {
    this.#inner.kill('SIGKILL');
    if (this.#inner.exitCode === null && this.#inner.signalCode === null) await once(this.#inner, 'exit');
    this.#outer.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function pipeBoth(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
  for (const [end, other] of [
    [near, far],
    [far, near],
  ] as const)
    end.on('error', () => undefined).on('close', () => other.destroy());
}
