import { prefix } from '@weft/ip';
import { CeaseSubcode } from 'bgp-speaker-ts';
import { expect } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { describeDaemons } from '../daemon/case.ts';
import { DEADLINE_MS, type Pair, type Scenario } from '../daemon/pair.ts';
import { RouteWatch } from '../daemon/route-watch.ts';
import { gracefulRestart } from './case.ts';

/** Two routes of each family on each side: one stays, the other goes while its speaker is away. */
const OURS = routes('10.1.0.0/26', '2001:db8:1::/64');
const OURS_GOING = routes('10.2.0.0/26', '2001:db8:2::/64');
const THEIRS = ['198.51.100.0/24', '2001:db8:6::/48'];
const THEIRS_GOING = ['203.0.113.0/24', '2001:db8:7::/48'];

const OUR_PREFIXES = OURS.map((route) => route.prefix);
const OUR_GOING_PREFIXES = OURS_GOING.map((route) => route.prefix);

const SCENARIO: Scenario = { speaker: { gracefulRestart: { restartTimeSeconds: 120 } } };

function routes(...texts: readonly string[]): { prefix: ReturnType<typeof prefix> }[] {
  return texts.map((text) => ({ prefix: prefix(text) }));
}

/** Both up, with all routes of both sides. */
async function startInStep(pair: Pair): Promise<void> {
  await pair.daemon.announce([...THEIRS, ...THEIRS_GOING]);
  await pair.start([...OURS, ...OURS_GOING]);
  await pair.daemonHas(...OUR_PREFIXES, ...OUR_GOING_PREFIXES);
  await pair.speakerHas(...THEIRS, ...THEIRS_GOING);
  await pair.heardEndOfRib();
}

/** Prefixes the speaker had no route for at some moment since it told this many reports. */
function lostSince(pair: Pair, reports: number): string[] {
  const lost = pair.speaker.reports
    .slice(reports)
    .flatMap((report) => (report.kind === 'loc-rib-changed' ? report.changes : []))
    .filter(({ best }) => best === undefined);
  return [...new Set(lost.map((change) => change.prefix))].toSorted();
}

/** The daemon is killed, and comes back with what it originates by then. */
async function restartDaemon(pair: Pair, has: readonly string[], back: readonly string[]): Promise<void> {
  await pair.daemon.kill('SIGKILL');
  await pair.speakerHas(...has.map((name) => `${name} stale`));
  await pair.daemon.withdraw(has.filter((name) => !back.includes(name)));
  await pair.daemon.start({ restarting: true });
  await pair.speakerHas(...back);
  await pair.daemonHas(...OUR_PREFIXES, ...OUR_GOING_PREFIXES);
  await pair.heardEndOfRib();
}

/** The speaker is ended as told, and comes back with its routes. */
async function restartSpeaker(
  pair: Pair,
  back: typeof OURS,
  end: () => Promise<void> = () => pair.speaker.kill('SIGKILL'),
): Promise<void> {
  await end();
  await waitFor(
    'the daemon has noticed',
    async () => (await pair.daemon.sessionState()) !== 'Established',
    DEADLINE_MS,
  );
  await pair.startSpeaker(back, { restarting: true });
  await pair.established();
  await pair.daemonHas(...back.map((route) => route.prefix));
}

/** The speaker sends Cease / Administrative Reset, and both come back. */
async function resetSession(pair: Pair): Promise<void> {
  const seen = pair.speaker.reports.length;
  await pair.speaker.command({
    kind: 'reset-peer',
    peer: pair.peer,
    reason: { subcode: CeaseSubcode.administrativeReset },
  });
  await waitFor(
    'the session is down',
    () => pair.speaker.reports.slice(seen).some(({ kind }) => kind === 'peer-down'),
    DEADLINE_MS,
  );
  await pair.established();
  await pair.speakerHas(...THEIRS, ...THEIRS_GOING);
  await pair.heardEndOfRib();
}

describeDaemons(gracefulRestart, (test) => {
  test('the daemon is killed: its routes stay, what it does not send again goes', SCENARIO, async (pair) => {
    await startInStep(pair);
    const seen = pair.speaker.reports.length;
    await restartDaemon(pair, [...THEIRS, ...THEIRS_GOING], THEIRS);
    expect(lostSince(pair, seen)).toEqual(THEIRS_GOING.toSorted());
    // End-of-RIB of the families comes in any order.
    const swept = pair.speaker.reports.slice(seen).flatMap((report) => {
      if (report.kind !== 'stale-paths-removed') return [];
      return [`${report.family}: ${report.paths} for ${report.cause}`];
    });
    expect(swept.toSorted()).toEqual(['ipv4-unicast: 1 for end-of-rib', 'ipv6-unicast: 1 for end-of-rib']);
  });

  test('the daemon is killed twice', SCENARIO, async (pair) => {
    await startInStep(pair);
    const seen = pair.speaker.reports.length;
    const all = [...THEIRS, ...THEIRS_GOING];
    await restartDaemon(pair, all, all);
    await restartDaemon(pair, all, all);
    expect(lostSince(pair, seen)).toEqual([]);
  });

  test('the speaker is killed: its routes stay, what it does not send again goes', SCENARIO, async (pair) => {
    await startInStep(pair);
    const watch = new RouteWatch(pair.daemon, OUR_PREFIXES);
    await restartSpeaker(pair, OURS);
    const { lost, looks } = await watch.end();
    expect(lost).toEqual([]);
    expect(looks).toBeGreaterThan(2);
    await pair.speakerHas(...THEIRS, ...THEIRS_GOING);
  });

  test('the speaker is killed twice', SCENARIO, async (pair) => {
    await startInStep(pair);
    const watch = new RouteWatch(pair.daemon, OUR_PREFIXES);
    await restartSpeaker(pair, [...OURS, ...OURS_GOING]);
    await restartSpeaker(pair, [...OURS, ...OURS_GOING]);
    expect((await watch.end()).lost).toEqual([]);
  });

  test('the speaker stops gracefully and comes back', SCENARIO, async (pair) => {
    await startInStep(pair);
    const watch = new RouteWatch(pair.daemon, OUR_PREFIXES);
    await restartSpeaker(pair, OURS, () => pair.speaker.stop({ graceful: true }));
    expect((await watch.end()).lost).toEqual([]);
  });

  const withNotification: Scenario = {
    speaker: { gracefulRestart: { restartTimeSeconds: 120, notification: true } },
    values: { notification: 'notification' },
  };

  test('RFC 8538: the daemon keeps the routes through a NOTIFICATION', withNotification, async (pair) => {
    await startInStep(pair);
    const watch = new RouteWatch(pair.daemon, OUR_PREFIXES);
    await resetSession(pair);
    expect((await watch.end()).lost).toEqual([]);
  });

  test('RFC 8538: the speaker keeps the routes through a NOTIFICATION', withNotification, async (pair) => {
    await startInStep(pair);
    const seen = pair.speaker.reports.length;
    await resetSession(pair);
    expect(lostSince(pair, seen)).toEqual([]);
  });
});
