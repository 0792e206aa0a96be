import { address } from '@weft/ip';
import { beforeEach, describe, expect, test } from 'vitest';
import type { SpeakerConfig } from './config.ts';
import { Network, originate, peer, receivedBy, routesOf, speaker, toldBy } from './test/network.ts';

const AS = 64512;
const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'] as const;
const OWN = { '10.1.0.0/26': 'local' };

const ofB = (more: Partial<SpeakerConfig> = {}): SpeakerConfig => speaker(B, AS, [peer(A, AS)], more);

let network: Network;

/** A has routes of B; C, another peer of A, has none yet. */
beforeEach(() => {
  network = new Network();
  network.add(speaker(A, AS, [peer(B, AS, { passive: true }), peer(C, AS, { passive: true })]));
  network.add(ofB());
  network.add(speaker(C, AS, [peer(A, AS)]));
  originate(network, A, '10.1.0.0/26');
  originate(network, B, '10.2.0.0/26', '10.2.0.64/26');
  originate(network, C);
  network.advance(10_000);
});

/** Another speaker is at the address of B, from its beginning, with routes of its own. */
function succeed(...routes: string[]): void {
  network.kill(B);
  network.advance(1000);
  network.restart(B, ofB({ identifier: address('9.9.9.9') }));
  originate(network, B, ...routes);
  network.advance(20_000);
}

describe('another speaker at the address of one that is gone', () => {
  test('takes no routes away by its End-of-RIB, and the restart time of the one before does', () => {
    succeed();
    expect(network.node(A).speaker.status()[0]).toMatchObject({ state: 'Established' });
    expect(routesOf(network, A)).toEqual({ ...OWN, '10.2.0.0/26': B, '10.2.0.64/26': B });
    network.advance(120_000);
    expect(routesOf(network, A)).toEqual(OWN);
    expect(toldBy(network, A, 'stale-paths-removed')).toMatchObject([
      { paths: 2, cause: 'restart-time-passed' },
    ]);
  });

  test('is told from the same one that has started anew, which takes away what it has no more', () => {
    network.kill(B);
    network.advance(1000);
    network.restart(B, ofB());
    originate(network, B);
    network.advance(20_000);
    expect(routesOf(network, A)).toEqual(OWN);
  });

  test('leaves a route until another way to it has been told, by whomever', () => {
    succeed('10.2.0.64/26');
    originate(network, C, '10.2.0.0/26');
    network.advance(1000);
    expect(routesOf(network, A)).toEqual({ ...OWN, '10.2.0.0/26': C, '10.2.0.64/26': B });
    expect([...receivedBy(network, A, B)].map(([prefix, { stale }]) => [prefix, stale])).toEqual([
      ['10.2.0.64/26', false],
    ]);
  });

  test('leaves nothing to which there was another way all the time', () => {
    originate(network, C, '10.2.0.0/26', '10.2.0.64/26');
    network.advance(1000);
    succeed();
    expect(routesOf(network, A)).toEqual({ ...OWN, '10.2.0.0/26': C, '10.2.0.64/26': C });
    expect(receivedBy(network, A, B).size).toBe(0);
  });

  test('is succeeded itself: then only its own routes are kept', () => {
    succeed('10.2.0.128/26');
    network.kill(B);
    network.advance(1000);
    expect(routesOf(network, A)).toEqual({ ...OWN, '10.2.0.128/26': B });
  });
});
