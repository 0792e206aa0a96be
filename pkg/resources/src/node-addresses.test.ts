import { describe, expect, it } from 'vitest';
import {
  nodeAddress,
  nodeAddresses,
  nodeInterfaceAddress,
  nodeInterfaceAddresses,
} from './node-addresses.ts';

const both = { spec: { bgp: { ipv6Address: 'fd00::1/64', ipv4Address: '10.0.0.1/24' } } };

describe('the addresses of a Node', () => {
  it('are those of spec.bgp without the length of their subnet, IPv4 first', () => {
    expect(nodeAddresses(both)).toEqual(['10.0.0.1', 'fd00::1']);
    expect([nodeAddress(both, 4), nodeAddress(both, 6)]).toEqual(['10.0.0.1', 'fd00::1']);
  });

  it('have their subnet where it is asked for', () => {
    expect(nodeInterfaceAddresses(both)).toEqual([
      { address: '10.0.0.1', prefixLength: 24, prefix: '10.0.0.0/24' },
      { address: 'fd00::1', prefixLength: 64, prefix: 'fd00::/64' },
    ]);
  });

  it.each([
    ['has no BGP', {}],
    ['has a cluster ID alone', { bgp: { routeReflectorClusterID: '10.9.9.9' } }],
  ])('are none where it %s', (_, spec) => {
    const node = { spec } as Parameters<typeof nodeAddresses>[0];
    expect([...nodeAddresses(node), ...nodeInterfaceAddresses(node)]).toEqual([]);
  });

  it('are known without their subnet where no length is named', () => {
    const node = { spec: { bgp: { ipv4Address: '10.0.0.1' } } };
    expect(nodeAddresses(node)).toEqual(['10.0.0.1']);
    expect(nodeInterfaceAddress(node, 4)).toBeUndefined();
  });
});
