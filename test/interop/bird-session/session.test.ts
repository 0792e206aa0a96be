import { once } from 'node:events';
import { createServer } from 'node:net';
import { address, prefix } from '@weft/ip';
import { BgpServer, describeDownReason, type SpeakerConfig, type SpeakerReport } from 'bgp-speaker-ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { Bird } from './bird.ts';

const SPEAKER = address('127.0.0.2');
const BIRD = address('127.0.0.6');
const OURS = [{ prefix: prefix('10.1.0.0/26') }, { prefix: prefix('2001:db8:1::/64') }];
const OUR_PREFIXES = ['10.1.0.0/26', '2001:db8:1::/64'];
const BIRD_PREFIXES = ['192.0.2.0/25', '198.51.100.0/24', '2001:db8:6::/48'];

let ports: { bird: number; speaker: number };
let bird: Bird;
let server: BgpServer | undefined;
let reports: SpeakerReport[];

beforeEach(async () => {
  ports = { bird: await freePort(BIRD), speaker: await freePort(SPEAKER) };
  bird = makeBird(64512);
});

afterEach(async () => {
  await server?.stop({ graceful: false });
  await bird.remove();
});

function makeBird(asn: number): Bird {
  return new Bird({ AS_BIRD: asn, PORT_BIRD: ports.bird, PORT_SPEAKER: ports.speaker });
}

async function freePort(host: string): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, 'listening');
  const bound = probe.address();
  probe.close();
  await once(probe, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

function config(birdAsn: number): SpeakerConfig {
  return {
    asn: 64512,
    identifier: SPEAKER,
    listen: [{ address: SPEAKER, port: ports.speaker }],
    holdTimeSeconds: 90,
    gracefulRestart: { restartTimeSeconds: 60 },
    peers: [
      {
        address: BIRD,
        port: ports.bird,
        asn: birdAsn,
        localAddress: SPEAKER,
        passive: false,
        families: ['ipv4-unicast', 'ipv6-unicast'],
        connectRetryTimeSeconds: 1,
        nextHop: 'auto',
        nextHopAddresses: { ipv6: address('2001:db8::2') },
        addPath: 'both',
        importPolicy: [],
        exportPolicy: [],
      },
    ],
  };
}

function startSpeaker({ birdAsn = 64512, restarting = false } = {}): BgpServer {
  reports = [];
  const started = BgpServer.start({
    config: config(birdAsn),
    restarting,
    onAction: (action) => reports.push(action),
  });
  if (started.kind !== 'started') throw new Error(started.message);
  server = started.server;
  server.setLocalRoutes(OURS);
  return server;
}

/** Prefixes we have from BIRD, stale ones marked. */
function learned(): string[] {
  const routes = server?.locRib().filter(({ best }) => best?.source !== 'local') ?? [];
  return routes.map(({ prefix: name, best }) => (best?.stale ? `${name} stale` : name)).toSorted();
}

async function inStep(): Promise<void> {
  await waitFor('the routes of BIRD', () => learned().join() === BIRD_PREFIXES.join());
  await waitFor('our routes in BIRD', async () => (await bird.routes()).join() === OUR_PREFIXES.join());
}

function lastEnd(): string {
  const down = reports.findLast((report) => report.kind === 'peer-down');
  return down === undefined ? 'none' : describeDownReason(down.reason);
}

describe('one session with BIRD 2 for both families', () => {
  test('carries routes both ways, with their attributes, and withdraws them', async () => {
    await bird.start();
    const speaker = startSpeaker();
    await inStep();
    expect(speaker.peers()[0]).toMatchObject({ state: 'Established', holdTimeSeconds: 90 });
    const [marked] = speaker.adjRibIn(BIRD).filter((route) => route.prefix === '192.0.2.0/25');
    expect(JSON.stringify(marked)).toContain('64512:7');
    expect(await bird.ask('show', 'route', '10.1.0.0/26', 'all')).toContain('BGP.next_hop: 127.0.0.2');
    speaker.setLocalRoutes(OURS.slice(1));
    await waitFor('the withdrawal in BIRD', async () => (await bird.routes()).join() === '2001:db8:1::/64');
    await bird.ask('disable', 'four');
    await waitFor('the withdrawal here', () => learned().join() === '2001:db8:6::/48');
  });

  test('RFC 4271 §9.1: an external BIRD of a four-octet AS', async () => {
    await bird.remove();
    bird = makeBird(4200000001);
    await bird.start();
    startSpeaker({ birdAsn: 4200000001 });
    await inStep();
    expect(await bird.ask('show', 'route', '10.1.0.0/26', 'all')).toContain('BGP.as_path: 64512');
  });

  test('RFC 2918: BIRD asks for our routes again and keeps them', async () => {
    await bird.start();
    startSpeaker();
    await inStep();
    await bird.ask('reload', 'in', 'speaker');
    await waitFor('both families sent again', async () => {
      const counts = [
        ...(await bird.ask('show', 'protocols', 'all', 'speaker')).matchAll(/Import updates:\s+(\d+)/g),
      ];
      return counts.length === 2 && counts.every(([, count]) => Number(count) >= 2);
    });
    await inStep();
  });
});

describe('RFC 4724 graceful restart with BIRD 2', () => {
  test('BIRD is killed: its routes stay, stale, and are fresh again when it is back', async () => {
    await bird.start();
    startSpeaker();
    await inStep();
    await bird.kill('SIGKILL');
    await waitFor(
      'stale routes',
      () => learned().join() === BIRD_PREFIXES.map((name) => `${name} stale`).join(),
    );
    await bird.start({ recover: true });
    await inStep();
    const changes = reports.flatMap((report) => (report.kind === 'loc-rib-changed' ? report.changes : []));
    expect(changes.filter(({ best }) => best === undefined)).toEqual([]);
  });

  test('we stop gracefully: BIRD keeps our routes until we are back', async () => {
    await bird.start();
    const speaker = startSpeaker();
    await inStep();
    await speaker.stop({ graceful: true });
    await waitFor('BIRD waits for us', async () =>
      (await bird.ask('show', 'protocols', 'all', 'speaker')).includes('Neighbor graceful restart active'),
    );
    expect(await bird.routes()).toEqual(OUR_PREFIXES);
    startSpeaker({ restarting: true });
    await inStep();
  });
});

describe('how sessions with BIRD 2 end', () => {
  test('RFC 9003: BIRD is shut down with a message, which arrives, and its routes go', async () => {
    await bird.start();
    startSpeaker();
    await inStep();
    await bird.ask('disable', 'speaker', '"moving house"');
    await waitFor('the routes gone', () => learned().length === 0);
    expect(lastEnd()).toContain('Administrative Shutdown');
  });

  test('we stop for good: BIRD hears Cease / Administrative Shutdown and drops our routes', async () => {
    await bird.start();
    const speaker = startSpeaker();
    await inStep();
    await speaker.stop({ graceful: false, communication: 'moving house' });
    await waitFor('the routes gone', async () => (await bird.routes()).length === 0);
    const text = await bird.ask('show', 'protocols', 'all', 'speaker');
    expect(text).toMatch(/Received: Administrative shutdown\s+Message:\s+moving house/);
  });
});
