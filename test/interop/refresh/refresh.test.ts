import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, type Pair, type Scenario } from '../daemon/pair.ts';
import { refresh } from './case.ts';

const OURS = [{ prefix: prefix('10.1.0.0/26') }, { prefix: prefix('2001:db8:1::/64') }];
const OUR_PREFIXES = OURS.map((route) => route.prefix);
const THEIRS = ['198.51.100.0/24', '2001:db8:6::/48'];

/** End-of-RIB of both families; a refresh is not followed by one. */
const END_OF_RIB_BYTES = 23 + 30;

/**
 * Nothing is sent but the routes and End-of-RIB: with graceful restart all daemons send it, and no daemon sends internal
 * routes back.
 */
const SCENARIO: Scenario = { daemonAsn: 64512, speaker: { gracefulRestart: { restartTimeSeconds: 60 } } };

async function inStep(pair: Pair): Promise<void> {
  await pair.daemonHas(...OUR_PREFIXES);
  await pair.speakerHas(...THEIRS);
  // No UPDATE is under way any more.
  await waitFor(
    'the daemon has sent all',
    async () => (await pair.status()).families.every(({ endOfRibReceived }) => endOfRibReceived),
    DEADLINE_MS,
  );
}

async function start(pair: Pair): Promise<boolean> {
  await pair.daemon.announce(THEIRS);
  const { enhancedRouteRefresh } = await pair.start(OURS);
  await inStep(pair);
  return enhancedRouteRefresh;
}

describeDaemons(refresh, (test) => {
  test('the daemon asks the speaker', SCENARIO, async (pair) => {
    await start(pair);
    const { updateBytesSent } = await pair.status();
    await pair.daemon.requestRefresh();
    await waitFor(
      'both families sent again',
      async () => (await pair.status()).updateBytesSent >= 2 * updateBytesSent - END_OF_RIB_BYTES,
      DEADLINE_MS,
    );
    await inStep(pair);
  });

  test('the speaker asks the daemon', SCENARIO, async (pair) => {
    await start(pair);
    const { updatesReceived } = await pair.status();
    await pair.speaker.command({ kind: 'refresh-peer', peer: pair.peer, direction: 'in' });
    await waitFor(
      'both families come again',
      async () => (await pair.status()).updatesReceived >= updatesReceived + 2,
      DEADLINE_MS,
    );
    await inStep(pair);
  });

  test('RFC 7313: enhanced refresh is agreed on', SCENARIO, async (pair) => {
    expect(await start(pair)).toBe(true);
  });
});
