import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDump } from '../mrt/test/read-mrt.ts';
import type { PeerStatus } from '../speaker/config.ts';
import { eventually, freePort, peer, type Running, speaker, start } from '../transport/test/loopback.ts';
import { Bench, type Finished, type Program, START_LIMIT_MS } from './test/program.ts';

const [OWN, INTERNAL, EXTERNAL, ABSENT] = ['127.0.0.51', '127.0.0.52', '127.0.0.53', '127.0.0.54'] as const;
const LIMIT_MS = 60_000;

let bench: Bench;
let daemon: Program;
let text: string;
const neighbours: Running[] = [];

/** A daemon with an internal peer, an external one that is told little, and one that is not there. */
beforeAll(async () => {
  bench = new Bench();
  const port = await freePort(OWN);
  text = `asn: 64512
routerId: ${OWN}
listen: [{ address: ${OWN}, port: ${port} }]
control: { socket: ${bench.at('control.sock')} }
peers:
  - { address: ${INTERNAL}, asn: 64512, passive: true, description: rack 7 }
  - address: ${EXTERNAL}
    asn: 64513
    passive: true
    importPolicy: [{ name: no test nets, match: { prefix: { operator: in, prefix: 192.0.2.0/24 } }, action: reject }]
    exportPolicy: [{ name: local only, match: { source: remote }, action: reject }]
  - { address: ${ABSENT}, asn: 64514, passive: true }
announce: [{ prefix: 10.51.0.0/26, communities: ["64512:1"] }]
`;
  daemon = await bench.started('speaker.yaml', text);
  for (const [at, asn, prefixes] of [
    [INTERNAL, 64512, ['10.52.0.0/26', '10.60.0.0/24']],
    [EXTERNAL, 64513, ['10.53.0.0/26', '10.60.0.0/24', '192.0.2.0/24']],
  ] as const) {
    const config = speaker(at, await freePort(at), [peer(OWN, { port })]);
    const neighbour = start({ ...config, asn });
    neighbour.server.setLocalRoutes(prefixes.map((prefix) => ({ prefix: prefix as never, med: 5 })));
    neighbours.push(neighbour);
    // One after the other, because routes are listed in the order they came.
    await eventually(
      'its routes',
      () => daemon.output().split('end-of-rib-received').length === neighbours.length + 1,
      START_LIMIT_MS,
    );
  }
}, LIMIT_MS);

afterAll(async () => {
  await bench.remove();
  await Promise.all(neighbours.map(({ server }) => server.stop({ graceful: false })));
});

const ask = (...args: readonly string[]): Promise<Finished> =>
  bench.ask(...args, '--socket', bench.at('control.sock'));

