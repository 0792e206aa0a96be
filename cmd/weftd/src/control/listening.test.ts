/** Who may do what by the control socket, with processes of real users. Needs root. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ControlBackend,
  type ControlServer,
  type RequestRecord,
  startControlServer,
} from '@weft/control';
import { createLogger } from '@weft/telemetry';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readOptions } from '../options.ts';
import { StartupError } from '../startup-error.ts';
import { listeningOptions } from './listening.ts';

/** Users and a group that nobody has. */
const MEMBER = 64_001;
const STRANGER = 64_002;
const GROUP = 64_100;

const log = createLogger({ name: 'weftd', level: 'error', destination: { write: () => {} } });
const backend = {
  status: () => ({ node: 'n1' }),
  releaseAddress: (address: string) => ({ kind: 'not-held', address }),
} as unknown as ControlBackend;

let directory: string;
let server: ControlServer | undefined;
let records: RequestRecord[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-peers-'));
  chmodSync(directory, 0o755);
  records = [];
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

async function start(...args: string[]): Promise<string> {
  const socket = join(directory, 'weftd.sock');
  const flags = ['--node-name', 'n1', '--control-socket', socket, ...args];
  const options = listeningOptions(readOptions(['node', 'weftd', ...flags], {}), log);
  server = await startControlServer({ backend, onRequest: (record) => records.push(record), ...options });
  return socket;
}

const PROGRAM = `
  const [socketPath, method, path] = process.argv.slice(1);
  require('node:http').request({ socketPath, method, path }, (response) => {
    console.log(response.statusCode);
    response.resume();
  }).on('error', ({ code }) => console.log(code)).end();`;

/** What a process of a user gets: the HTTP status, or the error of its connection. */
async function asUser(
  uid: number,
  gid: number,
  socket: string,
  method: string,
  path: string,
): Promise<{ said: string; pid: number }> {
  const args = ['-e', PROGRAM, socket, method, path];
  const child = spawn(process.execPath, args, { uid, gid, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (text) => {
    said += text;
  });
  await once(child, 'close');
  return { said: said.trim(), pid: child.pid ?? 0 };
}

const CHANGE = ['DELETE', '/v1/addresses/10.0.0.1'] as const;

it('root reads and changes, and the record says which process it was', async () => {
  const socket = await start();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect((await asUser(0, 0, socket, 'GET', '/v1/status')).said).toBe('200');
  const { pid, said } = await asUser(0, 0, socket, ...CHANGE);
  expect(said).toBe('200');
  expect(records.at(-1)).toMatchObject({ access: 'change', asker: { uid: 0, pid } });
});

it('nobody else gets in without a group', async () => {
  const socket = await start();
  for (const gid of [GROUP, 0])
    expect((await asUser(MEMBER, gid, socket, 'GET', '/v1/status')).said).toBe('EACCES');
  expect(records).toEqual([]);
});

it('members of the group read and change nothing, others are kept out', async () => {
  const socket = await start('--control-group', String(GROUP));
  expect(statSync(socket)).toMatchObject({ gid: GROUP, uid: 0 });
  expect(statSync(socket).mode & 0o777).toBe(0o660);
  expect((await asUser(MEMBER, GROUP, socket, 'GET', '/v1/status')).said).toBe('200');
  expect((await asUser(MEMBER, GROUP, socket, ...CHANGE)).said).toBe('403');
  expect((await asUser(MEMBER, GROUP, socket, 'POST', '/v1/cni')).said).toBe('403');
  expect(records.at(-1)).toMatchObject({ status: 403, asker: { uid: MEMBER } });
  expect((await asUser(STRANGER, STRANGER, socket, 'GET', '/v1/status')).said).toBe('EACCES');
});

it('a group that is not there is an error with its name', async () => {
  await expect(start('--control-group', 'no-such-group')).rejects.toThrow(StartupError);
  expect((await start('--control-group', 'root')).length).toBeGreaterThan(0);
});
