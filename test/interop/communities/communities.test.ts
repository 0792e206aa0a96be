import { prefix } from '@weft/ip';
import type { PolicyRule } from 'bgp-speaker-ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { createDaemon, reasonAgainst } from '../daemon/case.ts';
import { DAEMONS, type Daemon, type DaemonName } from '../daemon/daemon.ts';
import { ExabgpDaemon } from '../daemon/exabgp.ts';
import { GobgpDaemon } from '../daemon/gobgp.ts';
import { Lan } from '../daemon/lan.ts';
import { peerAt, speakerAt, startSpeaker } from '../daemon/lan-speaker.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { Speaker } from '../daemon/speaker.ts';
import { communities } from './case.ts';

const SPEAKER_ASN = 64512;
const DAEMON_ASN = 64513;
const SECOND_ASN = 64514;
const SOURCE_ASN = 64515;
/** A route target, and an attribute 99, optional and transitive, that nobody knows. */
const EXTENDED = 'target:64515:7';
const UNKNOWN = '0x63 0xc0 0x0102030405';
/** What the daemon originates, by the community it gives it. */
const MARKED = '198.51.100.0/24';
const NO_EXPORT = '198.51.101.0/24';
const NO_ADVERTISE = '198.51.102.0/24';
const NO_EXPORT_SUBCONFED = '198.51.103.0/24';
const GRACEFUL_SHUTDOWN = '198.51.104.0/24';
/** What the speaker sends the daemon, by the community. */
const OURS = '10.1.0.0/16';
const OUR_NO_EXPORT = '10.2.0.0/16';
const OUR_NO_ADVERTISE = '10.3.0.0/16';
const OUR_NO_EXPORT_SUBCONFED = '10.4.0.0/16';
const OF_SOURCE = '203.0.113.0/24';

describe('communities', () => {
  for (const name of DAEMONS) describe.concurrent(name, () => describeDaemon(name));
});

function describeDaemon(name: DaemonName): void {
  let lan: Lan;
  let speaker: Speaker;
  let second: Speaker;
  let source: Daemon;
  let daemon: Daemon;
  const ends = (): NetworkEnd[] => [...lan.ends];
  const testUnless = (title: string, run: () => Promise<void>): void => {
    if (reasonAgainst(communities, title, name) === undefined) test(title, run);
  };

  beforeAll(async () => {
    lan = await Lan.create(`communities-${name}`, 4);
    const [one, two, three, four] = ends() as [NetworkEnd, NetworkEnd, NetworkEnd, NetworkEnd];
    speaker = new Speaker(one.netns);
    second = new Speaker(three.netns);
    const values = { speaker: one.ipv4, speakerAsn: SPEAKER_ASN, second: three.ipv4, secondAsn: SECOND_ASN };
    daemon = createDaemon(
      communities,
      name,
      { end: two, asn: DAEMON_ASN, neighbour: one.ipv4 },
      {
        ...values,
        daemon: two.ipv4,
        daemon4: two.ipv4,
        daemonAsn: DAEMON_ASN,
        extended: undefined,
        unknown: undefined,
      },
    );
    source = createDaemon(
      communities,
      'exabgp',
      { end: four, asn: SOURCE_ASN, neighbour: one.ipv4 },
      {
        ...values,
        daemon: four.ipv4,
        daemon4: four.ipv4,
        daemonAsn: SOURCE_ASN,
        extended: EXTENDED,
        unknown: UNKNOWN,
      },
    );
    if (daemon instanceof GobgpDaemon) await originateWithGobgp(daemon);
    await Promise.all([daemon.start(), source.start()]);
    const toSpeaker = peerAt(three, one, SPEAKER_ASN);
    await startSpeaker(second, speakerAt(three, SECOND_ASN, [toSpeaker, peerAt(three, two, DAEMON_ASN)]), []);
    const toDaemon = { exportPolicy: MARKS };
    const toSecond = { exportPolicy: [onlyRemote()] };
    await startSpeaker(
      speaker,
      speakerAt(one, SPEAKER_ASN, [
        peerAt(one, two, DAEMON_ASN, toDaemon),
        peerAt(one, three, SECOND_ASN, toSecond),
        peerAt(one, four, SOURCE_ASN),
      ]),
      [OURS, OUR_NO_EXPORT, OUR_NO_ADVERTISE, OUR_NO_EXPORT_SUBCONFED],
    );
  });

  afterAll(async () => {
    await Promise.all([
      speaker?.kill('SIGKILL'),
      second?.kill('SIGKILL'),
      daemon?.remove(),
      source?.remove(),
    ]);
    await lan?.remove();
  });

  /** Waits for a route from one end to a speaker. */
  const received = async (at: Speaker, from: number, wanted: string) => {
    const { ipv4 } = ends()[from] as NetworkEnd;
    const find = async () => (await at.adjRibIn(ipv4)).find((route) => route.prefix === wanted);
    return waitFor(`${wanted} from ${ipv4}`, find, DEADLINE_MS, INTERVAL_MS);
  };
  const daemonHas = async (wanted: string) => {
    const find = async () => (await daemon.routes()).find((route) => route.prefix === wanted);
    return waitFor(`the daemon has ${wanted}`, find, DEADLINE_MS, INTERVAL_MS);
  };

  testUnless('RFC 1997, RFC 8092: the speaker sends them', async () => {
    const route = await daemonHas(OURS);
    expect(route.communities).toEqual(['64512:1', '64512:2']);
    expect(route.largeCommunities).toEqual(['64512:1:2']);
  });

  testUnless('RFC 1997, RFC 8092: the speaker receives them', async () => {
    const { attributes } = await received(speaker, 1, MARKED);
    expect(attributes).toMatchObject({ communities: ['64513:1'], largeCommunities: ['64513:1:2'] });
  });

  testUnless('RFC 1997: the speaker obeys NO_EXPORT, NO_ADVERTISE and NO_EXPORT_SUBCONFED', async () => {
    for (const wanted of [NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED]) await received(speaker, 1, wanted);
    await received(second, 0, MARKED);
    await received(second, 0, GRACEFUL_SHUTDOWN);
    const passed = (await second.adjRibIn((ends()[0] as NetworkEnd).ipv4)).map((route) => route.prefix);
    for (const hidden of [NO_EXPORT, NO_ADVERTISE, NO_EXPORT_SUBCONFED]) expect(passed).not.toContain(hidden);
  });

  for (const [community, hidden] of [
    ['NO_EXPORT', OUR_NO_EXPORT],
    ['NO_ADVERTISE', OUR_NO_ADVERTISE],
    ['NO_EXPORT_SUBCONFED', OUR_NO_EXPORT_SUBCONFED],
  ] as const) {
    testUnless(`RFC 1997: the daemon obeys the ${community} of the speaker`, async () => {
      await daemonHas(hidden);
      await received(second, 1, OURS);
      const passed = (await second.adjRibIn((ends()[1] as NetworkEnd).ipv4)).map((route) => route.prefix);
      expect(passed).not.toContain(hidden);
    });
  }

  testUnless('RFC 8326: the speaker avoids a route with GRACEFUL_SHUTDOWN', async () => {
    await received(speaker, 1, GRACEFUL_SHUTDOWN);
    const chosen = (await speaker.locRib()).find((route) => route.prefix === GRACEFUL_SHUTDOWN);
    expect(chosen?.best?.localPref).toBe(0);
  });

  testUnless('RFC 4360: the speaker passes on extended communities', async () => {
    await daemonHas(OF_SOURCE);
    expect(await shown(daemon)).toMatch(SHOWN[name].extended);
  });

  testUnless('RFC 4271 §5: the speaker passes on an unknown attribute, Partial', async () => {
    await daemonHas(OF_SOURCE);
    expect(await shown(daemon)).toMatch(SHOWN[name].unknown);
  });
}

