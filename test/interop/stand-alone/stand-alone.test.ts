/**
 * The program `bgp-speaker` as the route reflector of a BIRD and an FRR: it dies, it comes back, and neither of them is
 * ever without the routes of the other.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { createDaemon } from '../daemon/case.ts';
import type { Daemon } from '../daemon/daemon.ts';
import { Foreground } from '../daemon/foreground.ts';
import { Lan } from '../daemon/lan.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { RouteWatch } from '../daemon/route-watch.ts';
import { standAlone } from './case.ts';

const PROGRAM = join(import.meta.dirname, '../../../pkg/bgp-speaker-ts/bin/bgp-speaker.js');
const ASN = 64512;
/** What the clients originate. */
const OF_BIRD = ['198.51.100.0/24', '2001:db8:6::/48'];
const OF_FRR = ['203.0.113.0/24', '2001:db8:7::/48'];

let lan: Lan;
let directory: string;
let reflector: Foreground;
let bird: Daemon;
let frr: Daemon;

beforeEach(async () => {
  lan = await Lan.create('stand-alone', 3);
  directory = mkdtempSync(join(tmpdir(), 'interop-stand-alone-'));
  const [own, first, second] = lan.ends as [NetworkEnd, NetworkEnd, NetworkEnd];
  reflector = new Foreground({ netns: own.netns, directory });
  bird = clientOf('bird', own, first);
  frr = clientOf('frr', own, second);
  writeFileSync(join(directory, 'speaker.yaml'), fileOf(own, [first, second]));
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(reflector.logTail(), bird.logTail(), frr.logTail());
  await Promise.all([reflector.kill('SIGKILL'), bird.remove(), frr.remove()]);
  rmSync(directory, { recursive: true });
  await lan.remove();
});

function clientOf(name: 'bird' | 'frr', own: NetworkEnd, end: NetworkEnd): Daemon {
  const options = { end, asn: ASN, neighbour: own.ipv4 };
  return createDaemon(standAlone, name, options, {
    speaker: own.ipv4,
    speakerAsn: ASN,
    daemon: end.ipv4,
    daemon4: end.ipv4,
    daemon6: end.ipv6,
    daemonAsn: ASN,
    holdTime: 90,
    keepaliveTime: 30,
  });
}

function fileOf(own: NetworkEnd, clients: readonly NetworkEnd[]): string {
  const peers = clients.map(
    ({ ipv4 }) =>
      `  - { address: ${ipv4}, asn: ${ASN}, connectRetryTimeSeconds: 1, routeReflectorClient: true, families: [ipv4-unicast, ipv6-unicast] }`,
  );
  return `asn: ${ASN}
routerId: ${own.ipv4}
clusterId: ${own.ipv4}
listen: [{ address: ${own.ipv4} }]
control: { socket: control.sock }
peers:
${peers.join('\n')}
`;
}

async function startReflector(): Promise<void> {
  reflector.start([process.execPath, PROGRAM, 'run', '--config', 'speaker.yaml']);
  await reflector.ready('the reflector runs', async () => reflector.logTail().includes('"started"'));
}

/** Waits until each client has the routes of the other, confirmed. */
async function inStep(): Promise<void> {
  const wanted = [
    [bird, OF_FRR],
    [frr, OF_BIRD],
  ] as const;
  for (const [client, prefixes] of wanted) {
    await waitFor(
      `${client.name} has ${prefixes.join(' ')}`,
      async () => {
        const routes = await client.routes();
        return prefixes.every((name) =>
          routes.some(({ prefix, stale }) => prefix === name && stale !== true),
        );
      },
      DEADLINE_MS,
      INTERVAL_MS,
    );
  }
}

const isDown = async (client: Daemon): Promise<boolean> => (await client.sessionState()) !== 'Established';

describe('stand-alone', () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'after %s the reflector comes back, twice, and no client loses a route',
    async (signal) => {
      await Promise.all([bird.announce(OF_BIRD), frr.announce(OF_FRR)]);
      await Promise.all([startReflector(), bird.start(), frr.start()]);
      await inStep();
      const watches = [new RouteWatch(bird, OF_FRR), new RouteWatch(frr, OF_BIRD)];
      for (let round = 0; round < 2; round += 1) {
        await reflector.kill(signal);
        for (const client of [bird, frr]) await waitFor('it has noticed', () => isDown(client), DEADLINE_MS);
        await startReflector();
        await waitFor(
          'all are heard',
          () => reflector.logTail().includes('"end-of-rib-complete"'),
          DEADLINE_MS,
        );
        await inStep();
      }
      for (const watch of watches) {
        const { lost, looks } = await watch.end();
        expect(lost).toEqual([]);
        expect(looks).toBeGreaterThan(2);
      }
    },
  );
});
