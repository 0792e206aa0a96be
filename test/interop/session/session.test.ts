import { prefix } from '@weft/ip';
import { decodeShutdownCommunication } from 'bgp-speaker-ts';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import type { Daemon } from '../daemon/daemon.ts';
import type { ExabgpDaemon } from '../daemon/exabgp.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { session } from './case.ts';

const SPEAKER = '192.0.2.1';
const WORDS = 'moving house';
const OURS = [{ prefix: prefix('10.1.0.0/26') }, { prefix: prefix('2001:db8:1::/64') }];
const OUR_PREFIXES = OURS.map((route) => route.prefix);
const FAMILIES = ['ipv4-unicast', 'ipv6-unicast'];

describeDaemons(session, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    for (const dials of ['speaker', 'daemon'] as const) {
      test(`the ${dials} dials, ${transport} transport`, { transport, dials }, async (pair) => {
        const { families, peerType } = await pair.start();
        expect(peerType).toBe('external');
        expect(families.map(({ family }) => family)).toEqual(FAMILIES);
      });
    }
  }

  test('iBGP', { daemonAsn: 64512 }, async (pair) => {
    expect(await pair.start()).toMatchObject({ peerType: 'internal' });
  });

  test('RFC 6793: four-octet AS numbers on both sides', {
    speakerAsn: 4200000000,
    daemonAsn: 4200000001,
  }, async (pair) => {
    expect(await pair.start()).toMatchObject({
      fourOctetAsn: true,
      peerAsn: 4200000001,
      peerType: 'external',
    });
  });

  test("the smaller hold time holds, the daemon's", { daemonHoldTimeSeconds: 30 }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 30 });
  });

  test("the smaller hold time holds, the speaker's", { speaker: { holdTimeSeconds: 30 } }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 30 });
  });

  test('hold time 0', { daemonHoldTimeSeconds: 0, speaker: { holdTimeSeconds: 0 } }, async (pair) => {
    expect(await pair.start()).toMatchObject({ holdTimeSeconds: 0, keepaliveTimeSeconds: 0 });
  });

  test('RFC 9003: the speaker stops with a message, which the daemon has heard', {}, async (pair) => {
    await pair.start(OURS);
    await pair.daemonHas(...OUR_PREFIXES);
    await pair.speaker.stop({ graceful: false, communication: WORDS });
    await pair.daemonHas();
    await waitFor(
      'the daemon has heard it',
      async () => (await heardBy(pair.daemon)).includes(WORDS),
      DEADLINE_MS,
      INTERVAL_MS,
    );
  });

  test('RFC 9003: the daemon is shut down with a message, which the speaker has heard', {}, async (pair) => {
    await pair.daemon.announce(['198.51.100.0/24', '2001:db8:6::/48']);
    await pair.start();
    await pair.speakerHas('198.51.100.0/24', '2001:db8:6::/48');
    await shutDown(pair.daemon);
    await pair.speakerHas();
    const down = pair.speaker.reports.findLast((report) => report.kind === 'peer-down');
    if (down?.reason.kind !== 'notification-received') throw new Error(`down: ${JSON.stringify(down)}`);
    expect(decodeShutdownCommunication(down.reason.notification)).toBe(WORDS);
  });
});

/** Ends the session at the daemon, with a message. */
async function shutDown(daemon: Daemon): Promise<void> {
  switch (daemon.name) {
    case 'bird':
      await daemon.ask('disable', 'speaker', `"${WORDS}"`);
      return;
    case 'frr':
      await daemon.ask(
        'configure terminal',
        'router bgp 64513',
        `neighbor ${SPEAKER} shutdown message ${WORDS}`,
      );
      return;
    case 'gobgp':
      await daemon.ask('neighbor', SPEAKER, 'shutdown', '--reason', WORDS);
      return;
    case 'openbgpd':
      await daemon.ask('neighbor', SPEAKER, 'down', WORDS);
      return;
    default:
      throw new Error(`${daemon.name} sends no message`);
  }
}

/** Where the daemon shows the message of a peer that has shut its session down. */
async function heardBy(daemon: Daemon): Promise<string> {
  switch (daemon.name) {
    case 'bird':
      return daemon.ask('show', 'protocols', 'all', 'speaker');
    case 'frr':
      return daemon.ask(`show bgp neighbors ${SPEAKER} json`);
    case 'openbgpd':
      return daemon.ask('show', 'neighbor', SPEAKER);
    case 'exabgp':
      return JSON.stringify((daemon as ExabgpDaemon).events());
    default:
      return daemon.logTail();
  }
}
