import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { rangesOfDaemon } from './case.ts';

const RANGES = { ipv4: '192.0.2.0/24', ipv6: '2001:db8::/64' };

describeDaemons(rangesOfDaemon, (test) => {
  for (const transport of ['ipv4', 'ipv6'] as const) {
    const name = transport === 'ipv4' ? 'IPv4' : 'IPv6';
    const scenario = { transport, values: { range: RANGES[transport] } };
    test(`the speaker dials into a prefix of the daemon, ${name}`, scenario, async (pair) => {
      await pair.daemon.announce(['198.51.100.0/24']);
      await Promise.all([pair.daemon.start(), pair.startSpeaker([])]);
      const stands = async (): Promise<boolean> => (await pair.status()).state === 'Established';
      await waitFor('the speaker is Established', stands, DEADLINE_MS, INTERVAL_MS);
      await pair.speakerHas('198.51.100.0/24');
    });
  }
});