const NOT_SHOWN = /(?!)/;

/** How each daemon writes the route target and the unknown attribute; BIRD does not write the Partial bit. */
const SHOWN: Readonly<Record<DaemonName, { readonly extended: RegExp; readonly unknown: RegExp }>> = {
  bird: { extended: /ext_community: \(rt, 64515, 7\)/, unknown: /BGP\.63 \[t\]: 01 02 03 04 05/ },
  frr: { extended: /RT:64515:7/, unknown: NOT_SHOWN },
  gobgp: { extended: /"64515:7"/, unknown: /"flags":224,"type":99,"value":"AQIDBAU="/ },
  openbgpd: { extended: /rt 64515:7/, unknown: /#99",\s+"length": 5,\s+"flags": \{\s+"partial": true/ },
  exabgp: { extended: /target:64515:7/, unknown: /"attribute-0x63-0xE0":"0x0102030405"/ },
};

const QUESTIONS: Partial<Readonly<Record<DaemonName, readonly string[]>>> = {
  bird: ['show', 'route', 'all', 'for', OF_SOURCE],
  frr: [`show bgp ipv4 unicast ${OF_SOURCE} json`],
  gobgp: ['-j', 'global', 'rib', OF_SOURCE],
  openbgpd: ['-j', 'show', 'rib', 'detail', OF_SOURCE],
};

/** What a daemon says about the route of the source, in its own words. */
async function shown(daemon: Daemon): Promise<string> {
  if (daemon instanceof ExabgpDaemon) return JSON.stringify(daemon.events());
  return daemon.ask(...(QUESTIONS[daemon.name] ?? []));
}

const MARKS: readonly PolicyRule[] = [
  mark(OURS, '64512:1', '64512:2', '64512:1:2'),
  mark(OUR_NO_EXPORT, '65535:65281'),
  mark(OUR_NO_ADVERTISE, '65535:65282'),
  mark(OUR_NO_EXPORT_SUBCONFED, '65535:65283'),
];

function mark(name: string, ...marks: readonly string[]): PolicyRule {
  return {
    name: `mark ${name}`,
    match: { prefix: { operator: 'equal', prefix: prefix(name) } },
    operations: marks.map((community) => ({ kind: 'add-community', community })),
    action: 'accept',
  };
}

/** Keeps the speaker's own routes from the second, so that it has them from the daemon alone. */
function onlyRemote(): PolicyRule {
  return { name: 'not our own', match: { source: 'local' }, action: 'reject' };
}

async function originateWithGobgp(daemon: GobgpDaemon): Promise<void> {
  await daemon.originate(MARKED, 'community', '64513:1', 'large-community', '64513:1:2');
  await daemon.originate(NO_EXPORT, 'community', 'no-export');
  await daemon.originate(NO_ADVERTISE, 'community', 'no-advertise');
  await daemon.originate(NO_EXPORT_SUBCONFED, 'community', 'no-export-subconfed');
  await daemon.originate(GRACEFUL_SHUTDOWN, 'community', '65535:0');
}
