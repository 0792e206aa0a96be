import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { counterOf } from '../daemon/kernel-counter.ts';
import { DEADLINE_MS, INTERVAL_MS, type Pair, type Scenario } from '../daemon/pair.ts';
import { dynamicNeighbours } from './case.ts';

const KEY = 'right-key';
const PREFIXES = { ipv4: prefix('192.0.2.0/24'), ipv6: prefix('2001:db8::/64') };
const OURS = [{ prefix: prefix('10.1.0.0/26') }, { prefix: prefix('2001:db8:1::/64') }];

describeDaemons(dynamicNeighbours, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    const name = transport === 'ipv4' ? 'IPv4' : 'IPv6';
    test(`a session with a prefix, ${name}, until it ends`, dynamic(transport), async (pair) => {
      await pair.daemon.announce(['198.51.100.0/24']);
      await startWithPrefix(pair);
      await pair.speakerHas('198.51.100.0/24');
      await pair.daemonHas('10.1.0.0/26', '2001:db8:1::/64');
      expect((await pair.status()).template).toBe(PREFIXES[transport]);

      await pair.daemon.kill('SIGKILL');
      await waitFor('the neighbour is gone', async () => !(await isThere(pair)), DEADLINE_MS, INTERVAL_MS);
      await pair.daemon.start();
      await waitFor('the neighbour is back', () => isThere(pair), DEADLINE_MS, INTERVAL_MS);
      await pair.speakerHas('198.51.100.0/24');
    });

    test(`TCP MD5 with a key for a prefix, ${name}`, dynamic(transport, KEY), async (pair) => {
      await startWithPrefix(pair);
    });
  }

  test(
    'TCP MD5: another key than that of the prefix is refused',
    dynamic('ipv4', 'wrong-key'),
    async (pair) => {
      await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
      const isRefused = async (): Promise<boolean> =>
        (await counterOf(pair.network.speaker.netns, 'TcpExtTCPMD5Failure')) > 0;
      await waitFor('the kernel refuses the daemon', isRefused, DEADLINE_MS, INTERVAL_MS);
      expect(await pair.daemon.routes()).toEqual([]);
    },
  );
});

/** The daemon dials; the speaker has a prefix for a neighbour, with this key, and the daemon the right one. */
function dynamic(transport: 'ipv4' | 'ipv6', password?: string): Scenario {
  return {
    transport,
    dials: 'daemon',
    peer: { address: PREFIXES[transport], localAddress: undefined, password },
    values: { password: password && KEY },
  };
}

async function startWithPrefix(pair: Pair): Promise<void> {
  await Promise.all([pair.daemon.start(), pair.startSpeaker(OURS)]);
  await waitFor('the daemon is a neighbour', () => isThere(pair), DEADLINE_MS, INTERVAL_MS);
  await pair.established();
}

async function isThere({ speaker, peer }: Pair): Promise<boolean> {
  return (await speaker.peers()).some(({ address }) => address === peer);
}
