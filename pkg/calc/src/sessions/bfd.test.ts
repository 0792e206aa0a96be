import type { PeerConfig } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { inputOf, type NodeOptions, node, resource } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';

const FAST = { 'weft.dev/bfd': '300ms x 3' };
const TIMERS = { minTransmitIntervalMs: 300, minReceiveIntervalMs: 300, multiplier: 3 };

interface Scene {
  readonly nodes: Record<string, NodeOptions>;
  /** BGPPeers by name, all with the annotation. */
  readonly peers?: Record<string, Record<string, unknown>>;
  readonly mesh?: Record<string, string>;
  readonly text?: string;
}

function stateOf(own: string, { nodes, peers = {}, mesh, text = '300ms x 3' }: Scene) {
  return calculate(
    inputOf({
      nodeName: own,
      nodes: Object.entries(nodes).map(([name, options]) => node(name, options)),
      bgpPeers: Object.entries(peers).map(([name, spec]) => {
        const made = resource('BGPPeer', name, spec);
        return { ...made, metadata: { ...made.metadata, annotations: { 'weft.dev/bfd': text } } };
      }),
      bgpConfigurations: [
        resource(
          'BGPConfiguration',
          'default',
          { nodeToNodeMeshEnabled: mesh !== undefined },
          { annotations: mesh ?? {} },
        ),
      ],
    }),
  );
}

/** BFD of the only peer of a node. */
function bfdOf(own: string, scene: Scene): PeerConfig['bfd'] {
  const { speaker } = stateOf(own, scene);
  if (speaker.kind === 'no-bgp') throw new Error(speaker.reason);
  expect(speaker.config.peers).toHaveLength(1);
  return speaker.config.peers[0]?.bfd;
}

describe('BFD over one hop or several, the same at both ends', () => {
  const rows: readonly { name: string; left: NodeOptions; right: NodeOptions; multihop: boolean }[] = [
    { name: 'one subnet', left: { ipv4: '10.0.0.1/24' }, right: { ipv4: '10.0.0.2/24' }, multihop: false },
    { name: 'two subnets', left: { ipv4: '10.0.0.1/24' }, right: { ipv4: '10.0.1.2/24' }, multihop: true },
    { name: 'one sees less', left: { ipv4: '10.0.0.1/16' }, right: { ipv4: '10.0.1.2/24' }, multihop: true },
    { name: 'host addresses', left: { ipv4: '10.0.0.1/32' }, right: { ipv4: '10.0.0.2/32' }, multihop: true },
    { name: 'bare addresses', left: { ipv4: '10.0.0.1' }, right: { ipv4: '10.0.0.2' }, multihop: true },
    { name: 'IPv6', left: { ipv6: 'fd00::1/64' }, right: { ipv6: 'fd00::2/64' }, multihop: false },
  ];
  it.each(rows)('the mesh: $name', ({ left, right, multihop }) => {
    const scene = { nodes: { left, right }, mesh: FAST };
    expect(bfdOf('left', scene)).toEqual({ ...TIMERS, multihop });
    expect(bfdOf('right', scene)).toEqual({ ...TIMERS, multihop });
  });

  it('a peerSelector, and the way back', () => {
    const scene = {
      nodes: {
        left: { ipv4: '10.0.0.1/24', labels: { role: 'leaf' } },
        right: { ipv4: '10.0.0.2/24', labels: { role: 'reflector' } },
      },
      peers: { reflectors: { nodeSelector: "role == 'leaf'", peerSelector: "role == 'reflector'" } },
    };
    expect(bfdOf('left', scene)).toEqual({ ...TIMERS, multihop: false });
    expect(bfdOf('right', scene)).toEqual({ ...TIMERS, multihop: false });
  });
});

describe('BFD with a peer that is no node', () => {
  const nodes = { left: { ipv4: '10.0.0.1/24' } };
  it.each([
    ['in the subnet', { peerIP: '10.0.0.254' }, false],
    ['behind a router', { peerIP: '10.9.0.254' }, true],
    ['in the subnet, but several hops by ttlSecurity', { peerIP: '10.0.0.254', ttlSecurity: 2 }, true],
    ['anywhere, one hop by ttlSecurity', { peerIP: '10.9.0.254', ttlSecurity: 1 }, false],
  ])('%s', (_, spec, multihop) => {
    expect(bfdOf('left', { nodes, peers: { tor: { ...spec, asNumber: 65000 } } })).toEqual({
      ...TIMERS,
      multihop,
    });
  });

  it('is said in the decision', () => {
    const peers = { tor: { peerIP: '10.0.0.254', asNumber: 65000 } };
    expect(stateOf('left', { nodes, peers }).sessions.map(({ reason }) => reason)).toEqual([
      'BGPPeer tor names it; both ends open; BFD over one hop',
    ]);
    expect(stateOf('left', { nodes, peers, text: 'fast' }).sessions.map(({ reason }) => reason)).toEqual([
      'BGPPeer tor names it; both ends open; ' +
        'without BFD, as weft.dev/bfd "fast" is not an interval and a multiplier like 300ms x 3',
    ]);
    expect(bfdOf('left', { nodes, peers, text: 'fast' })).toBeUndefined();
  });
});

it('a mesh without the annotation has no BFD', () => {
  const nodes = { left: { ipv4: '10.0.0.1/24' }, right: { ipv4: '10.0.0.2/24' } };
  expect(bfdOf('left', { nodes, mesh: {} })).toBeUndefined();
});
