import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { counterOf } from '../daemon/kernel-counter.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, type Pair } from '../daemon/pair.ts';
import { gtsm } from './case.ts';

const OURS = [{ prefix: prefix('10.1.0.0/26') }];
const ON = { on: 'on', true: 'true', yes: 'yes', hops: 1, ttl: 255 };
const OFF = { on: undefined, true: undefined, yes: undefined, hops: undefined, ttl: undefined };

describeDaemons(gtsm, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    for (const dials of ['speaker', 'daemon'] as const) {
      const name = `on both sides, ${transport === 'ipv4' ? 'IPv4' : 'IPv6'}, the ${dials} dials`;
      test(name, { transport, dials, peer: { ttlSecurityHops: 1 }, values: ON }, async (pair) => {
        await pair.start(OURS);
        await pair.daemonHas('10.1.0.0/26');
      });
    }
  }

  test('the speaker refuses a daemon without it', {
    peer: { ttlSecurityHops: 1 },
    values: OFF,
  }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    await refuses(pair.network.speaker);
    expect((await pair.status()).state).not.toBe('Established');
    await changeHops(pair, undefined);
    await pair.established();
  });

  test('the daemon refuses a speaker without it', { values: ON }, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    await refuses(pair.network.daemon);
    expect(await pair.daemon.routes()).toEqual([]);
    expect((await pair.status()).state).not.toBe('Established');
  });
});

/** Waits until the kernel of an end has dropped a segment for its TTL. */
async function refuses({ netns }: NetworkEnd): Promise<void> {
  const hasDropped = async (): Promise<boolean> => (await counterOf(netns, 'TcpExtTCPMinTTLDrop')) > 0;
  await waitFor('a segment dropped for its TTL', hasDropped, DEADLINE_MS);
}

async function changeHops({ speaker, config }: Pair, ttlSecurityHops: number | undefined): Promise<void> {
  await speaker.configure({ ...config, peers: config.peers.map((peer) => ({ ...peer, ttlSecurityHops })) });
}
