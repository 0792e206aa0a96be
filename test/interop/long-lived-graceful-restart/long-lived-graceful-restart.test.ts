import { prefix } from '@weft/ip';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, type Pair, type Scenario } from '../daemon/pair.ts';
import { longLivedGracefulRestart } from './case.ts';

const OURS = ['10.1.0.0/26', '2001:db8:1::/64'];
const THEIRS = ['198.51.100.0/24', '2001:db8:6::/48'];
const THEIRS_GOING = ['203.0.113.0/24', '2001:db8:7::/48'];
/** As the daemons write 65535:6. */
const LLGR_STALE = ['65535:6', 'llgrStale'];

const SCENARIO: Scenario = {
  speaker: {
    gracefulRestart: {
      restartTimeSeconds: 2,
      longLived: [
        { family: 'ipv4-unicast', staleTimeSeconds: 3600 },
        { family: 'ipv6-unicast', staleTimeSeconds: 3600 },
      ],
    },
  },
};

const ROUTES = OURS.map((text) => ({ prefix: prefix(text) }));

async function startInStep(pair: Pair): Promise<void> {
  await pair.daemon.announce([...THEIRS, ...THEIRS_GOING]);
  const { longLived, longLivedAware } = await pair.start(ROUTES);
  expect(longLivedAware).toBe(true);
  expect(longLived).toMatchObject([
    { family: 'ipv4-unicast', staleTimeSeconds: 3600 },
    { family: 'ipv6-unicast', staleTimeSeconds: 3600 },
  ]);
  await pair.daemonHas(...OURS);
  await pair.speakerHas(...THEIRS, ...THEIRS_GOING);
  await pair.heardEndOfRib();
}

/** Our prefixes the daemon has marked as long-lived stale. */
async function markedByDaemon(pair: Pair): Promise<string[]> {
  const routes = await pair.daemon.routes();
  const marked = routes.filter(({ communities = [] }) =>
    communities.some((community) => LLGR_STALE.includes(community)),
  );
  return marked.map((route) => route.prefix).toSorted();
}

describeDaemons(longLivedGracefulRestart, (test) => {
  test('the daemon stays away for longer than its restart time', SCENARIO, async (pair) => {
    await startInStep(pair);
    const seen = pair.speaker.reports.length;
    await pair.daemon.kill('SIGKILL');
    await waitFor(
      'long-lived stale routes of both families',
      () =>
        pair.speaker.reports.slice(seen).filter(({ kind }) => kind === 'stale-paths-long-lived').length === 2,
      DEADLINE_MS,
    );
    await pair.speakerHas(...[...THEIRS, ...THEIRS_GOING].map((name) => `${name} stale`));
    await pair.daemon.withdraw(THEIRS_GOING);
    await pair.daemon.start({ restarting: true });
    await pair.speakerHas(...THEIRS);
    const removed = pair.speaker.reports
      .slice(seen)
      .flatMap((report) => (report.kind === 'stale-paths-removed' ? [report.cause] : []));
    expect(removed).toEqual(['end-of-rib', 'end-of-rib']);
  });

  test('the speaker stays away for longer than its restart time', SCENARIO, async (pair) => {
    await startInStep(pair);
    await pair.speaker.kill('SIGKILL');
    await waitFor(
      'the daemon has marked our routes',
      async () => (await markedByDaemon(pair)).length === OURS.length,
      DEADLINE_MS,
    );
    await pair.startSpeaker(ROUTES, { restarting: true });
    await pair.established();
    await waitFor(
      'no route is marked any more',
      async () => (await markedByDaemon(pair)).length === 0,
      DEADLINE_MS,
    );
    await pair.daemonHas(...OURS);
  });
});
