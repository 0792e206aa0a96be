/**
 * weftctl on stores that are not well: away, gone in the middle, full, of another TLS, or silent. Each gives one clear
 * problem and exit code 1, never a stack trace and never a half-written object.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';

const program = join(import.meta.dirname, '../../node_modules/.bin/weftctl');
const everyKind = join(import.meta.dirname, '../../cmd/weftctl/test/every-kind.yaml');

let directory: string;
let many: string;
let etcd: TestEtcd;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weftctl-stores-'));
  many = join(directory, 'many.yaml');
  const peers = Array.from({ length: 2000 }, (_, index) => peer(index));
  writeFileSync(many, peers.join('---\n'));
  etcd = await startEtcd();
});

afterAll(async () => {
  await etcd.dispose();
  rmSync(directory, { recursive: true });
});

function peer(index: number): string {
  return `apiVersion: projectcalico.org/v3
kind: BGPPeer
metadata: {name: p${index}}
spec: {node: n${index}, peerIP: 10.0.${index >> 8}.${index & 255}, asNumber: 64512}
`;
}

interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

async function weftctl(...args: string[]): Promise<Result> {
  const options = { reject: false, extendEnv: false, env: { PATH: process.env.PATH } } as const;
  const { stdout, stderr, exitCode } = await execa(program, args, options);
  return { stdout, stderr, exitCode };
}

/** One problem in one line, and nothing else. */
function expectOneProblem({ stdout, stderr, exitCode }: Result, message: RegExp): void {
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 1 });
  expect(stderr).toMatch(message);
  expect(stderr.split('\n').filter((line) => !line.startsWith('Failed to '))).toHaveLength(1);
  expect(stderr).not.toMatch(/\bat .*\.[tj]s:\d|Error:/);
}

function urlOf({ endpoint }: TestEtcd): string {
  return endpoint.replace(/^http/, 'etcd');
}

describe('on etcd', () => {
  test('documents of every kind go in, come out, and go', async () => {
    const where = ['--datastore', urlOf(etcd)];
    const applied = await weftctl('apply', '-f', everyKind, '--force', ...where);
    expect(applied).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/Successfully applied \d+ resource/),
    });
    const stored = await weftctl('get', '-f', everyKind, '-o', 'yaml', ...where);
    const file = join(directory, 'stored.yaml');
    writeFileSync(file, stored.stdout);
    const again = await weftctl('apply', '-f', file, '--force', ...where);
    const lines = again.stdout.split('\n').slice(0, -1);
    expect(lines.filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    expect((await weftctl('delete', '-f', everyKind, '--force', '-s', ...where)).exitCode).toBe(0);
    expect((await weftctl('get', 'nodes', '-o', 'name', ...where)).stdout).toBe('');
  });

  test('a watch prints what there is and what comes, and ends with success on SIGINT', async () => {
    const where = ['--datastore', urlOf(etcd)];
    const child = execa(program, ['get', 'bgppeers', '-w', '-o', 'name', ...where], { reject: false });
    const lines = child.iterable();
    const first = join(directory, 'first.yaml');
    writeFileSync(first, peer(1));
    await weftctl('apply', '-f', first, ...where);
    expect((await lines.next()).value).toBe('bgppeer/p1');
    await weftctl('delete', 'bgppeer', 'p1', ...where);
    expect((await lines.next()).value).toBe('bgppeer/p1');
    child.kill('SIGINT');
    expect((await child).exitCode).toBe(0);
  });
});

