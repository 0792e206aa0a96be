import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import type { Advertisement } from './advertised.ts';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const [B, C, D] = ['10.0.0.2', '10.0.0.3', '10.0.0.4'] as const;
const ROUTE = prefix('10.1.0.0/26');

/** B is told, C is told nothing, D is not there. */
function create(more: object = {}): Network {
  const network = new Network();
  network.add(
    speaker(A, 64512, [
      peer(B, 64512, { passive: true, ...more }),
      peer(C, 64513, { passive: true, exportPolicy: [{ name: 'nothing to C', action: 'reject' }] }),
      peer(D, 64514, { passive: true }),
    ]),
  );
  network.add(speaker(B, 64512, [peer(A, 64512, more)]));
  network.add(speaker(C, 64513, [peer(A, 64512)]));
  for (const name of [A, B, C]) originate(network, name);
  network.advance(10_000);
  return network;
}

function advertisementOf(network: Network, route = ROUTE): Advertisement {
  return network.node(A).speaker.advertisement(route);
}

describe('who has a prefix', () => {
  test('of which nothing is known: nobody yet', () => {
    expect(advertisementOf(create())).toEqual({ told: [], pending: [B, C], absent: [D] });
  });

  test.each([
    ['', {}],
    [' with ADD-PATH', { addPath: { send: ['ipv4-unicast'], receive: ['ipv4-unicast'] } }],
  ])('is who was sent it, by policy, while a session is there%s', (_, more) => {
    const network = create(more);
    originate(network, A, '10.1.0.0/26');
    network.advance(10);
    const { told, ...others } = advertisementOf(network);
    expect(told).toEqual([{ peer: B, connection: expect.any(Number) }]);
    expect(others).toEqual({ pending: [], absent: [D] });
    originate(network, A);
    network.advance(10);
    expect(advertisementOf(network).told).toEqual([]);
  });

  test('is not who sent it', () => {
    const network = create();
    originate(network, B, '10.1.0.0/26');
    network.advance(10);
    expect(advertisementOf(network)).toEqual({ told: [], pending: [], absent: [D] });
  });

  test('is no peer behind us', () => {
    const network = create({ behindUs: true });
    originate(network, A, '10.1.0.0/26');
    network.advance(10);
    expect(advertisementOf(network)).toEqual({ told: [], pending: [], absent: [D] });
  });

  test('is no peer without its family', () => {
    const network = create({ families: ['ipv4-unicast'] });
    const { pending } = advertisementOf(network, prefix('fd00::/64'));
    expect(pending).toEqual([C]);
  });
});
