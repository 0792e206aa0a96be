import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { address } from '@weft/ip';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Authority } from '../../test/authority.ts';
import { fakeBackend } from '../../test/fake-backend.ts';
import type { RequestRecord } from '../answering.ts';
import { ControlClient } from '../client.ts';
import { connectionFailure } from '../connection-failure.ts';
import type { ControlError } from '../error.ts';
import { type ControlServer, startControlServer } from '../server.ts';
import { expiredSince, readTlsFiles, type TlsFiles } from './tls-files.ts';

const LOOPBACK = address('127.0.0.1');
const directory = mkdtempSync(join(tmpdir(), 'weft-remote-'));
let authority: Authority;
let foreign: Authority;
let daemonFiles: TlsFiles;
let reader: TlsFiles;
let operator: TlsFiles;

beforeAll(() => {
  authority = new Authority(directory, 'authority');
  foreign = new Authority(directory, 'foreign');
  daemonFiles = authority.sign('n1', { subject: '/CN=n1', use: 'serverAuth', dns: 'n1' });
  reader = authority.sign('reader', { subject: '/O=weft:readers/CN=alice', use: 'clientAuth' });
  operator = authority.sign('operator', { subject: '/O=ops/O=weft:operators/CN=bob', use: 'clientAuth' });
});

afterAll(() => rmSync(directory, { recursive: true }));

let server: ControlServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const records: RequestRecord[] = [];
const reloads: (ControlError | undefined)[] = [];

async function start(files: TlsFiles = daemonFiles): Promise<void> {
  records.length = 0;
  reloads.length = 0;
  server = await startControlServer({
    backend: fakeBackend(),
    socketPath: join(directory, 'weftd.sock'),
    remote: { host: LOOPBACK, port: 0, files, onFilesChanged: (problem) => reloads.push(problem) },
    onRequest: (record) => records.push(record),
  });
}

function clientOf(files: TlsFiles, node = 'n1'): ControlClient {
  return new ControlClient({ node, host: LOOPBACK, port: server?.remotePort ?? 0, files });
}

const attach = {
  containerId: 'c1',
  netns: '/run/netns/c1',
  interfaceName: 'eth0',
  orchestrator: 'cni',
  families: ['ipv4'],
} as const;

test('O=weft:operators reads and changes, and is known by the common name', async () => {
  await start();
  const client = clientOf(operator);
  expect((await client.status()).node).toBe('n1');
  expect((await client.attachEndpoint('c1', attach)).kind).toBe('attached');
  expect(records.map(({ access, asker, operation }) => ({ access, asker, operation }))).toEqual([
    { operation: 'status', access: 'read', asker: { certificate: 'bob' } },
    { operation: 'attach-endpoint', access: 'change', asker: { certificate: 'bob' } },
  ]);
});

test('O=weft:readers reads and changes nothing', async () => {
  await start();
  const client = clientOf(reader);
  expect((await client.status()).node).toBe('n1');
  const changes = [
    () => client.attachEndpoint('c1', attach),
    () => client.detachEndpoint('c1'),
    () => client.holdAddress('c1', { family: 'ipv4' }),
    () => client.releaseAddress('10.0.0.1'),
  ];
  for (const change of changes) {
    await expect(change()).rejects.toMatchObject({
      code: 'forbidden',
      what: 'The owner of certificate alice may read, but change nothing',
    });
  }
  expect(records.slice(1).map(({ status }) => status)).toEqual([403, 403, 403, 403]);
});

test('a certificate of neither organization may nothing, not even learn what there is', async () => {
  await start();
  const nobody = authority.sign('nobody', { subject: '/O=weft:reader/CN=eve', use: 'clientAuth' });
  await expect(clientOf(nobody).status()).rejects.toMatchObject({ code: 'forbidden' });
  await expect(clientOf(nobody).metrics()).resolves.toContain('forbidden');
  expect(await statusOf(nobody, '/v2/anything')).toBe(403);
});

test('an expired certificate of ours is named, with its end', async () => {
  await start();
  const late = authority.sign('late', { subject: '/O=weft:readers/CN=x', use: 'clientAuth', days: -1 });
  await expect(clientOf(late).status()).rejects.toMatchObject({
    code: 'not-trusted',
    what: expect.stringMatching(/^The daemon of n1 does not accept .*late\.crt: it has expired \(20.*Z\)$/),
    hint: 'Get a new certificate from whoever signs them.',
  });
});

test('an expired certificate of ours is not blamed for what it did not cause', async () => {
  const late = authority.sign('late', { subject: '/O=weft:readers/CN=x', use: 'clientAuth', days: -1 });
  await start();
  await expect(clientOf({ ...late, ca: foreign.ca }).status()).rejects.toMatchObject({
    what: expect.stringMatching(/^The certificate of node n1 is not accepted \(/),
  });
  await expect.poll(() => records.map(({ operation }) => operation)).toEqual(['handshake']);
  const daemon = { node: 'n1', host: LOOPBACK, port: 1, files: late, expired: expiredSince(late) };
  expect(daemon.expired).toBeInstanceOf(Date);
  for (const code of ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])
    expect(connectionFailure(Object.assign(new Error(), { code }), 'n1', daemon)).toMatchObject({
      code: 'unreachable',
      what: `The connection broke (${code})`,
    });
});

