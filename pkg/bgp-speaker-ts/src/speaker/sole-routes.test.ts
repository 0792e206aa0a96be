import { address } from '@weft/ip';
import { expect, test } from 'vitest';
import { Network, originate, peer, speaker } from './test/network.ts';

const A = '10.0.0.1';
const B = '10.0.0.2';
const C = '10.0.0.3';

/** A hears of one prefix from both, and of one from each. */
function create(): Network {
  const network = new Network();
  network.add(speaker(A, 1, [peer(B, 2, { passive: true }), peer(C, 3, { passive: true })]));
  network.add(speaker(B, 2, [peer(A, 1)]));
  network.add(speaker(C, 3, [peer(A, 1)]));
  originate(network, A, '10.9.0.0/26');
  originate(network, B, '10.1.0.0/26', '10.2.0.0/26', '10.9.0.0/26');
  originate(network, C, '10.2.0.0/26', '10.3.0.0/26');
  network.advance(10_000);
  return network;
}

const solely = (network: Network, ...peers: string[]) =>
  Object.fromEntries(network.node(A).speaker.soleRoutes(peers.map(address)));

test('counts what only a peer has: not what others or the speaker itself have too', () => {
  expect(solely(create(), B)).toEqual({ [B]: { prefixes: 1, example: '10.1.0.0/26' } });
});

test('of several peers none stands in for another', () => {
  expect(solely(create(), B, C)).toEqual({
    [B]: { prefixes: 2, example: '10.1.0.0/26' },
    [C]: { prefixes: 2, example: '10.2.0.0/26' },
  });
});

test('a path over an unreachable next hop is no other way, nor one that is lost', () => {
  const network = create();
  network.send(A, {
    kind: 'set-next-hops',
    nextHops: [{ address: address(C), reachable: false, metric: 0 }],
  });
  network.run();
  expect(solely(network, B, C)).toEqual({ [B]: { prefixes: 2, example: '10.1.0.0/26' } });
});

test('of a cluster: what every usable path has passed through it', () => {
  const network = new Network();
  const client = { passive: true, routeReflectorClient: true };
  network.add(speaker(B, 1, [peer(A, 1, client), peer(C, 1, client)], { clusterId: address('9.9.9.9') }));
  network.add(speaker(A, 1, [peer(B, 1), peer(C, 1)]));
  network.add(speaker(C, 1, [peer(B, 1), peer(A, 1, { passive: true })]));
  originate(network, A);
  originate(network, B, '10.2.0.0/26');
  originate(network, C, '10.3.0.0/26');
  network.advance(10_000);
  const ofCluster = (cluster: string, ...members: string[]) =>
    network.node(A).speaker.soleRoutesOfCluster(address(cluster), members.map(address));
  expect(ofCluster('9.9.9.9')).toBeUndefined();
  network.send(A, { kind: 'configure', config: speaker(A, 1, [peer(B, 1)]) });
  network.advance(10_000);
  expect(ofCluster('9.9.9.9')).toEqual({ prefixes: 1, example: '10.3.0.0/26' });
  expect(ofCluster('8.8.8.8')).toBeUndefined();
  expect(ofCluster('8.8.8.8', B)).toEqual({ prefixes: 1, example: '10.3.0.0/26' });
});

test('a stranger has no routes', () => {
  expect(solely(create(), '10.0.0.99')).toEqual({});
});
