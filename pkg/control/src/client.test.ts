import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeBackend } from '../test/fake-backend.ts';
import { ControlClient, everyItem } from './client.ts';
import type { AttachRequest } from './schema/endpoints.ts';
import { type ControlServer, startControlServer } from './server.ts';

let directory: string;
let socketPath: string;
let server: ControlServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-control-'));
  socketPath = join(directory, 'weftd.sock');
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

const wanted: AttachRequest = {
  containerId: 'c1',
  netns: '/run/netns/c1',
  interfaceName: 'eth0',
  orchestrator: 'cni',
  families: ['ipv4'],
};

describe('client and server', () => {
  test('attach, attach again, detach, detach again', async () => {
    const backend = fakeBackend();
    server = await startControlServer({ backend, socketPath });
    const client = new ControlClient(socketPath);
    expect(await client.attachEndpoint('c1.eth0', wanted)).toMatchObject({
      kind: 'attached',
      id: 'c1.eth0',
      addresses: ['10.0.0.5/32'],
    });
    expect(backend.attached.get('c1.eth0')).toEqual(wanted);
    expect(await client.attachEndpoint('c1.eth0', wanted)).toMatchObject({ kind: 'already-attached' });
    expect(await client.detachEndpoint('c1.eth0')).toMatchObject({
      kind: 'detached',
      addresses: ['10.0.0.5/32'],
    });
    expect(await client.detachEndpoint('c1.eth0')).toMatchObject({ kind: 'not-attached', addresses: [] });
  });

  test('addresses are held and given back, endpoints and pools are read', async () => {
    const backend = fakeBackend({ releaseAddress: (address) => ({ kind: 'not-held', address }) });
    server = await startControlServer({ backend, socketPath });
    const client = new ControlClient(socketPath);
    const wanted6 = { family: 'ipv6', address: 'fd00::5' } as const;
    expect(await client.holdAddress('a', wanted6)).toEqual({ kind: 'held', id: 'a', address: 'fd00::5' });
    expect(await client.releaseAddress('fd00::5')).toEqual({ kind: 'not-held', address: 'fd00::5' });
    await expect(client.endpoint('x')).rejects.toMatchObject({ code: 'not-found', object: 'x' });
    expect(await client.pools()).toEqual({ items: [], total: 0 });
  });

  test('a refusal is thrown with its code and all three parts', async () => {
    server = await startControlServer({ backend: fakeBackend(), socketPath });
    await expect(
      new ControlClient(socketPath).attachEndpoint('x', { ...wanted, pools4: ['full'] }),
    ).rejects.toMatchObject({
      code: 'no-address',
      what: 'The pool has no free address',
      object: 'IPPool full',
      hint: 'Add a pool.',
      message: 'The pool has no free address: IPPool full. Add a pool.',
    });
  });

  test('not ready is an answer with reasons, not an error', async () => {
    const backend = fakeBackend();
    backend.health = { ok: false, reasons: ['BGP has no session.'] };
    server = await startControlServer({ backend, socketPath });
    const client = new ControlClient(socketPath);
    expect(await client.readiness()).toEqual({ ok: false, reasons: ['BGP has no session.'] });
    expect((await client.status()).readiness.ok).toBe(false);
  });

  test('a list longer than a page arrives whole and in order', async () => {
    const backend = fakeBackend();
    backend.routeList = Array.from({ length: 2500 }, (_, i) => ({
      prefix: `fd00::${String(i).padStart(4, '0')}/128`,
      type: 'unicast',
      via: [{ interface: 'cali1' }],
      metric: 1024,
      state: 'in-kernel',
      reason: 'endpoint',
    }));
    server = await startControlServer({ backend, socketPath });
    const client = new ControlClient(socketPath);
    const seen = await Array.fromAsync(everyItem((query) => client.routes(query)));
    expect(seen).toEqual(backend.routeList);
    expect(await client.routes({ limit: 10 })).toMatchObject({ total: 2500, next: 'fd00::0009/128' });
  });
});

describe('a daemon that is away or not a daemon', () => {
  test('no socket: says which one and asks whether weftd runs', async () => {
    await expect(new ControlClient(socketPath).status()).rejects.toMatchObject({
      code: 'unreachable',
      object: socketPath,
      hint: expect.stringContaining('Is weftd running?'),
    });
  });

  test('a path longer than a socket can have', () => {
    expect(() => new ControlClient(`/${'a'.repeat(107)}`)).toThrow('at most 107 bytes');
  });

  test.each([
    ['an answer that is not JSON', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello', 'bad-reply'],
    ['an answer of another shape', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', 'bad-reply'],
    ['an error of another shape', 'HTTP/1.1 500 No\r\ncontent-length: 2\r\n\r\n{}', 'bad-reply'],
    ['a connection cut in the answer', 'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"no', 'unreachable'],
    ['bytes that are not HTTP', 'hello\r\n', 'unreachable'],
  ])('%s is %s', async (_name, bytes, code) => {
    const stranger = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(bytes));
    }).listen(socketPath);
    await expect(new ControlClient(socketPath).status()).rejects.toMatchObject({ code, object: socketPath });
    stranger.close();
  });

  test('no answer within the limit is a timeout', async () => {
    const silent = createServer().listen(socketPath);
    const client = new ControlClient(socketPath, { timeoutMilliseconds: 50 });
    await expect(client.status()).rejects.toMatchObject({ code: 'timeout', object: socketPath });
    silent.close();
  });
});
