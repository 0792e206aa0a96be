import { address } from '@weft/ip';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ASN,
  fateOf,
  LLGR_STALE,
  OTHER_ROUTE,
  OURS,
  PATH,
  PEER,
  RIVAL,
  ROUTE,
  restarts,
} from './test/long-lived-peer.ts';
import { ScriptedPeers, scripted } from './test/scripted-peers.ts';

describe('whatever a peer does', () => {
  const doing = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(3, 60, 400) }),
    },
    { weight: 2, arbitrary: fc.constant({ do: 'lose' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('connect' as const),
        forwarding: fc.boolean(),
        longLivedForwarding: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('announce' as const),
        prefix: fc.constantFrom(ROUTE, OTHER_ROUTE),
        communities: fc.constantFrom(undefined, undefined, [0xffff0006], [0xffff0007]),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'end-of-rib' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'judge' as const }) },
  );

  test('nothing stale outlives both times, a stale path is no better than a fresh one, and nothing is left over', () => {
    let longLived = 0;
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 60, size: 'max' }), (doings) => {
        const peers = new ScriptedPeers([scripted(PEER, ASN), scripted(RIVAL, 64512)], {
          gracefulRestart: OURS,
        });
        peers.connect(RIVAL, 64512);
        peers.announce(RIVAL, [ROUTE], { localPref: 1 });
        let up = false;
        let firstLoss: number | undefined;
        for (const item of doings) {
          switch (item.do) {
            case 'wait':
              peers.advance(item.seconds);
              break;
            case 'lose':
              if (up) firstLoss ??= peers.now;
              if (up) peers.disconnect(PEER);
              up = false;
              break;
            case 'connect':
              if (up) break;
              peers.advance(61);
              peers.connect(PEER, ASN, restarts(item));
              up = true;
              break;
            case 'announce':
              if (up) peers.announce(PEER, [item.prefix], { ...PATH, communities: item.communities });
              break;
            case 'end-of-rib':
              if (up) peers.endOfRib(PEER, 'ipv4-unicast');
              if (up) firstLoss = undefined;
              break;
            case 'judge':
              if (up) peers.handle({ kind: 'refresh-peer', peer: address(PEER), direction: 'in' });
          }
          for (const prefix of [ROUTE, OTHER_ROUTE]) {
            const fate = fateOf(peers, prefix);
            if (fate === 'long-lived') longLived += 1;
            if (fate !== 'stale' && fate !== 'long-lived') continue;
            expect(peers.now - (firstLoss ?? Number.NaN)).toBeLessThanOrEqual(1_100_000);
          }
          if (peers.speaker.status()[0]?.families[0]?.stale === 0) firstLoss = undefined;
          const [best] = peers.explain(ROUTE).paths;
          expect(best?.attributes.communities?.includes(LLGR_STALE) ?? false).toBe(false);
        }
        peers.handle({ kind: 'configure', config: { ...peers.speaker.config, peers: [] } });
        expect(peers.speaker.nextDeadline).toBe(Number.POSITIVE_INFINITY);
        // Attributes hold their next hops: none of them is left.
        expect(peers.told('next-hops-wanted').at(-1)?.nextHops).toEqual([]);
      }),
      { numRuns: 300 },
    );
    expect(longLived).toBeGreaterThan(100);
  }, 60_000);
});
