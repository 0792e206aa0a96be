import type { BGPPeer } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { node, workload } from '../../test/cluster.ts';
import { failuresOf } from '../failure.ts';
import { type Names, readFrom, readTarget } from './target.ts';

const tor = {
  apiVersion: 'projectcalico.org/v3',
  kind: 'BGPPeer',
  metadata: { name: 'tor' },
  spec: { peerIP: '10.0.0.254:1179' },
} as BGPPeer;

const web = workload('web', 'n1', '10.1.0.5', 'fd00::5');
const names: Names = {
  nodes: [node('n1', { bgp: { ipv4Address: '10.0.0.1/24', ipv6Address: 'fd01::1/64' } }), node('both')],
  pools: [],
  blocks: [],
  affinities: [],
  workloads: [
    web,
    workload('both', 'n1', '10.1.0.6'),
    workload('twice', 'n1', '10.1.0.7'),
    { ...workload('twice', 'n1', '10.1.0.8'), metadata: { name: 'twice', namespace: 'other' } },
  ],
  bgpPeers: [tor],
};

describe('what a word means', () => {
  test.each([
    ['10.1.0.5', { kind: 'destination', destinations: ['10.1.0.5/32'] }],
    ['10.1.0.0/26', { kind: 'destination', destinations: ['10.1.0.0/26'] }],
    ['fd00::/64', { kind: 'destination', destinations: ['fd00::/64'] }],
    ['10.0.0.1', { kind: 'peer', peers: ['10.0.0.1'], node: 'n1' }],
    ['10.0.0.254', { kind: 'peer', peers: ['10.0.0.254'] }],
    ['n1', { kind: 'peer', peers: ['10.0.0.1', 'fd01::1'], node: 'n1' }],
    ['web', { kind: 'destination', destinations: ['10.1.0.5/32', 'fd00::5/128'], pod: web }],
    ['default/web', { kind: 'destination', destinations: ['10.1.0.5/32', 'fd00::5/128'], pod: web }],
    ['other/twice', { kind: 'destination', destinations: ['10.1.0.8/32'] }],
  ])('%s', (text, target) => {
    expect(readTarget(text, names)).toMatchObject(target);
  });

  test.each([
    [
      'both',
      'both is a node, and a pod as well',
      'For the pod write default/both, for the node its address.',
    ],
    ['twice', 'There are 2 pods of that name', 'Write one of default/twice, other/twice.'],
    ['10.1.0.5/26', 'That is not a prefix', 'Give an address, or the network of a prefix.'],
    ['wed', 'It is no address, no prefix, no node and no pod that has an endpoint', 'Did you mean web?'],
  ])('%s is not clear, and it is said why', (text, what, hint) => {
    const failure = thrownBy(() => readTarget(text, names));
    expect(failure).toMatchObject({ what, hint: expect.stringContaining(hint) });
  });
});

describe('where it is seen from', () => {
  test('a node, a reflector that answered, or the node of a pod', () => {
    expect(readFrom('n1', names, [])).toEqual({ node: 'n1' });
    expect(readFrom('rr', names, ['rr'])).toEqual({ node: 'rr' });
    expect(readFrom('web', names, [])).toEqual({ node: 'n1', pod: web });
  });

  test('nothing else', () => {
    expect(thrownBy(() => readFrom('n2', names, []))).toMatchObject({ hint: 'Nodes are n1, both.' });
    expect(thrownBy(() => readFrom('twice', names, []))).toMatchObject({
      hint: 'Write NAMESPACE/POD, or the node.',
    });
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return failuresOf(error)[0];
  }
  throw new Error('nothing was thrown');
}
