import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { GobgpDaemon } from '../daemon/gobgp.ts';
import type { Pair } from '../daemon/pair.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { localAs } from './case.ts';

const OURS = [{ prefix: prefix('10.1.0.0/26') }];
const THEIRS = '198.51.100.0/24';

describeDaemons(localAs, (test, daemon) => {
  for (const [name, localAsnReplaceAs, path] of [
    ['before its own', false, [64600, 64512]],
    ['alone, when it replaces its own', true, [64600]],
  ] as const) {
    const scenario = { peer: { localAsn: 64600, localAsnReplaceAs }, values: { speakerAsn: 64600 } };
    test(`RFC 7705: the daemon sees the local AS of the speaker ${name}`, scenario, async (pair) => {
      await pair.start(OURS);
      const [route] = await pair.daemonHas('10.1.0.0/26');
      expect(route?.asPath).toEqual(path);
    });
  }

  test('RFC 4271 §9.1.2: a path through the own AS is refused, but as often as allowed taken', {}, async (pair) => {
    if (pair.daemon instanceof GobgpDaemon) await pair.daemon.originate(THEIRS, 'aspath', '64512');
    // ExaBGP has it in its configuration.
    else if (daemon !== 'exabgp') await pair.daemon.announce([THEIRS]);
    await pair.start();
    await isJudged(pair, 'as-loop');
    const { config, speaker } = pair;
    await speaker.configure({
      ...config,
      peers: config.peers.map((peer) => ({ ...peer, allowLocalAsn: 1 })),
    });
    await isJudged(pair, 'none');
  });
});

/** Waits until the speaker has the route and says this of it. */
async function isJudged({ speaker, peer }: Pair, rejection: string): Promise<void> {
  await waitFor(
    `a route with rejection ${rejection}`,
    async () => (await speaker.adjRibIn(peer)).some((route) => route.rejection === rejection),
    DEADLINE_MS,
    INTERVAL_MS,
  );
}
