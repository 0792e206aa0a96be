import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inputOf, node, resource } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';

describe('both ends of a session', () => {
  const someNode = fc.record({
    ipv4: fc.integer({ min: 1, max: 120 }).map((last) => `10.0.0.${last}/24`),
    ipv6: fc.option(
      fc.integer({ min: 1, max: 0xffff }).map((last) => `fd00::${last.toString(16)}/64`),
      { nil: '' },
    ),
    asNumber: fc.constantFrom(0, 64512, 65001),
    calico: fc.boolean(),
    clusterId: fc.constantFrom('', '', '1.0.0.1', '1.0.0.2'),
    labels: fc.record({ rack: fc.constantFrom('a', 'b'), role: fc.constantFrom('reflector', 'worker') }),
  });
  const clusters = fc
    .uniqueArray(someNode, { minLength: 2, maxLength: 6, selector: ({ ipv4 }) => ipv4 })
    .map((nodes) =>
      nodes.map((options, index) => ({
        ...options,
        ipv6: options.ipv6 && `fd00::${index + 1}:${options.ipv4.split(/[./]/)[3]}/64`,
      })),
    );
  const bgpPeers = fc.subarray([
    resource('BGPPeer', 'reflectors', { nodeSelector: "rack == 'a'", peerSelector: "role == 'reflector'" }),
    resource('BGPPeer', 'among-b', { nodeSelector: "rack == 'b'", peerSelector: "rack == 'b'" }),
    resource('BGPPeer', 'everyone', { peerSelector: 'all()' }),
    resource('BGPPeer', 'first', {
      nodeSelector: "rack == 'a'",
      peerSelector: 'has(rack)',
      nextHopMode: 'Self',
    }),
  ]);

  it('agree on AS numbers, families and on which of them opens, whatever the cluster', () => {
    fc.assert(
      fc.property(clusters, bgpPeers, fc.boolean(), (options, peers, nodeToNodeMeshEnabled) => {
        const nodes = options.map((option, index) => node(`node${index}`, option));
        const first = nodes[0]?.spec.bgp;
        const toFirst = { peerIP: first?.ipv4Address?.split('/')[0], asNumber: first?.asNumber ?? 64512 };
        const input = inputOf({
          nodes,
          bgpPeers: [...peers, ...(peers.length > 2 ? [resource('BGPPeer', 'to-the-first', toFirst)] : [])],
          bgpConfigurations: [resource('BGPConfiguration', 'default', { nodeToNodeMeshEnabled })],
        });
        const configs = new Map(
          nodes.map((item) => {
            const { speaker } = calculate({ ...input, nodeName: item.metadata.name });
            if (speaker.kind === 'no-bgp') throw new Error(speaker.reason);
            return [item, speaker.config] as const;
          }),
        );
        for (const config of configs.values())
          for (const peer of config.peers) {
            const there = nodes.find(({ spec }) =>
              [spec.bgp?.ipv4Address, spec.bgp?.ipv6Address].some(
                (text) => text?.split('/')[0] === peer.address,
              ),
            );
            const other = there && configs.get(there);
            const back = other?.peers.find(({ address: at }) => at === peer.localAddress);
            expect(back, `the way back from ${peer.address} to ${peer.localAddress}`).toBeDefined();
            expect(back?.families).toEqual(peer.families);
            expect([back?.asn, other?.asn]).toEqual([config.asn, peer.asn]);
            expect([back?.passive, peer.passive].sort()).toEqual([false, true]);
          }
      }),
      { numRuns: 200 },
    );
  });
});
