import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  eventually,
  freePort,
  peer,
  prefixesOf,
  type Running,
  speaker,
  start,
} from '../transport/test/loopback.ts';

const BIN = join(import.meta.dirname, '../../bin/bgp-speaker.js');
const START_LIMIT_MS = 15_000;

interface Program {
  readonly child: ChildProcess;
  readonly path: string;
  /** Names of the events so far. */
  readonly events: () => string[];
  readonly output: () => string;
  readonly errors: () => string;
}

let folder: string;
const programs: Program[] = [];
const servers: Running[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bgp-speaker-'));
});

afterEach(async () => {
  for (const { child } of programs.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await Promise.all(servers.splice(0).map(({ server }) => server.stop({ graceful: false })));
  rmSync(folder, { recursive: true });
});

/** Runs the program with a file of this text. */
function run(name: string, text: string): Program {
  const path = join(folder, name);
  writeFileSync(path, text);
  const child = spawn(process.execPath, [BIN, '--config', path], {
    env: { ...process.env, XDG_CACHE_HOME: join(folder, 'cache') },
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  const events = (): string[] =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { event: string }).event);
  const program = { child, path, events, output: () => output, errors: () => errors };
  programs.push(program);
  return program;
}

async function exitCode({ child }: Program): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Prefixes in the Loc-RIB, in order. */
function routesOf(running: Running): string[] {
  return prefixesOf(running).sort();
}

interface Far {
  readonly at: string;
  readonly port: number;
}

function file(at: string, port: number, far: Far, announce: string, more = ''): string {
  return `asn: 64512
routerId: ${at}
listen: [{ address: ${at}, port: ${port} }]
clusterId: 10.255.255.1
peers:
  - { address: ${far.at}, port: ${far.port}, localAddress: ${at}, asn: 64512, routeReflectorClient: true }
announce: [{ prefix: ${announce} }]
${more}`;
}

describe('bgp-speaker', () => {
  test('two of them exchange routes with what is behind them; SIGHUP changes routes, SIGTERM ends without a Cease', async () => {
    const [a, b, c] = ['127.0.0.21', '127.0.0.22', '127.0.0.23'] as const;
    const [portA, portB] = [await freePort(a), await freePort(b)];
    const observer = `  - { address: ${c}, localAddress: ${b}, asn: 64512, passive: true }\n`;
    const left = run('left.yaml', file(a, portA, { at: b, port: portB }, '10.1.0.0/26'));
    const withObserver = file(b, portB, { at: a, port: portA }, '10.2.0.0/26').replace(
      'announce',
      `${observer}announce`,
    );
    const right = run('right.yaml', withObserver);
    await eventually(
      'both listening',
      () => [left, right].every((it) => it.events().includes('started')),
      START_LIMIT_MS,
    );
    const watcher = start(speaker(c, await freePort(c), [peer(b, { port: portB })]));
    servers.push(watcher);
    await eventually(
      'routes of both',
      () => routesOf(watcher).join() === '10.1.0.0/26,10.2.0.0/26',
      START_LIMIT_MS,
    );

    writeFileSync(left.path, file(a, portA, { at: b, port: portB }, '10.3.0.0/26'));
    left.child.kill('SIGHUP');
    await eventually('the other route', () => routesOf(watcher).join() === '10.2.0.0/26,10.3.0.0/26');
    expect(left.events()).not.toContain('peer-down');

    writeFileSync(left.path, file(a, portA, { at: b, port: portB }, '10.4.0.0/26', 'announced: []'));
    left.child.kill('SIGHUP');
    await eventually('the refusal', () => left.events().includes('config-refused'));
    expect(left.output()).toContain('left.yaml:8 announced');
    expect(routesOf(watcher)).toEqual(['10.2.0.0/26', '10.3.0.0/26']);

    left.child.kill('SIGTERM');
    expect(await exitCode(left)).toBe(0);
    await eventually('the end of the session', () => right.events().includes('peer-down'));
    expect(right.output()).toContain('the peer closed the connection');
    expect(routesOf(watcher)).toContain('10.3.0.0/26');
  }, 60_000);

  test(
    'a wrong file is an exit code of 1 and three parts on stderr',
    async () => {
      const program = run('wrong.yaml', 'asn: 64512\nrouterId: 10.0.0.1\nlisten: []\nneighbors: []\n');
      expect(await exitCode(program)).toBe(1);
      expect(program.errors()).toContain('neighbors is no known key\n  object: ');
      expect(program.errors()).toContain('wrong.yaml:4 neighbors\n  do: ');
    },
    START_LIMIT_MS,
  );

  test(
    'a taken port is an exit code of 1 and three parts on stderr',
    async () => {
      const [at, port] = ['127.0.0.24', await freePort('127.0.0.24')] as const;
      servers.push(start(speaker(at, port, [])));
      const program = run('taken.yaml', file(at, port, { at: '127.0.0.25', port }, '10.1.0.0/26'));
      expect(await exitCode(program)).toBe(1);
      expect(program.errors()).toContain(
        `port ${port} is taken by another program\n  object: ${at} port ${port}\n  do: `,
      );
    },
    START_LIMIT_MS,
  );

  test(
    'a file that is not there is an exit code of 1 and names the file',
    async () => {
      const program = run('there.yaml', '');
      rmSync(program.path);
      expect(await exitCode(program)).toBe(1);
      expect(program.errors()).toContain(`object: ${program.path}`);
    },
    START_LIMIT_MS,
  );
});
