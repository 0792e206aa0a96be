import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { address, prefix } from '@weft/ip';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SpeakerConfig } from '../speaker/config.ts';
import {
  eventually,
  freePort,
  peer,
  prefixesOf,
  type Running,
  speaker,
  start,
} from '../transport/test/loopback.ts';
import { Bench, kill, type Program, START_LIMIT_MS } from './test/program.ts';

const REFLECTOR = '127.0.0.41';
const [LEFT, RIGHT] = ['127.0.0.42', '127.0.0.43'] as const;
const ROUTES = ['10.42.0.0/26', '10.43.0.0/26'];
const LIMIT_MS = 60_000;

let bench: Bench;
let clients: Running[] = [];
let port: number;

beforeEach(async () => {
  bench = new Bench();
  port = await freePort(REFLECTOR);
});

afterEach(async () => {
  await bench.remove();
  await Promise.all(clients.splice(0).map(({ server }) => server.stop({ graceful: false })));
});

/** A reflector and two clients that have each other's route. */
async function reflect(): Promise<Program> {
  const program = await bench.started('reflector.yaml', reflectorFile());
  clients = [];
  for (const [index, at] of [LEFT, RIGHT].entries()) {
    const client = start(clientOf(at, await freePort(at)));
    client.server.setLocalRoutes([{ prefix: prefix(ROUTES[index] as string) }]);
    clients.push(client);
  }
  await eventually('routes of both', haveAll, START_LIMIT_MS);
  return program;
}

function reflectorFile(): string {
  const peers = [LEFT, RIGHT].map(
    (at) => `  - { address: ${at}, asn: 64512, passive: true, routeReflectorClient: true }`,
  );
  return `asn: 64512
routerId: ${REFLECTOR}
clusterId: ${REFLECTOR}
listen: [{ address: ${REFLECTOR}, port: ${port} }]
control: { socket: ${bench.at('control.sock')} }
peers:
${peers.join('\n')}
`;
}

function clientOf(at: string, own: number): SpeakerConfig {
  const config = speaker(at, own, [peer(REFLECTOR, { port, localAddress: address(at) })]);
  return { ...config, gracefulRestart: { restartTimeSeconds: 60 } };
}

const haveAll = (): boolean => clients.every((client) => prefixesOf(client).sort().join() === ROUTES.join());

/** Prefixes that clients have lost since their reports were last cleared. */
function lost(): string[] {
  return clients.flatMap(({ reports }) =>
    reports.flatMap((report) =>
      report.kind === 'loc-rib-changed'
        ? report.changes.filter(({ best }) => best === undefined).map((change) => change.prefix)
        : [],
    ),
  );
}

/** Starts the reflector again and waits until no route of the clients is stale any more. */
async function startAgain(path: string, ...args: readonly string[]): Promise<Program> {
  for (const { reports } of clients) reports.length = 0;
  const program = bench.start(path, ...args);
  await eventually(
    'sessions with both',
    () => program.output().split('"peer-established"').length === 3,
    START_LIMIT_MS,
  );
  await eventually('fresh routes of both', () => haveAll(), START_LIMIT_MS);
  return program;
}

describe('a reflector that is away for a moment', () => {
  test.each([
    ['killed', 'SIGKILL'],
    ['ended by SIGTERM', 'SIGTERM'],
  ] as const)(
    'and was %s takes no route from its clients',
    async (_how, signal) => {
      const first = await reflect();
      await kill(first.child, signal);
      await eventually('the clients have noticed', () =>
        clients.every((client) => prefixesOf(client).some((text) => text.endsWith('stale'))),
      );
      expect(existsSync(bench.at('control.sock'))).toBe(signal === 'SIGKILL');
      const second = await startAgain(first.path);
      expect(second.output()).toContain('"restarting":true');
      expect(lost()).toEqual([]);
      const { stdout } = await bench.ask('status', '-o', 'json', '--socket', bench.at('control.sock'));
      expect(JSON.parse(stdout)).toMatchObject({ restarting: 'over' });
    },
    LIMIT_MS,
  );

  test(
    'and does not know that it was there, takes them for a moment',
    async () => {
      const first = await reflect();
      await kill(first.child, 'SIGKILL');
      rmSync(bench.at('control.alive'));
      const second = await startAgain(first.path);
      expect(second.output()).toContain('"restarting":false');
      expect(lost()).not.toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'and is told that it was there, takes none',
    async () => {
      const first = await reflect();
      await kill(first.child, 'SIGKILL');
      rmSync(bench.at('control.alive'));
      await startAgain(first.path, '--restarting');
      expect(lost()).toEqual([]);
    },
    LIMIT_MS,
  );
});

describe('the marker', () => {
  test(
    'of another speaker is no restart',
    async () => {
      writeFileSync(bench.at('control.alive'), 'bgp-speaker AS 64512, router id 127.0.0.99\n');
      const program = await bench.started('reflector.yaml', reflectorFile());
      expect(program.output()).toContain('"restarting":false');
    },
    LIMIT_MS,
  );

  test(
    'is not kept without graceful restart',
    async () => {
      await bench.started('reflector.yaml', `${reflectorFile()}gracefulRestart: false\n`);
      expect(existsSync(bench.at('control.alive'))).toBe(false);
    },
    LIMIT_MS,
  );

  test(
    'that cannot be written is an exit code of 1 and three parts',
    async () => {
      const file = `${reflectorFile()}gracefulRestart: { marker: ${bench.at('none/marker')} }\n`;
      const { code, stderr } = await bench.ask('run', '--config', bench.write('marker.yaml', file));
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /cannot write the marker.*\n {2}object: .*none\/marker\n {2}do: name a gracefulRestart/,
        ),
      ]);
      expect(existsSync(bench.at('control.sock'))).toBe(false);
    },
    LIMIT_MS,
  );
});