test('a certificate of ours that is being exchanged has not expired', () => {
  expect(expiredSince({ ...reader, certificate: at('none.crt') })).toBeUndefined();
  writeFileSync(at('half.crt'), 'half a certif');
  expect(expiredSince({ ...reader, certificate: at('half.crt') })).toBeUndefined();
});

test.each([
  [
    'of another authority',
    () => foreign.sign('stranger', { subject: '/O=weft:operators/CN=x', use: 'clientAuth' }),
  ],
  [
    'that has expired',
    () => authority.sign('late', { subject: '/O=weft:operators/CN=x', use: 'clientAuth', days: -1 }),
  ],
  [
    "of a server: a stolen node's opens no other node",
    () => authority.sign('n2', { subject: '/O=weft:operators/CN=n2', use: 'serverAuth', dns: 'n2' }),
  ],
])('a client certificate %s ends the connection before any request', async (_, sign) => {
  await start();
  const files = { ...sign(), ca: authority.ca };
  await expect(clientOf(files).status()).rejects.toMatchObject({
    code: 'not-trusted',
    object: expect.stringMatching(/127/),
  });
  await expect.poll(() => records.map(({ operation }) => operation)).toEqual(['handshake']);
  expect(records[0]?.error).toMatch(/CERT|SIGNATURE|PURPOSE/);
});

test('no certificate, and TLS 1.2, end the connection before any request', async () => {
  await start();
  await expect(bare({})).rejects.toMatchObject({ code: expect.stringMatching(/CERTIFICATE_REQUIRED/) });
  await expect(bare({ ...readTlsFiles(operator), maxVersion: 'TLSv1.2' })).rejects.toMatchObject({
    code: expect.stringMatching(/PROTOCOL_VERSION/),
  });
  await expect.poll(() => records.map(({ operation }) => operation)).toEqual(['handshake', 'handshake']);
});

test('a daemon whose certificate names another node, or is not of our authority, is sent nothing', async () => {
  await start();
  await expect(clientOf(operator, 'n2').status()).rejects.toMatchObject({
    code: 'not-trusted',
    what: "The daemon's certificate is not that of node n2",
  });
  await expect(clientOf({ ...operator, ca: foreign.ca }).status()).rejects.toMatchObject({
    code: 'not-trusted',
  });
  await server?.close();
  await start(authority.sign('n1-late', { subject: '/CN=n1', use: 'serverAuth', dns: 'n1', days: -1 }));
  await expect(clientOf(operator).status()).rejects.toMatchObject({
    code: 'not-trusted',
    what: 'The certificate of node n1 is not accepted (CERT_HAS_EXPIRED)',
  });
  expect(records.filter(({ operation }) => operation !== 'handshake')).toEqual([]);
});

test('files that change are read again, and ones of no use change nothing', async () => {
  const files = { certificate: at('live.crt'), key: at('live.key'), ca: at('live-ca.crt') };
  copyFileSync(daemonFiles.certificate, files.certificate);
  copyFileSync(daemonFiles.key, files.key);
  copyFileSync(authority.ca, files.ca);
  await start(files);
  writeFileSync(files.certificate, 'half a certif');
  await expect
    .poll(() => reloads.at(-1)?.what, { timeout: 20_000 })
    .toBe('This file is no certificate in PEM');
  expect((await clientOf(operator).status()).node).toBe('n1');
  const renewed = foreign.sign('n1-new', { subject: '/CN=n1', use: 'serverAuth', dns: 'n1' });
  copyFileSync(renewed.certificate, files.certificate);
  copyFileSync(renewed.key, files.key);
  copyFileSync(foreign.ca, files.ca);
  const newOperator = foreign.sign('new-operator', { subject: '/O=weft:operators/CN=c', use: 'clientAuth' });
  const answers = (): Promise<boolean> =>
    clientOf(newOperator)
      .status()
      .then(
        () => true,
        () => false,
      );
  await expect.poll(answers, { timeout: 20_000 }).toBe(true);
  // Who was trusted before is not any more.
  await expect(clientOf({ ...operator, ca: foreign.ca }).status()).rejects.toMatchObject({
    code: 'not-trusted',
  });
});

test('files that do not belong together are an error with the name of the file, at either side', async () => {
  await expect(start({ ...daemonFiles, key: reader.key })).rejects.toMatchObject({
    code: 'unusable-credentials',
    object: reader.key,
    what: `This file is not the key of ${daemonFiles.certificate}`,
  });
  await start();
  await expect(clientOf({ ...operator, key: at('nowhere') }).status()).rejects.toMatchObject({
    code: 'unusable-credentials',
    object: at('nowhere'),
    what: 'This file cannot be read (ENOENT)',
  });
});

function at(name: string): string {
  return join(directory, name);
}

function statusOf(files: TlsFiles, path: string): Promise<number | undefined> {
  const options = { ...readTlsFiles(files), host: '127.0.0.1', port: server?.remotePort, path, agent: false };
  return new Promise((resolve, reject) => {
    request({ ...options, checkServerIdentity: () => undefined }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** A connection as others make it: what it ends with. */
function bare(options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...options,
      host: '127.0.0.1',
      port: server?.remotePort ?? 0,
      rejectUnauthorized: false,
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('secureConnect', () => socket.write('GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n'));
    socket.resume();
  });
}
