import { rmSync, writeFileSync } from 'node:fs';
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
import { Bench, exitCode, START_LIMIT_MS } from './test/program.ts';

let bench: Bench;
const servers: Running[] = [];

beforeEach(() => {
  bench = new Bench();
});

afterEach(async () => {
  await bench.remove();
  await Promise.all(servers.splice(0).map(({ server }) => server.stop({ graceful: false })));
});

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
control: { socket: ${bench.at(`${at}.sock`)} }
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
    const left = bench.run('left.yaml', file(a, portA, { at: b, port: portB }, '10.1.0.0/26'));
    const withObserver = file(b, portB, { at: a, port: portA }, '10.2.0.0/26').replace(
      'announce',
      `${observer}announce`,
    );
    const right = bench.run('right.yaml', withObserver);
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
    expect(left.output()).toContain('left.yaml:9 announced');
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
      const program = bench.run('wrong.yaml', 'asn: 64512\nrouterId: 10.0.0.1\nlisten: []\nneighbors: []\n');
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
      const program = bench.run('taken.yaml', file(at, port, { at: '127.0.0.25', port }, '10.1.0.0/26'));
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
      const program = bench.run('there.yaml', '');
      rmSync(program.path);
      expect(await exitCode(program)).toBe(1);
      expect(program.errors()).toContain(`object: ${program.path}`);
    },
    START_LIMIT_MS,
  );
});
