import type { PeerConfig } from 'bgp-speaker-ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { createDaemon } from '../daemon/case.ts';
import { DAEMONS, type Daemon, type DaemonRoute } from '../daemon/daemon.ts';
import { Lan } from '../daemon/lan.ts';
import { peerAt, speakerAt, startSpeaker } from '../daemon/lan-speaker.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { Speaker } from '../daemon/speaker.ts';
import { routeReflection } from './case.ts';

const ASN = 64512;
/** Who is at which end of the switch: the reflector, its clients, two that are no clients. */
const REFLECTOR = 0;
const CLIENTS = DAEMONS.map((_, index) => index + 1);
const OTHERS = [DAEMONS.length + 1, DAEMONS.length + 2] as const;

let lan: Lan;
let reflector: Speaker;
let others: Speaker[];
let daemons: Daemon[];

describe('route-reflection', () => {
  beforeAll(async () => {
    lan = await Lan.create('reflection', DAEMONS.length + 3);
    reflector = new Speaker(endAt(REFLECTOR).netns);
    others = OTHERS.map((index) => new Speaker(endAt(index).netns));
    daemons = DAEMONS.map((name, index) => {
      const end = endAt(index + 1);
      const values = {
        asn: ASN,
        speaker: endAt(REFLECTOR).ipv4,
        daemon: end.ipv4,
        daemon4: end.ipv4,
        daemon6: end.ipv6,
      };
      return createDaemon(routeReflection, name, { end, asn: ASN, neighbour: values.speaker }, values);
    });
    await startAll();
  });

  afterAll(async () => {
    await Promise.all([reflector, ...others].map((speaker) => speaker?.kill('SIGKILL')));
    await Promise.all((daemons ?? []).map((daemon) => daemon.remove()));
    await lan?.remove();
  });

  describe.each(DAEMONS.map((name, index) => ({ name, own: index + 1 })))('$name', ({ own }) => {
    test('is sent the routes of clients and of others, by whom and by which reflector', async () => {
      const daemon = daemons[own - 1] as Daemon;
      const sources = [...CLIENTS, ...OTHERS].filter((index) => index !== own);
      const routes = await routesOf(daemon, sources.flatMap(prefixesOf));
      for (const source of sources) {
        for (const name of prefixesOf(source)) {
          const route = routes.find((candidate) => candidate.prefix === name);
          expect(route, name).toMatchObject({
            originatorId: endAt(source).ipv4,
            clusterList: [endAt(REFLECTOR).ipv4],
          });
        }
      }
    });

    test('its routes are sent to those that are no clients', async () => {
      for (const other of others) {
        await waitFor(
          'the routes of the client',
          async () => {
            const received = await other.adjRibIn(endAt(REFLECTOR).ipv4);
            return prefixesOf(own).every((name) => received.some((route) => route.prefix === name));
          },
          DEADLINE_MS,
          INTERVAL_MS,
        );
      }
    });
  });

  test('those that are no clients are not sent the routes of each other', async () => {
    for (const [index, other] of others.entries()) {
      const received = (await other.adjRibIn(endAt(REFLECTOR).ipv4)).map((route) => route.prefix);
      expect(received).not.toContain(prefixesOf(OTHERS[1 - index] as number)[0]);
    }
  });
});

function endAt(index: number): NetworkEnd {
  return lan.ends[index] as NetworkEnd;
}

/** What the one at this end of the switch originates. */
function prefixesOf(index: number): [string, string] {
  return [`10.${index}.0.0/16`, `2001:db8:${index}::/48`];
}

async function startAll(): Promise<void> {
  const peer = (index: number, more: Partial<PeerConfig>): PeerConfig =>
    peerAt(endAt(REFLECTOR), endAt(index), ASN, more);
  const clients = CLIENTS.map((index) => peer(index, { routeReflectorClient: true }));
  const notClients = OTHERS.map((index) => peer(index, { passive: true }));
  const starts = daemons.map(async (daemon, index) => {
    await daemon.announce(prefixesOf(index + 1));
    await daemon.start();
  });
  const speakers = others.map((speaker, index) => {
    const own = OTHERS[index] as number;
    const config = speakerAt(endAt(own), ASN, [peerAt(endAt(own), endAt(REFLECTOR), ASN)]);
    return startSpeaker(speaker, config, prefixesOf(own));
  });
  await Promise.all([...starts, ...speakers]);
  await startSpeaker(reflector, speakerAt(endAt(REFLECTOR), ASN, [...clients, ...notClients]), []);
}

/** Waits until a daemon has all these prefixes from the reflector; its routes. */
async function routesOf(daemon: Daemon, prefixes: readonly string[]): Promise<DaemonRoute[]> {
  return waitFor(
    `${daemon.name} has all routes`,
    async () => {
      const routes = await daemon.routes();
      const has = (name: string): boolean => routes.some((route) => route.prefix === name);
      return prefixes.every(has) && routes;
    },
    DEADLINE_MS,
    INTERVAL_MS,
  );
}
