import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeBackend } from '../test/fake-backend.ts';
import type { RequestRecord } from './answering.ts';
import type { ControlBackend } from './backend.ts';
import { type ControlServer, type ControlServerOptions, startControlServer } from './server.ts';

let directory: string;
let server: ControlServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-control-'));
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

const records: RequestRecord[] = [];

async function start(
  backend: ControlBackend = fakeBackend(),
  options: Partial<ControlServerOptions> = {},
): Promise<string> {
  records.length = 0;
  const socketPath = join(directory, 'weftd.sock');
  server = await startControlServer({
    backend,
    socketPath,
    onRequest: (record) => records.push(record),
    ...options,
  });
  return socketPath;
}

interface Answered {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came back
  json: any;
}

function ask(
  where: { socketPath: string } | { port: number },
  method: string,
  path: string,
  body?: string,
  headers: OutgoingHttpHeaders = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...where, method, path, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      const isJson = response.headers['content-type'] === 'application/json';
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        text,
        json: isJson ? JSON.parse(text) : undefined,
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

describe('health, as kubelet and Calico probe it', () => {
  test.each(['/liveness', '/readiness'])('%s answers 200, or 503 with the reasons', async (path) => {
    const backend = fakeBackend();
    const socketPath = await start(backend);
    expect(await ask({ socketPath }, 'GET', path)).toMatchObject({ status: 200, json: { ok: true } });
    backend.health = { ok: false, reasons: ['The datastore is not in sync.'] };
    expect(await ask({ socketPath }, 'GET', path)).toMatchObject({
      status: 503,
      json: { ok: false, reasons: ['The datastore is not in sync.'] },
    });
  });

  test('/metrics is text exposition 0.0.4', async () => {
    const socketPath = await start();
    const answer = await ask({ socketPath }, 'GET', '/metrics');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.text).toContain('weft_ready 1\n');
  });
});

describe('the socket and the metrics address', () => {
  test('the socket is for its owner only, and gone after close', async () => {
    const socketPath = await start();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    await server?.close();
    expect(() => statSync(socketPath)).toThrow('ENOENT');
  });

  test('the metrics address answers health and metrics, and nothing else', async () => {
    await start(fakeBackend(), { metricsAddress: { host: '127.0.0.1', port: 0 } });
    const port = server?.metricsPort ?? 0;
    expect((await ask({ port }, 'GET', '/metrics')).status).toBe(200);
    expect((await ask({ port }, 'GET', '/readiness')).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/v1/status'],
      ['DELETE', '/v1/endpoints/x'],
    ] as const) {
      expect(await ask({ port }, method, path)).toMatchObject({
        status: 404,
        json: { error: { code: 'not-found' } },
      });
    }
  });

  test('a metrics port that is taken is an error with the address, and leaves no socket behind', async () => {
    await start(fakeBackend(), { metricsAddress: { host: '127.0.0.1', port: 0 } });
    const port = server?.metricsPort ?? 0;
    const socketPath = join(directory, 'second.sock');
    const second = startControlServer({
      backend: fakeBackend(),
      socketPath,
      metricsAddress: { host: '127.0.0.1', port },
    });
    await expect(second).rejects.toMatchObject({ code: 'cannot-listen', object: `127.0.0.1 port ${port}` });
    expect(() => statSync(socketPath)).toThrow('ENOENT');
  });
});