describe('a store that is not well', () => {
  test('is away', async () => {
    for (const args of [
      ['get', 'nodes'],
      ['apply', '-f', many],
      ['delete', 'node', 'n1'],
      ['get', 'nodes', '-w'],
    ])
      expectOneProblem(
        await weftctl(...args, '--datastore', 'etcd://127.0.0.1:1'),
        /etcd at http:\/\/127\.0\.0\.1:1/,
      );
  });

  test('goes away in the middle: what was done is said, and the rest is not tried', async () => {
    const broken = await startEtcd();
    try {
      const child = execa(program, ['apply', '-f', many, '--datastore', urlOf(broken)], { reject: false });
      const { endpoint } = broken;
      while ((await keysAt(endpoint)) < 20);
      await broken.kill('SIGKILL');
      const { stdout, stderr, exitCode } = await child;
      expect(exitCode).toBe(1);
      const [, done] = /Partial success: applied (\d+) out of 2000 'BGPPeer' resources:$/.exec(stdout) ?? [];
      expect(stdout.match(/ created$/gm)).toHaveLength(Number(done));
      expect(stderr).toMatch(/etcd at .*\n\d+ more not tried$/);
      await broken.restart();
      // The write whose answer was lost may have been done.
      const stored = (await weftctl('get', 'bgppeers', '-o', 'name', '--datastore', urlOf(broken))).stdout;
      expect([0, 1]).toContain(stored.split('\n').length - Number(done));
    } finally {
      await broken.dispose();
    }
  });

  test('speaks TLS where plain text was meant, and the other way round', async () => {
    const tls = await startEtcd({ tls: 'server' });
    try {
      const port = new URL(tls.endpoint).port;
      const { ca, foreignCa } = caFiles(tls);
      expectOneProblem(
        await weftctl('get', 'nodes', '--datastore', `etcd://127.0.0.1:${port}`),
        /^Cannot use etcd at http:/,
      );
      expectOneProblem(
        await weftctl('get', 'nodes', '--datastore', `etcds://127.0.0.1:${port}`),
        /certificate/,
      );
      expectOneProblem(
        await weftctl('get', 'nodes', '--datastore', `etcds://127.0.0.1:${port}?ca=${foreignCa}`),
        /ca|certificate/i,
      );
      const plain = `etcds://127.0.0.1:${new URL(etcd.endpoint).port}?ca=${ca}`;
      expectOneProblem(await weftctl('get', 'nodes', '--datastore', plain), /^Cannot use etcd at https:/);
      const good = await weftctl('get', 'nodes', '--datastore', `etcds://127.0.0.1:${port}?ca=${ca}`);
      expect(good).toMatchObject({ exitCode: 0, stderr: '' });
    } finally {
      await tls.dispose();
    }
  });

  test('says nothing', async () => {
    const { server, port } = await silentServer();
    try {
      expectOneProblem(
        await weftctl('get', 'nodes', '--datastore', `etcd://127.0.0.1:${port}`),
        /no answer within/,
      );
    } finally {
      server.close();
    }
  });

  test('is full: what fitted is there, whole, and the rest is not tried', async () => {
    const mount = join(directory, 'small');
    mkdirSync(mount);
    const store = join(mount, 'weft.db');
    const script = [
      `mount -t tmpfs -o size=1m none ${mount}`,
      `${program} apply -f ${many} --datastore ${store} | tail -n 1`,
      `${program} get bgppeers -o jsonpath='{range .items[*]}{.spec.asNumber} {end}' --datastore ${store}`,
    ].join('; ');
    const { stdout, stderr } = await execa('unshare', ['-m', 'sh', '-c', script]);
    const [summary = '', stored = ''] = stdout.split('\n');
    const [, done] = /^Partial success: applied (\d+) out of 2000/.exec(summary) ?? [];
    expect(stored.trim().split(' ')).toEqual(Array.from({ length: Number(done) }, () => '64512'));
    expect(stderr).toMatch(/^Cannot use the datastore file .*: the disk is full\. .*\n\d+ more not tried$/);
  });

  test('is corrupt, a directory, or on a read-only file system', async () => {
    const corrupt = join(directory, 'corrupt.db');
    writeFileSync(corrupt, readFileSync('/proc/self/exe').subarray(0, 65_536));
    expectOneProblem(
      await weftctl('get', 'nodes', '--datastore', corrupt),
      /corrupt\.db: it is not a datastore/,
    );
    expectOneProblem(
      await weftctl('apply', '-f', many, '--datastore', directory),
      /it is not a regular file/,
    );
    const store = join(directory, 'weft.db');
    const first = join(directory, 'one.yaml');
    writeFileSync(first, peer(1));
    expect((await weftctl('apply', '-f', first, '--datastore', store)).exitCode).toBe(0);
    const script = `mount --bind ${directory} ${directory} && mount -o remount,bind,ro ${directory} && ${program} apply -f ${first} --datastore ${store}`;
    const { stdout, stderr, exitCode } = await execa('unshare', ['-m', 'sh', '-c', script], {
      reject: false,
    });
    expectOneProblem({ stdout, stderr, exitCode }, /weft\.db: this user may not write/);
  });
});

/** How many keys an etcd holds, asked over its JSON gateway. */
async function keysAt(endpoint: string): Promise<number> {
  const all = { key: 'AA==', range_end: 'AA==', count_only: true };
  const answer = await fetch(`${endpoint}/v3/kv/range`, { method: 'POST', body: JSON.stringify(all) });
  return Number(((await answer.json()) as { count?: string }).count ?? 0);
}

function caFiles({ certificates }: TestEtcd): { ca: string; foreignCa: string } {
  if (certificates === undefined) throw new Error('the etcd has no TLS');
  return { ca: certificates.ca, foreignCa: certificates.foreignCa };
}

/** Accepts connections and never answers. */
async function silentServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.unref()).unref();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as { port: number }).port };
}