async function json(...args: readonly string[]): Promise<unknown> {
  const { code, stdout, stderr } = await ask(...args, '-o', 'json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

async function lines(...args: readonly string[]): Promise<unknown[]> {
  const { stdout } = await ask(...args, '-o', 'json');
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

/** Text with the lines in order, and what changes from run to run as `…`. */
function golden(stdout: string): string {
  return stdout
    .replaceAll(/\b(\d+[dhms]){1,2}\b {0,3}/g, '… ')
    .replaceAll(/pid \d+/g, 'pid …')
    .replace(bench.folder, '…');
}

describe('status', { timeout: LIMIT_MS }, () => {
  test('shows the daemon and its peers', async () => {
    const { code, stdout } = await ask('status');
    expect(code).toBe(0);
    expect(golden(stdout)).toBe(`bgp-speaker 0.1.0, AS 64512, router id 127.0.0.51
pid …, up … , file …/speaker.yaml
local routes: 1 of the file, 0 announced at run time

PEER        AS     STATE        FOR  RECEIVED  REJECTED  STALE  SENT  LAST ERROR
127.0.0.52  64512  Established  … 2         0         0      2     -
127.0.0.53  64513  Established  … 3         1         0      1     -
127.0.0.54  64514  Active       … 0         0         0      0     -
`);
  });

  test('as JSON has addresses, states, times and counts', async () => {
    expect(await json('status')).toMatchObject({
      version: '0.1.0',
      pid: daemon.child.pid,
      config: daemon.path,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      asn: 64512,
      routerId: OWN,
      listen: [{ address: OWN }],
      restarting: 'no',
      localRoutes: { file: 1, runTime: 0 },
      peers: [
        {
          address: INTERNAL,
          asn: 64512,
          description: 'rack 7',
          state: 'Established',
          stateSince: expect.stringMatching(/Z$/),
          peerType: 'internal',
          peerIdentifier: INTERNAL,
          holdTimeSeconds: 90,
          families: [{ family: 'ipv4-unicast', received: 2, rejected: 0, stale: 0, advertised: 2 }],
        },
        { address: EXTERNAL },
        { address: ABSENT, state: 'Active' },
      ],
    });
  });

  test('of one peer shows its details', async () => {
    const { stdout } = await ask('status', INTERNAL);
    expect(stdout).toMatch(
      /^peer {14}127\.0\.0\.52\nAS {16}64512 \(internal\)\ndescription {7}rack 7\nstate/,
    );
    expect(stdout).toMatch(/\nFAMILY .*\nipv4-unicast {2}2 .* in out {6}in-sync\n$/);
    expect(await json('status', ABSENT)).toMatchObject({ address: ABSENT });
  });
});

describe('rib', { timeout: LIMIT_MS }, () => {
  test('lists selected routes', async () => {
    expect((await ask('rib')).stdout).toBe(`PREFIX        NEXT HOP    FROM        LOCAL PREF  MED  AS PATH
10.51.0.0/26  -           local       100         -    -
10.52.0.0/26  127.0.0.52  127.0.0.52  100         5    -
10.60.0.0/24  127.0.0.52  127.0.0.52  100         5    -
10.53.0.0/26  127.0.0.53  127.0.0.53  100         5    64513
`);
  });

  test('in lists what a peer has sent, and what became of it', async () => {
    expect(
      (await ask('rib', 'in', EXTERNAL)).stdout,
    ).toBe(`PEER        PREFIX        NEXT HOP    LOCAL PREF  MED  AS PATH
127.0.0.53  10.53.0.0/26  127.0.0.53  -           5    64513    best
127.0.0.53  10.60.0.0/24  127.0.0.53  -           5    64513
127.0.0.53  192.0.2.0/24  127.0.0.53  -           5    64513    rejected: import-policy
`);
    expect(await lines('rib', 'in')).toHaveLength(5);
  });

  test('out lists what a peer is told', async () => {
    expect(
      (await ask('rib', 'out', EXTERNAL)).stdout,
    ).toBe(`PEER        PREFIX        NEXT HOP    LOCAL PREF  MED  AS PATH  COMMUNITIES
127.0.0.53  10.51.0.0/26  127.0.0.51  -           -    64512    64512:1
`);
    expect(await lines('rib', 'out', ABSENT)).toEqual([]);
  });

  test('takes a prefix, what is inside it, and a family', async () => {
    expect(await lines('rib', '--prefix', '10.52.0.0/26')).toHaveLength(1);
    expect(await lines('rib', '--prefix', '10.52.0.0/16')).toHaveLength(0);
    expect(await lines('rib', '--prefix', '10.52.0.0/15', '--longer')).toHaveLength(2);
    expect(await lines('rib', '--family', 'ipv6-unicast')).toHaveLength(0);
  });

  test('as JSON has one route a line', async () => {
    expect(await lines('rib', '--prefix', '10.53.0.0/26')).toEqual([
      {
        family: 'ipv4-unicast',
        prefix: '10.53.0.0/26',
        best: {
          source: 'external',
          peer: EXTERNAL,
          nextHops: [{ address: EXTERNAL }],
          localPref: 100,
          med: 5,
          neighbourAsn: 64513,
          stale: false,
        },
        attributes: { origin: 'igp', asPath: '64513', nextHop: EXTERNAL, med: 5 },
      },
    ]);
    expect(await lines('rib', 'in', '--prefix', '192.0.2.0/24')).toMatchObject([
      {
        peer: EXTERNAL,
        family: 'ipv4-unicast',
        pathId: 0,
        rejection: 'import-policy',
        stale: false,
        best: false,
      },
    ]);
    expect(await lines('rib', 'out', INTERNAL, '--prefix', '10.51.0.0/26')).toMatchObject([
      {
        peer: INTERNAL,
        family: 'ipv4-unicast',
        prefix: '10.51.0.0/26',
        pathId: 0,
        attributes: { localPref: 100 },
      },
    ]);
  });
});

describe('explain', { timeout: LIMIT_MS }, () => {
  test('says which path was selected, why the other lost, and what peers are told', async () => {
    expect((await ask('explain', '10.60.0.0/24')).stdout).toBe(`10.60.0.0/24 (ipv4-unicast): 2 paths

The path of 127.0.0.52 (internal): next hop 127.0.0.52, AS_PATH empty, origin igp, LOCAL_PREF 100, MED 5.
  Selected.

The path of 127.0.0.53 (external): next hop 127.0.0.53, AS_PATH 64513, origin igp, MED 5.
  Lost at step "as-path-length": length of AS_PATH 1 against 0 of the path of 127.0.0.52 (internal); the shorter wins.

PEER        TOLD  WHY
127.0.0.52  no    it is the one the route comes from
127.0.0.53  no    export rule "local only"
127.0.0.54  no    there is no session for this family
`);
  });

  test('names the rule that rejected', async () => {
    const { stdout } = await ask('explain', '192.0.2.0/24');
    expect(stdout).toContain('Rejected by the import rule "no test nets".');
  });

  test('says that nothing is known', async () => {
    const { code, stdout } = await ask('explain', '10.99.0.0/24');
    expect([code, stdout]).toEqual([
      0,
      '10.99.0.0/24 (ipv4-unicast): nobody has told us a route for exactly this prefix.\n',
    ]);
  });

  test('as JSON is what the library gives', async () => {
    expect(await json('explain', '10.60.0.0/24')).toMatchObject({
      prefix: '10.60.0.0/24',
      paths: [
        { peer: INTERNAL, best: true },
        { lost: { kind: 'decision', step: 'as-path-length', value: 1 } },
      ],
      exports: [{ peer: INTERNAL, told: false }, {}, {}],
    });
  });
});

describe('announce, withdraw, reload and watch', { timeout: LIMIT_MS }, () => {
  test('change routes while sessions stay, and show it', async () => {
    const watcher = bench.spawn('watch', '--routes', '-o', 'json', '--socket', bench.at('control.sock'));
    let seen = '';
    watcher.stdout?.on('data', (bytes) => {
      seen += bytes;
    });
    const sees = (event: string, what: string): boolean =>
      seen.split('\n').some((line) => line.includes(`"event":"${event}"`) && line.includes(what));
    // The first event after the watcher has come is seen; announcing the same again is none.
    for (let index = 0; index < 200 && seen === ''; index += 1) {
      await ask('announce', `10.70.${index}.0/24`);
    }

    const attributes = ['--local-pref', '200', '--med', '7', '--origin', 'egp'];
    const communities = ['--community', '64512:8', '--community', '64512:9', '--large-community', '1:2:3'];
    const announced = await json('announce', '10.71.0.0/24', '10.72.0.0/24', ...attributes, ...communities);
    expect(announced).toMatchObject({ prefixes: ['10.71.0.0/24', '10.72.0.0/24'] });
    expect(await lines('rib', '--prefix', '10.71.0.0/24')).toMatchObject([
      {
        best: { source: 'local', localPref: 200, med: 7 },
        attributes: { origin: 'egp', communities: ['64512:8', '64512:9'], largeCommunities: ['1:2:3'] },
      },
    ]);
    await eventually('the route', () => sees('route', '"prefix":"10.72.0.0/24","best"'));

    writeFileSync(daemon.path, text.replace('10.51.0.0/26', '10.55.0.0/26'));
    expect(await json('reload')).toEqual({ peers: 3, announce: 1 });
    expect(await lines('rib', '--prefix', '10.55.0.0/26')).toHaveLength(1);
    expect(await lines('rib', '--prefix', '10.51.0.0/26')).toHaveLength(0);
    expect(await lines('rib', '--prefix', '10.72.0.0/24')).toHaveLength(1);

    writeFileSync(daemon.path, `${text}announced: []\n`);
    const refused = await ask('reload');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toContain('speaker.yaml:14 announced\n  do: did you mean "announce"?');
    writeFileSync(daemon.path, text.replace('control.sock', 'other.sock'));
    expect((await ask('reload')).stderr).toContain('control and gracefulRestart.marker cannot change');
    writeFileSync(daemon.path, text);
    expect((await ask('reload')).stdout).toBe('taken: peers: 3, routes: 1\n');

    expect((await ask('withdraw', '10.72.0.0/24', '10.51.0.0/26')).stderr).toContain(
      'the route was not announced at run time\n  object: 10.51.0.0/26\n  do: it stands in the file',
    );
    expect(await lines('rib', '--prefix', '10.72.0.0/24')).toHaveLength(1);
    expect((await ask('withdraw', '10.72.0.0/24')).stdout).toBe('10.72.0.0/24 withdrawn\n');
    await eventually('the route to go', () => sees('route', '"prefix":"10.72.0.0/24"}'));
    expect(sees('config-taken', '"peers":3') && sees('config-refused', 'announced')).toBe(true);
    expect(daemon.events()).not.toContain('peer-down');
  });

  test('announce refuses what cannot be read, all of it', async () => {
    const { code, stderr } = await ask('announce', '10.81.0.0/24', '10.80.0.1/24', '--community', '1');
    expect(code).toBe(1);
    expect(stderr).toContain('routes[1].prefix "10.80.0.1/24" has host bits set');
    expect(stderr).toContain('routes[0].communities[0] must be a community such as');
    expect(await lines('rib', '--prefix', '10.81.0.0/24')).toEqual([]);
  });
});

describe('commands to a peer', { timeout: LIMIT_MS }, () => {
  const eventsOf = (name: string): number => daemon.events().filter((event) => event === name).length;
  const state = async (): Promise<string> => ((await json('status', EXTERNAL)) as { state: string }).state;

  test('stop with a reason, start, reset and refresh it', async () => {
    expect((await ask('stop', EXTERNAL, '--communication', 'maintenance')).stdout).toBe(
      '127.0.0.53: stop given\n',
    );
    await eventually('the end', () => eventsOf('peer-down') === 1);
    expect(daemon.output()).toContain('Cease / Administrative Shutdown: \\"maintenance\\"');
    expect(await state()).toBe('Idle');
    const before = eventsOf('peer-established');
    expect(await json('start', EXTERNAL)).toEqual({ peer: EXTERNAL, command: 'start' });
    await eventually('a session', () => eventsOf('peer-established') === before + 1, START_LIMIT_MS);
    expect((await ask('reset', EXTERNAL)).code).toBe(0);
    await eventually('another session', () => eventsOf('peer-established') === before + 2, START_LIMIT_MS);

    const seen = (): PeerStatus => (neighbours[1] as Running).server.peers()[0] as PeerStatus;
    await eventually('all routes', () => seen().families[0]?.endOfRibReceived === true);
    const { updatesReceived, updateBytesSent } = seen();
    await ask('refresh', EXTERNAL, 'out');
    await eventually('our routes again', () => seen().updatesReceived > updatesReceived);
    await ask('refresh', EXTERNAL, 'in');
    await eventually('its routes again', () => seen().updateBytesSent > updateBytesSent);
  });

  test.each([
    [
      'a peer that is not there',
      ['stop', '127.0.0.9'],
      1,
      'there is no such peer\n  object: 127.0.0.9\n  do: peers are',
    ],
    ['no peer', ['stop'], 2, 'PEER is missing'],
    ['no direction', ['refresh', EXTERNAL], 2, 'DIRECTION is missing'],
    ['a direction that is none', ['refresh', EXTERNAL, 'up'], 2, 'DIRECTION is in or out, and not "up"'],
    ['routes of a peer that is not there', ['rib', 'in', '127.0.0.9'], 1, 'there is no such peer'],
    ['a family nobody knows', ['rib', '--family', 'ipv4'], 1, 'did you mean "ipv4-unicast"?'],
    ['a prefix that is none', ['explain', '10.60.0.0'], 1, 'the prefix cannot be read'],
  ])('refuse %s', async (_what, args, code, message) => {
    const finished = await ask(...args);
    expect([finished.code, finished.stdout]).toEqual([code, '']);
    expect(finished.stderr).toContain(message);
  });
});

describe('dump-mrt', { timeout: LIMIT_MS }, () => {
  test('writes a file that can be read', async () => {
    const file = bench.at('rib.mrt');
    expect((await ask('dump-mrt', file)).stdout).toMatch(/rib\.mrt: \d+ bytes\n$/);
    expect(readDump(readFileSync(file)).ribs.map(({ prefix }) => prefix)).toContain('0a3c00/24');
    const written = await json('dump-mrt', file, 'loc');
    expect(written).toEqual({ file, bytes: readFileSync(file).length });
  });

  test('says why it cannot', async () => {
    const { code, stderr } = await ask('dump-mrt', bench.at('nowhere/rib.mrt'));
    expect([code, stderr]).toEqual([1, expect.stringContaining('make the directory first')]);
  });
});