describe('a bad request gets an error in three parts and never a stack trace', () => {
  const good = {
    containerId: 'c1',
    netns: '/run/netns/c1',
    interfaceName: 'eth0',
    orchestrator: 'cni',
    families: ['ipv4'],
  };

  test.each([
    ['an unknown path', 'GET', '/v1/nothing', undefined, 404, 'not-found'],
    ['a path that is no path', 'GET', '//', undefined, 404, 'not-found'],
    ['a known path with another method', 'POST', '/v1/status', '{}', 405, 'method-not-allowed'],
    ['an endpoint with another method', 'POST', '/v1/endpoints/x', undefined, 405, 'method-not-allowed'],
    ['an address that is none', 'DELETE', '/v1/addresses/x', undefined, 400, 'invalid-request'],
    [
      'an address that is not there to be read',
      'GET',
      '/v1/addresses/10.0.0.5',
      undefined,
      405,
      'method-not-allowed',
    ],
    ['something below an endpoint', 'PUT', '/v1/endpoints/x/y', '{}', 404, 'not-found'],
    ['a body that is not JSON', 'PUT', '/v1/endpoints/x', 'hello', 400, 'invalid-request'],
    ['no body', 'PUT', '/v1/endpoints/x', '', 400, 'invalid-request'],
    ['a list as body', 'PUT', '/v1/endpoints/x', '[]', 400, 'invalid-request'],
    ['an empty id', 'PUT', '/v1/endpoints/', JSON.stringify(good), 400, 'invalid-request'],
    ['an id that climbs', 'DELETE', '/v1/endpoints/..%2F..%2Fetc', undefined, 400, 'invalid-request'],
    ['an id that is badly encoded', 'DELETE', '/v1/endpoints/%zz', undefined, 400, 'invalid-request'],
    ['a page of nothing', 'GET', '/v1/routes?limit=0', undefined, 400, 'invalid-request'],
    ['an unknown query parameter', 'GET', '/v1/routes?page=2', undefined, 400, 'invalid-request'],
  ])('%s', async (_name, method, path, body, status, code) => {
    const socketPath = await start();
    const answer = await ask({ socketPath }, method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.json.error).toEqual({
      code,
      message: expect.stringMatching(/./),
      object: expect.stringMatching(/./),
      hint: expect.stringMatching(/\.$/),
    });
    expect(answer.text).not.toMatch(/\bat .*\.ts/);
  });

  test.each([
    ['an unknown field', { ...good, pool: 'a' }, 'pool'],
    ['a relative namespace path', { ...good, netns: 'c1' }, 'netns: an absolute path'],
    ['an interface name of 16 bytes', { ...good, interfaceName: 'a'.repeat(16) }, 'interfaceName'],
    ['an interface name that is a path', { ...good, interfaceName: 'a/b' }, 'interfaceName'],
    ['no family', { ...good, families: [] }, 'families'],
    ['a family twice', { ...good, families: ['ipv4', 'ipv4'] }, 'families: each family once'],
    ['an address that is none', { ...good, addresses: ['10.0.0.256'] }, 'addresses.0: an IP address'],
    ['an octal address', { ...good, addresses: ['010.0.0.1'] }, 'addresses.0: an IP address'],
    ['two addresses of a family', { ...good, addresses: ['10.0.0.1', '10.0.0.2'] }, 'addresses: one of each'],
    ['an MTU below IPv4', { ...good, mtuBytes: 67 }, 'mtuBytes'],
    ['a MAC of five bytes', { ...good, mac: 'ee:ee:ee:ee:ee' }, 'mac: six hex bytes'],
    ['a number as container', { ...good, containerId: 7 }, 'containerId'],
  ])('attach with %s names the field and is not tried', async (_name, body, problem) => {
    const backend = fakeBackend();
    const socketPath = await start(backend);
    const answer = await ask({ socketPath }, 'PUT', '/v1/endpoints/c1.eth0', JSON.stringify(body));
    expect(answer.status).toBe(400);
    expect(answer.json.error.message).toContain(problem);
    expect(answer.json.error.object).toBe('c1.eth0');
    expect(backend.attached.size).toBe(0);
  });

  test.each([
    ['of two lengths', 'content-length: 3\r\ncontent-length: 5\r\n'],
    ['of a length and in chunks', 'content-length: 3\r\ntransfer-encoding: chunked\r\n'],
    ['of a length that is none', 'content-length: +3\r\n'],
    ['with a header of 9 KiB', `x: ${'x'.repeat(9 * 1024)}\r\n`],
    ['with a header that is folded', 'x: a\r\n b: c\r\ncontent-length: 3\r\n c\r\n'],
  ])('a request %s is refused, and nothing after it is read', async (_name, headers) => {
    const backend = fakeBackend();
    const socket = connect(await start(backend));
    socket.on('error', () => undefined);
    const hidden = 'DELETE /v1/endpoints/c1.eth0 HTTP/1.1\r\nhost: x\r\n\r\n';
    socket.write(`PUT /v1/endpoints/x HTTP/1.1\r\nhost: x\r\n${headers}\r\n0\r\n\r\n${hidden}`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text.match(/^HTTP\/1\.1 \d/gm)).toHaveLength(1);
    expect(records.map(({ operation }) => operation)).not.toContain('detach-endpoint');
  });

  test.each([
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/dashboard.js/../../package.json',
    '//etc/passwd',
    '/dashboard.ts',
  ])('%s is no file of the dashboard', async (path) => {
    expect((await ask({ socketPath: await start() }, 'GET', path)).status).toBe(404);
  });

  test.each([
    ['POST', '/v1/stop', { origin: 'https://example.org', 'content-type': 'text/plain' }],
    ['POST', '/v1/cni', { origin: 'null' }],
    ['DELETE', '/v1/endpoints/c1.eth0', { 'sec-fetch-site': 'same-origin' }],
  ])('%s %s by a page in a browser is refused, whoever its user is', async (method, path, headers) => {
    const socketPath = await start();
    const answer = await ask({ socketPath }, method, path, method === 'POST' ? '{}' : undefined, headers);
    expect(answer).toMatchObject({
      status: 403,
      json: { error: { code: 'forbidden', hint: 'Use weftctl.' } },
    });
    expect((await ask({ socketPath }, 'GET', '/v1/status', undefined, headers)).status).toBe(200);
  });

  test('a body above 64 KiB is refused, and the connection closed', async () => {
    const socketPath = await start();
    const answer = await ask({ socketPath }, 'PUT', '/v1/endpoints/x', `"${'x'.repeat(70_000)}"`);
    expect(answer).toMatchObject({ status: 413, json: { error: { code: 'too-large' } } });
  });

  test('a client that leaves in the middle of its request does no harm', async () => {
    const socketPath = await start();
    const socket = connect(socketPath);
    socket.write('PUT /v1/endpoints/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"a"', () =>
      socket.destroy(),
    );
    await expect.poll(() => records.length).toBe(1);
    expect(records[0]).toMatchObject({ operation: 'attach-endpoint', status: 400 });
    expect((await ask({ socketPath }, 'GET', '/v1/status')).status).toBe(200);
  });

  test('bytes that are not HTTP get an error in JSON', async () => {
    const socketPath = await start();
    const socket = connect(socketPath);
    socket.end('hello\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1] ?? '').error.code).toBe('invalid-request');
  });
});

describe('a backend that refuses or fails', () => {
  test('a refusal keeps its code, its three parts and its status', async () => {
    const socketPath = await start();
    const answer = await ask(
      { socketPath },
      'PUT',
      '/v1/endpoints/x',
      JSON.stringify({
        containerId: 'c1',
        netns: '/run/netns/c1',
        interfaceName: 'eth0',
        orchestrator: 'cni',
        families: ['ipv4'],
        pools4: ['full'],
      }),
    );
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual({
      error: {
        code: 'no-address',
        message: 'The pool has no free address',
        object: 'IPPool full',
        hint: 'Add a pool.',
      },
    });
  });

  test('an exception is answered without its text, and reported with it', async () => {
    const failure = new Error('secret detail');
    const socketPath = await start(
      fakeBackend({
        status: () => {
          throw failure;
        },
      }),
    );
    const answer = await ask({ socketPath }, 'GET', '/v1/status');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret detail');
    expect(records).toMatchObject([{ operation: 'status', status: 500, error: failure }]);
  });

  test('every request is reported with operation, status and duration', async () => {
    const socketPath = await start();
    await ask({ socketPath }, 'GET', '/v1/routes');
    await ask({ socketPath }, 'GET', '/nowhere');
    expect(records).toMatchObject([
      { operation: 'routes', method: 'GET', path: '/v1/routes', status: 200 },
      { operation: 'unknown', method: 'GET', path: '/nowhere', status: 404 },
    ]);
    expect(records[0]?.seconds).toBeGreaterThan(0);
  });
});

describe('closing', () => {
  test('a request in progress is answered before the server is gone', async () => {
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const socketPath = await start(
      fakeBackend({
        bgpPeers: async () => {
          enter();
          await released;
          return { asn: 1, bgpIdentifier: '10.0.0.1', peers: [] };
        },
      }),
    );
    const answer = ask({ socketPath }, 'GET', '/v1/bgp/peers');
    await entered;
    const closed = server?.close();
    release();
    expect((await answer).status).toBe(200);
    await closed;
  });
});
