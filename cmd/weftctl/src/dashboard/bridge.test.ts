/** Who may read by the bridge, and what: with daemons whose words stand here. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient, type RawAnswer } from '@weft/control';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DaemonTarget } from '../where.ts';
import { Bridge } from './bridge.ts';

let bridge: Bridge;
let address: URL;
let asked: string[];
let listed: number;
let names: string[];
let daemonOf: (name: string) => DaemonTarget;

/** A daemon that repeats what it was asked. */
function daemon(name: string): DaemonTarget {
  const read = async (path: string): Promise<RawAnswer> => {
    asked.push(`${name} ${path}`);
    return {
      status: 200,
      headers: { 'content-type': 'text/html', 'content-security-policy': 'a policy', etag: 'x' },
      text: 'a page',
    };
  };
  return { name, client: { read } as unknown as ControlClient };
}

beforeEach(async () => {
  asked = [];
  listed = 0;
  names = ['node1', 'rack/2'];
  daemonOf = daemon;
  bridge = new Bridge(async () => {
    listed++;
    if (names.length === 0) throw new Error('the datastore is away');
    return names.map(daemonOf);
  });
  address = new URL(await bridge.listen(0));
});

afterEach(() => bridge.close());

interface Heard {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Asks by node:http, which sends the names and the paths that fetch would not. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Heard> {
  const { promise, reject, resolve } = Promise.withResolvers<Heard>();
  const options = { host: '127.0.0.1', port: address.port, path, method, headers, agent: false } as const;
  request(options, async (response) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    resolve({ status: response.statusCode, headers: response.headers, text });
  })
    .on('error', reject)
    .end();
  return promise;
}

/** The cookie that the printed address makes. */
async function comeIn(): Promise<{ cookie: string }> {
  const { headers } = await ask(`/${address.search}`);
  return { cookie: String(headers['set-cookie']?.[0]).split(';')[0] ?? '' };
}

describe('the entrance', () => {
  it('makes a cookie of the token, and has the browser come back without it', async () => {
    const { headers, status } = await ask(`/${address.search}`);
    expect({ status, location: headers.location }).toEqual({ status: 303, location: '/' });
    expect(headers['set-cookie']).toEqual([
      expect.stringMatching(
        new RegExp(`^weft-dashboard-${address.port}=[\\w-]{43}; HttpOnly; SameSite=Lax; Path=/$`),
      ),
    ]);
    expect((await ask('/', await comeIn())).status).toBe(200);
  });

  it('is shut for whoever has no token, an old one or a part of one, and no daemon is asked', async () => {
    const { cookie } = await comeIn();
    for (const [path, headers] of [
      ['/', {}],
      ['/v1/dashboard/nodes', {}],
      ['/nodes/node1/v1/status', {}],
      [`/${address.search.slice(0, -1)}`, {}],
      ['/?token=', {}],
      [`/v1/status${address.search}`, {}],
      ['/', { cookie: cookie.slice(0, -1) }],
      ['/', { cookie: cookie.replace(/=.*/, '=') }],
      ['/', { cookie: cookie.replace(address.port, '1') }],
    ] as const) {
      const { status, text } = await ask(path, headers);
      expect({ path, status }).toEqual({ path, status: 403 });
      expect(JSON.parse(text).error).toMatchObject({
        code: 'forbidden',
        hint: 'Open the address that weftctl dashboard has printed: each start has one of its own.',
      });
    }
    expect(asked).toEqual([]);
  });

  it('is shut by another name, with a token and a cookie, too', async () => {
    const { cookie } = await comeIn();
    for (const host of ['example.org', `example.org:${address.port}`, '127.0.0.1', '127.0.0.1:1'])
      expect((await ask(`/${address.search}`, { cookie, host })).status).toBe(403);
    expect((await ask('/', { cookie, host: `localhost:${address.port}` })).status).toBe(200);
  });

  it('says what to do in words to a browser that was led to the page', async () => {
    const { headers, text } = await ask('/', { accept: 'text/html,*/*' });
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text).toContain('Open the address that weftctl dashboard has printed');
  });
});

