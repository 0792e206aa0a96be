import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { counterOf } from '../daemon/kernel-counter.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, type Pair } from '../daemon/pair.ts';
import { md5 } from './case.ts';

const KEY = 'right-key';
const OURS = [{ prefix: prefix('10.1.0.0/26') }];

describeDaemons(md5, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    for (const dials of ['speaker', 'daemon'] as const) {
      const name = `the same key, ${transport === 'ipv4' ? 'IPv4' : 'IPv6'}, the ${dials} dials`;
      test(name, { transport, dials, peer: { password: KEY }, values: { password: KEY } }, async (pair) => {
        await pair.daemon.announce(['198.51.100.0/24']);
        await pair.start(OURS);
        await pair.speakerHas('198.51.100.0/24');
        await pair.daemonHas('10.1.0.0/26');
      });
    }
  }

  for (const transport of ['ipv4', 'ipv6'] as const) {
    const range = prefix(transport === 'ipv4' ? '192.0.2.0/24' : '2001:db8::/64');
    const dynamic = { address: range, asn: 'external', password: KEY } as const;
    const scenario = { transport, dials: 'daemon', peer: dynamic, values: { password: KEY } } as const;
    const name = `a dynamic neighbour with the key of its prefix, ${transport === 'ipv4' ? 'IPv4' : 'IPv6'}`;
    test(name, scenario, async (pair) => {
      await pair.daemon.announce(['198.51.100.0/24']);
      await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
      await waitFor('the daemon is a peer', async () => (await pair.speaker.peers()).length > 0, DEADLINE_MS);
      await pair.speakerHas('198.51.100.0/24');
      await pair.daemonHas('10.1.0.0/26');
      expect(await pair.status()).toMatchObject({ state: 'Established', template: range, asn: 64513 });
    });
  }

  const scenario = { peer: { password: 'wrong-key' }, values: { password: KEY, passive: undefined } };
  test('another key is refused, a changed one taken over at once', scenario, async (pair) => {
    await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
    const { speaker, daemon } = pair.network;
    await waitFor('the speaker refuses the daemon', () => hasRefused(speaker), DEADLINE_MS);
    await waitFor('the daemon refuses the speaker', () => hasRefused(daemon), DEADLINE_MS);
    expect(statesReached(pair)).not.toContain('OpenSent');
    expect(await pair.daemon.routes()).toEqual([]);

    await changeKey(pair, KEY);
    await pair.established();
    await pair.daemonHas('10.1.0.0/26');

    await changeKey(pair, 'wrong-key');
    await pair.daemonHas();
    expect(statesReached(pair).slice(-1)).not.toContain('Established');
  });
});

/** The kernel has dropped a segment that was signed with another key. */
async function hasRefused({ netns }: NetworkEnd): Promise<boolean> {
  return (await counterOf(netns, 'TcpExtTCPMD5Failure')) > 0;
}

async function changeKey({ speaker, config }: Pair, password: string): Promise<void> {
  await speaker.configure({ ...config, peers: config.peers.map((peer) => ({ ...peer, password })) });
}

function statesReached({ speaker }: Pair): string[] {
  return speaker.reports.flatMap((report) => (report.kind === 'peer-state-changed' ? [report.to] : []));
}
