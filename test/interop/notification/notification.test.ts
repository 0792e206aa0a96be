import { address, prefix } from '@weft/ip';
import type { PeerConfig, SpeakerConfig } from 'bgp-speaker-ts';
import { execa } from 'execa';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair } from '../daemon/pair.ts';
import { daemonHears, hasRefused, speakerHears } from '../daemon/session-ends.ts';
import { notification } from './case.ts';
import { COMMANDS, START } from './commands.ts';

const TEXT = 'moving house';
const OURS = ['10.1.0.0/26', '10.2.0.0/26', '10.3.0.0/26'].map((name) => ({ prefix: prefix(name) }));
/** Values a template of this case may ask for. */
const NO_LIMITS = { maxPrefix: undefined, minHoldTime: undefined };
const SHORT = { daemonHoldTimeSeconds: 3, speaker: { holdTimeSeconds: 3 } };

describeDaemons(notification, (test, name) => {
  test('RFC 9003: the speaker shuts a session down, with a text', { values: NO_LIMITS }, async (pair) => {
    await pair.start();
    const reason = { subcode: 2, communication: TEXT };
    await pair.speaker.command({ kind: 'stop-peer', peer: pair.peer, reason });
    await daemonHears(pair, [6, 2], TEXT);
    await pair.speaker.command({ kind: 'start-peer', peer: pair.peer });
    await pair.established();
  });

  test('RFC 9003: the speaker resets a session, with a text', { values: NO_LIMITS }, async (pair) => {
    await pair.start();
    const reason = { subcode: 4, communication: TEXT };
    await pair.speaker.command({ kind: 'reset-peer', peer: pair.peer, reason });
    await daemonHears(pair, [6, 4], TEXT);
    await pair.established();
  });

  test('RFC 4486: the speaker ends sessions for every other reason', { values: NO_LIMITS }, async (pair) => {
    await pair.start();
    for (const subcode of [3, 5, 6, 8]) {
      await pair.speaker.command({ kind: 'reset-peer', peer: pair.peer, reason: { subcode } });
      await daemonHears(pair, [6, subcode]);
      await startAgain(pair);
    }
  });

  test('RFC 4486: the speaker has a limit of prefixes', {
    values: NO_LIMITS,
    peer: { maxPrefix: { prefixes: 1, action: 'restart', restartSeconds: 1 } },
  }, async (pair) => {
    await pair.daemon.announce(['198.51.100.0/24', '198.51.101.0/24']);
    await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
    await daemonHears(pair, [6, 1]);
    await pair.daemon.withdraw(['198.51.101.0/24']);
    await pair.established();
    await pair.speakerHas('198.51.100.0/24');
  });

  test('RFC 4486: the daemon has a limit of prefixes', {
    values: { ...NO_LIMITS, maxPrefix: 1 },
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    await speakerHears(pair, [6, 1]);
  });

  test('RFC 9003: the daemon is shut down, with a text where it takes one', {
    values: NO_LIMITS,
  }, async (pair) => {
    await pair.start();
    await pair.daemon.ask(...COMMANDS[name].shutdown(TEXT));
    await speakerHears(pair, [6, 2], name === 'exabgp' ? '' : TEXT);
    await startAgain(pair);
  });

  test('RFC 4486: the daemon is reset', { values: NO_LIMITS }, async (pair) => {
    await pair.start();
    await pair.daemon.ask(...COMMANDS[name].reset(TEXT));
    await speakerHears(pair, [6, 4]);
    await pair.established();
  });

  test('RFC 4271 §6.5: the daemon is silent for the hold time', {
    ...SHORT,
    values: NO_LIMITS,
  }, async (pair) => {
    await pair.start();
    await signalAll(pair.network.daemon.netns, 'STOP');
    await waitFor(
      'the session is over',
      async () => (await pair.status()).state !== 'Established',
      DEADLINE_MS,
    );
    expect((await pair.status()).lastError).toContain('Hold Timer Expired');
    await signalAll(pair.network.daemon.netns, 'CONT');
    await daemonIsBack(pair);
  });

  test('RFC 4271 §6.5: the speaker is silent for the hold time', {
    ...SHORT,
    values: NO_LIMITS,
  }, async (pair) => {
    await pair.start();
    await signalAll(pair.network.speaker.netns, 'STOP');
    const isOver = async (): Promise<boolean> => (await pair.daemon.sessionState()) !== 'Established';
    await waitFor('the session is over', isOver, DEADLINE_MS, INTERVAL_MS);
    await signalAll(pair.network.speaker.netns, 'CONT');
    await daemonIsBack(pair);
  });

  test('RFC 4271 §6.2: the daemon has another AS than the speaker thinks', {
    values: NO_LIMITS,
    peer: { asn: 64999 },
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
    await waitFor('the speaker refuses', () => hasRefused(pair, [2, 2]), DEADLINE_MS, INTERVAL_MS);
    // GoBGP does not tell what it heard before the session stood.
    if (name !== 'gobgp') await daemonHears(pair, [2, 2]);
    await changePeer(pair, { asn: 64513 });
    await startAgain(pair);
  });

  test('RFC 4271 §6.2: the speaker has another AS than the daemon thinks', {
    values: { ...NO_LIMITS, speakerAsn: 64998 },
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
    await speakerHears(pair, [2, 2]);
    await changeSpeaker(pair, { asn: 64998 });
    await pair.established();
  });

  test('RFC 6286: both have the same identifier in one AS', {
    daemonAsn: 64512,
    values: NO_LIMITS,
    speaker: { identifier: address('192.0.2.2') },
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
    const wasRefused = async (): Promise<boolean> =>
      /Bad BGP Identifier/.test((await pair.status()).lastError ?? '');
    await waitFor('an OPEN is refused', wasRefused, DEADLINE_MS, INTERVAL_MS);
    await changeSpeaker(pair, { identifier: pair.network.speaker.ipv4 });
    await pair.established();
  });

  test('RFC 4271 §6.2: the daemon does not accept the hold time', {
    values: { ...NO_LIMITS, minHoldTime: 60 },
    speaker: { holdTimeSeconds: 30 },
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
    await speakerHears(pair, [2, 6]);
    await changeSpeaker(pair, { holdTimeSeconds: 90 });
    await pair.established();
  });
});

/** Waits for the next session; a daemon that would wait for it long is told not to. */
async function startAgain(pair: Pair): Promise<void> {
  const command = START[pair.daemon.name];
  if (command !== undefined) await pair.daemon.ask(...command);
  await pair.established();
}

async function daemonIsBack(pair: Pair): Promise<void> {
  const isBack = async (): Promise<boolean> => (await pair.status()).establishedCount > 1;
  await waitFor('a second session', isBack, DEADLINE_MS, INTERVAL_MS);
  await pair.established();
}

/** Signals every process of a namespace, by pid. */
async function signalAll(netns: string, signal: 'STOP' | 'CONT'): Promise<void> {
  const { stdout } = await execa('ip', ['netns', 'pids', netns]);
  for (const pid of stdout.split('\n').filter(Boolean)) process.kill(Number(pid), `SIG${signal}`);
}

async function changePeer(pair: Pair, change: Partial<PeerConfig>): Promise<void> {
  await changeSpeaker(pair, { peers: pair.config.peers.map((peer) => ({ ...peer, ...change })) });
}

async function changeSpeaker({ speaker, config }: Pair, change: Partial<SpeakerConfig>): Promise<void> {
  await speaker.configure({ ...config, ...change });
}