describe('what is behind it', () => {
  it('asks the daemon that the path names, and the first for the page', async () => {
    const headers = await comeIn();
    await ask('/nodes/node1/v1/routes?limit=1', headers);
    await ask('/nodes/rack%2F2/v1/status', headers);
    await ask('/dashboard.js', headers);
    expect(asked).toEqual(['node1 /v1/routes?limit=1', 'rack/2 /v1/status', 'node1 /dashboard.js']);
  });

  it('only reads, whoever asks', async () => {
    const headers = await comeIn();
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await ask('/nodes/node1/v1/drain', headers, method)).status).toBe(405);
    expect(asked).toEqual([]);
  });

  it('reads no body, and nothing that is hidden in one', async () => {
    const { cookie } = await comeIn();
    const socket = connect(Number(address.port), '127.0.0.1');
    const host = `host: ${address.host}\r\ncookie: ${cookie}\r\n`;
    const hidden = `GET /nodes/node1/v1/hidden HTTP/1.1\r\n${host}\r\n`;
    socket.write(`GET /nodes/node1/v1/status HTTP/1.1\r\n${host}content-length: 9999\r\n\r\n${hidden}`);
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(asked).toEqual(['node1 /v1/status']);
  });

  it('passes on what the daemon says that its page may do, and lets no other page embed an answer', async () => {
    const { headers } = await ask('/', await comeIn());
    expect(headers).toMatchObject({
      'content-type': 'text/html',
      'content-security-policy': 'a policy',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers.etag).toBeUndefined();
  });

  describe('the nodes there are', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
    afterEach(() => void vi.useRealTimers());
    const passes = (seconds: number) => vi.advanceTimersByTime(seconds * 1000);

    it('are asked for once a minute, and for a name that is missing', async () => {
      const headers = await comeIn();
      const statusOf = async (path: string) => (await ask(path, headers)).status;
      await statusOf('/v1/dashboard/nodes');
      passes(30);
      await statusOf('/nodes/node1/v1/status');
      expect(listed).toBe(1);
      names.push('node3');
      expect(await statusOf('/nodes/node3/v1/status')).toBe(200);
      expect(listed).toBe(2);
      expect(await statusOf('/nodes/node4/v1/status')).toBe(404);
      expect(listed).toBe(2);
      passes(61);
      await statusOf('/v1/dashboard/nodes');
      expect(listed).toBe(3);
    });

    it('are asked for soon again when they could not be had', async () => {
      const headers = await comeIn();
      names = [];
      expect((await ask('/v1/dashboard/nodes', headers)).status).toBe(500);
      expect((await ask('/v1/dashboard/nodes', headers)).status).toBe(500);
      expect(listed).toBe(1);
      names = ['node1'];
      passes(6);
      expect((await ask('/v1/dashboard/nodes', headers)).status).toBe(200);
    });
  });

  it('names a node that is not there, in whatever way it is written', async () => {
    const headers = await comeIn();
    for (const name of ['node9', '%', '%2e%2e', '..'])
      expect((await ask(`/nodes/${name}/v1/status`, headers)).status).toBe(404);
    expect(asked).toEqual([]);
  });
});

describe('a daemon that accepts and says nothing', () => {
  let folder: string;
  let silent: Server;
  let answering: Server;
  let heard: Socket[];
  let answered: number;

  /** Over a real socket, and so patient that a question to it ends only when it is given up. */
  function target(name: string): DaemonTarget {
    return { name, client: new ControlClient(socketOf(name), { timeoutMilliseconds: 3_600_000 }) };
  }

  const socketOf = (name: string): string => join(folder, `${name}.sock`);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'weft-bridge-'));
    heard = [];
    answered = 0;
    silent = createServer((socket) => void heard.push(socket.resume())).listen(socketOf('silent'));
    answering = createHttpServer((_request, response) => {
      answered++;
      response.end('a page');
    }).listen(socketOf('answering'));
    await Promise.all([once(silent, 'listening'), once(answering, 'listening')]);
    names = ['silent', 'answering'];
    daemonOf = target;
  });

  afterEach(() => {
    for (const socket of heard) socket.destroy();
    silent.close();
    answering.close();
    rmSync(folder, { recursive: true });
  });

  /** Waits until the daemon was hung up on. */
  async function hungUp(socket: Socket | undefined): Promise<void> {
    if (socket?.closed === false) await once(socket, 'close');
  }

  it('is first, and holds up nothing: the next one is asked, and it is hung up on', async () => {
    const { status, text } = await ask('/', await comeIn());
    expect({ status, text }).toEqual({ status: 200, text: 'a page' });
    expect(heard).toHaveLength(1);
    await hungUp(heard[0]);
  });

  it('is not asked for the rest of the page', async () => {
    const headers = await comeIn();
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const reached = once(silent, 'connection');
    const page = ask('/', headers);
    await reached;
    vi.advanceTimersByTime(100);
    await page;
    for (const path of ['/dashboard.css', '/dashboard.js']) await ask(path, headers);
    vi.useRealTimers();
    expect({ answered, asked: heard.length }).toEqual({ answered: 3, asked: 1 });
  });

  it('is hung up on when the browser waits no longer', async () => {
    const browser = connect(Number(address.port), '127.0.0.1');
    const { cookie } = await comeIn();
    browser.write(
      `GET /nodes/silent/v1/status HTTP/1.1\r\nhost: ${address.host}\r\ncookie: ${cookie}\r\n\r\n`,
    );
    const [socket] = (await once(silent, 'connection')) as [Socket];
    browser.destroy();
    await hungUp(socket);
  });
});
