import { prefix } from '@weft/ip';
import type { PeerConfig, PolicyRule } from 'bgp-speaker-ts';
import { describe, expect, test } from 'vitest';
import { waitFor } from '../../harness/wait-for.ts';
import { createDaemon } from '../daemon/case.ts';
import { DAEMONS } from '../daemon/daemon.ts';
import { Lan } from '../daemon/lan.ts';
import { peerAt, speakerAt, startSpeaker } from '../daemon/lan-speaker.ts';
import type { NetworkEnd } from '../daemon/network.ts';
import { DEADLINE_MS, INTERVAL_MS } from '../daemon/pair.ts';
import { Speaker } from '../daemon/speaker.ts';
import { reflectedByDaemon } from './case.ts';

const ASN = 64512;
/** What each of the three originates, and a client of the speaker alone. */
const OF_SPEAKER = '10.1.0.0/16';
const OF_DAEMON = '10.2.0.0/16';
const OF_SECOND = '10.3.0.0/16';
const OF_CLIENT = '10.4.0.0/16';
const REFLECTORS = DAEMONS.filter((name) => reflectedByDaemon.notSupported['*']?.[name] === undefined);

describe('reflected-by-daemon', () => {
  for (const name of REFLECTORS) {
    describe.concurrent(name, () => {
      test('it reflects to the speaker, and what has been all the way round is refused', async (context) => {
        const lan = await Lan.create(`reflected-${name}`, 4);
        context.onTestFinished(() => lan.remove());
        const [one, two, three, four] = lan.ends as [NetworkEnd, NetworkEnd, NetworkEnd, NetworkEnd];
        const values = {
          asn: ASN,
          speaker: one.ipv4,
          second: three.ipv4,
          daemon: two.ipv4,
          daemon4: two.ipv4,
        };
        const daemon = createDaemon(
          reflectedByDaemon,
          name,
          { end: two, asn: ASN, neighbour: one.ipv4 },
          { ...values, daemon6: two.ipv6 },
        );
        const [speaker, second, leaf] = [one, three, four].map(({ netns }) => new Speaker(netns)) as [
          Speaker,
          Speaker,
          Speaker,
        ];
        context.onTestFinished(async () => {
          await Promise.all([
            daemon.remove(),
            ...[speaker, second, leaf].map((each) => each.kill('SIGKILL')),
          ]);
        });
        context.onTestFailed(() => console.error(daemon.logTail()));

        await daemon.announce([OF_DAEMON]);
        await daemon.start();
        await startSpeaker(
          second,
          speakerAt(three, ASN, [client(three, two), client(three, one, { passive: true })]),
          [OF_SECOND],
        );
        await startSpeaker(leaf, speakerAt(four, ASN, [peerAt(four, one, ASN, { passive: true })]), [
          OF_CLIENT,
        ]);
        // Nothing but what the daemon reflects tells the second of the client, nothing but what the second reflects
        // tells the speaker of the daemon's own route, nothing but the second tells the daemon of the second's.
        const peers = [
          client(one, two, { importPolicy: [refuse(OF_DAEMON)], exportPolicy: [refuse(OF_SECOND)] }),
          client(one, three, { exportPolicy: [refuse(OF_CLIENT)] }),
          client(one, four),
        ];
        await startSpeaker(speaker, speakerAt(one, ASN, peers), [OF_SPEAKER]);

        const reflected = await received(speaker, two, OF_SECOND);
        expect(reflected).toMatchObject({
          rejection: 'none',
          attributes: { originatorId: three.ipv4, clusterList: [two.ipv4], nextHop: three.ipv4 },
        });
        const looped = await received(speaker, three, OF_CLIENT);
        expect(looped).toMatchObject({
          rejection: 'cluster-loop',
          attributes: { originatorId: four.ipv4, clusterList: [three.ipv4, two.ipv4, one.ipv4] },
        });
        await waitFor(
          "the speaker reflects the daemon's own route to it",
          async () => (await speaker.adjRibOut(two.ipv4)).some((route) => route.prefix === OF_DAEMON),
          DEADLINE_MS,
          INTERVAL_MS,
        );
        const routes = await waitFor(
          'the routes of the speaker and of its client',
          async () => {
            const all = await daemon.routes();
            return (
              [OF_SPEAKER, OF_CLIENT].every((wanted) => all.some((route) => route.prefix === wanted)) && all
            );
          },
          DEADLINE_MS,
          INTERVAL_MS,
        );
        expect(routes.map((route) => route.prefix)).not.toContain(OF_DAEMON);
      });
    });
  }
});

function client(own: NetworkEnd, other: NetworkEnd, more: Partial<PeerConfig> = {}): PeerConfig {
  return peerAt(own, other, ASN, { routeReflectorClient: true, ...more });
}

function refuse(name: string): PolicyRule {
  return {
    name: `refuse ${name}`,
    match: { prefix: { operator: 'equal', prefix: prefix(name) } },
    action: 'reject',
  };
}

/** Waits for a route a speaker receives from somebody; the route. */
async function received(
  speaker: Speaker,
  from: NetworkEnd,
  name: string,
): Promise<Awaited<ReturnType<Speaker['adjRibIn']>>[number]> {
  return waitFor(
    `${name} from ${from.ipv4}`,
    async () => (await speaker.adjRibIn(from.ipv4)).find((route) => route.prefix === name),
    DEADLINE_MS,
    INTERVAL_MS,
  );
}
