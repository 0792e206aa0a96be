/** On a kernel that was started with ipv6.disable=1, what listens on all addresses listens on those of IPv4. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatastore } from '@weft/datastore';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../harness/free-port.ts';
import { waitFor } from '../harness/wait-for.ts';

const root = join(import.meta.dirname, '../..');
const host = '127.0.0.1';
const preload = ['--import', join(root, 'test/harness/without-ipv6.ts')];

describe('without IPv6', () => {
  let directory: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'weft-without-ipv6-'));
  });
  afterEach(async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(directory, { recursive: true });
  });

  /** Starts a program; what it says to stdout and stderr. */
  function start(program: string, args: readonly string[], environment: Record<string, string>) {
    const said: string[] = [];
    const main = join(root, 'cmd', program, 'src/main.ts');
    child = spawn(process.execPath, [...preload, main, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => said.push(text));
    return said;
  }

  it('has no sockets of IPv6: a program that asks for one is told so', async () => {
    const script =
      "require('node:net').createServer().on('error', (e) => console.log(e.code)).listen(0, '::')";
    child = spawn(process.execPath, [...preload, '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await once(child.stdout?.setEncoding('utf8') as NodeJS.ReadableStream, 'data');
    expect(output).toBe('EAFNOSUPPORT\n');
  });

  it('weft-controller answers at the address that its manifest names, [::]', async () => {
    const port = await freePort(host);
    const kubeconfig = join(directory, 'kubeconfig');
    writeFileSync(kubeconfig, kubeconfigOf(`http://${host}:1`));
    const said = start('weft-controller', ['--datastore', `kubernetes:${kubeconfig}`], {
      WEFT_METRICS_ADDRESS: `[::]:${port}`,
    });
    const isAlive = () =>
      fetch(`http://${host}:${port}/liveness`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitFor('it answers', isAlive, 30_000, 50).catch((error: Error) => {
      throw new Error(`${error.message}: ${said.join('')}`);
    });
  });

  it('a route reflector takes sessions of IPv4', async () => {
    const port = await freePort(host);
    const datastore = join(directory, 'weft.db');
    await (await openDatastore({ type: 'embedded', path: datastore }, { create: true })).close();
    const said = start('weftd', ['--role', 'route-reflector', '--listen-port', `${port}`], {
      WEFT_NODE_NAME: 'reflector',
      WEFT_DATASTORE: datastore,
      WEFT_CONTROL_SOCKET: join(directory, 'weftd.sock'),
    });
    await waitFor('it listens', () => isListening(port), 30_000, 50).catch((error: Error) => {
      throw new Error(`${error.message}: ${said.join('')}`);
    });
  });
});

/** A cluster that is away. */
function kubeconfigOf(server: string): string {
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
  const clusters = [{ name: 'c', cluster: { server } }];
  return JSON.stringify({
    clusters,
    users: [{ name: 'u', user: {} }],
    contexts: [context],
    'current-context': 'c',
  });
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, host);
  const isOpen = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return isOpen;
}
