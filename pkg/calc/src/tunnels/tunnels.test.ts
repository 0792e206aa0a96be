import { address, prefix } from '@weft/ip';
import type { Node } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { facts, inputOf, node, pool } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';
import type { DesiredRoute } from '../desired-route.ts';
import { DEFAULT_FELIX_SETTINGS } from '../felix-settings.ts';
import type { CalcInput } from '../input.ts';
import type { LocalInterface } from '../local-facts.ts';
import { remoteRoute, routingContext } from '../remote-route.ts';
import type { DesiredTunnel } from './tunnels.ts';

/** A node with addresses of both families and, where given, of its tunnels. */
function member(name: string, number: number, subnet: number, tunnels: Partial<Node['spec']> = {}): Node {
  const made = node(name, {
    ipv4: `10.0.${subnet}.${number}/24`,
    ipv6: subnet === 0 ? `fd00::${number}/64` : `fd00:${subnet}::${number}/64`,
  });
  return { ...made, spec: { ...made.spec, ...tunnels } };
}

const vtep = (number: number): Partial<Node['spec']> => ({
  ipv4VXLANTunnelAddr: address(`10.1.${number}.0`),
  ipv6VXLANTunnelAddr: address(`fd00:99::${number}:0`),
});

const nodes = [
  member('node1', 1, 0, vtep(1)),
  member('node2', 2, 0, vtep(2)),
  member('node3', 1, 9, vtep(3)),
  member('node4', 2, 9),
];

const places = [1, 2, 3, 4].flatMap((number) => [
  { prefix: prefix(`10.1.${number}.0/26`), nodeName: `node${number}` },
  { prefix: prefix(`fd00:99::${number}:0/122`), nodeName: `node${number}` },
]);

const tunnelUp = (name: string) => ({ name, up: true, running: true, mtuBytes: 1450, addresses: [] });

const [lo, eth0] = facts.interfaces as [LocalInterface, LocalInterface];
const withTunnels = {
  ...facts,
  interfaces: [lo, eth0, ...['vxlan.calico', 'vxlan-v6.calico', 'tunl0'].map(tunnelUp)],
};

function input(pools: CalcInput['pools'], changes: Partial<CalcInput> = {}): CalcInput {
  return inputOf({ nodes, pools, places, facts: withTunnels, ...changes });
}

const isOfTunnels = ({ class: name }: DesiredRoute): boolean =>
  ['tunnel-address', 'same-subnet', 'vxlan', 'ipip'].includes(name);

function routes(given: CalcInput): string[] {
  return calculate(given)
    .routes.filter(isOfTunnels)
    .map(({ class: name, destination, via }) => {
      const [hop] = via;
      return `${destination} ${name} ${hop?.gateway ?? ''}@${hop?.interface}${hop?.onlink ? ' onlink' : ''}`;
    });
}

function leftOut(given: CalcInput): string[] {
  return calculate(given).unencapsulated.map((item) => `${item.prefix}: ${item.reason}`);
}

const v4 = (modes: object) => [pool('pods', '10.1.0.0/16', { ...modes })];
const v6 = (modes: object) => [pool('pods6', 'fd00:99::/64', { ...modes })];

describe('blocks nobody has read yet', () => {
  const pools = [...v4({ vxlanMode: 'Always' }), pool('plain', '10.2.0.0/16', {})];
  const given = input([...pools, ...v6({ vxlanMode: 'Always' })], { places: undefined });

  it('are not taken for none: of a whole pool nothing is decided, and the reason says so', () => {
    const reason = (name: string) =>
      `IPPool ${name} (VXLAN Always): its blocks were not read yet, and what the kernel has stays`;
    expect(leftOut(given)).toEqual([`10.1.0.0/16: ${reason('pods')}`, `fd00:99::/64: ${reason('pods6')}`]);
    expect(routes(given)).toEqual([
      'fd00:99::2:0/128 tunnel-address @vxlan-v6.calico',
      'fd00:99::3:0/128 tunnel-address @vxlan-v6.calico',
    ]);
    expect(calculate(given).tunnels.map(({ name }) => name)).toEqual(['vxlan.calico', 'vxlan-v6.calico']);
  });

  it.each([
    ['of a block of the pool', '10.1.2.0/26', 'rejected'],
    ['of one address of it', '10.1.2.7/32', 'rejected'],
    ['of a pool without tunnels', '10.2.2.0/26', 'route'],
    ['of what is in no pool', '10.3.0.0/16', 'route'],
    ['of what is wider than the pool', '10.0.0.0/8', 'route'],
  ])('leave room for routes of an earlier weftd: a path %s (%s): %s', (_, text, kind) => {
    const path = {
      source: 'internal',
      peer: address('10.0.0.2'),
      nextHops: [{ address: address('10.0.0.2') }],
      localPref: 100,
      stale: false,
    } as const;
    expect(remoteRoute(prefix(text), path, routingContext(given, calculate(given))).kind).toBe(kind);
  });
});

describe('a pool', () => {
  it.each<[string, CalcInput['pools'], string[]]>([
    ['that asks for nothing has no routes from IPAM', v4({}), []],
    [
      'with VXLAN Always has every block behind the tunnel',
      v4({ vxlanMode: 'Always' }),
      ['10.1.2.0/26 vxlan 10.1.2.0@vxlan.calico onlink', '10.1.3.0/26 vxlan 10.1.3.0@vxlan.calico onlink'],
    ],
    [
      'with VXLAN CrossSubnet goes straight to nodes of the same subnet',
      v4({ vxlanMode: 'CrossSubnet' }),
      ['10.1.2.0/26 same-subnet 10.0.0.2@eth0 onlink', '10.1.3.0/26 vxlan 10.1.3.0@vxlan.calico onlink'],
    ],
    [
      'with VXLAN over IPv6 has a device of its own',
      v6({ vxlanMode: 'Always' }),
      [
        'fd00:99::2:0/128 tunnel-address @vxlan-v6.calico',
        'fd00:99::3:0/128 tunnel-address @vxlan-v6.calico',
        'fd00:99::2:0/122 vxlan fd00:99::2:0@vxlan-v6.calico onlink',
        'fd00:99::3:0/122 vxlan fd00:99::3:0@vxlan-v6.calico onlink',
      ],
    ],
    [
      'with IPIP Always has every block behind tunl0, the node being the next hop',
      v4({ ipipMode: 'Always' }),
      ['10.1.2.0/26 ipip 10.0.0.2@tunl0 onlink'],
    ],
    [
      'with IPIP CrossSubnet goes straight to nodes of the same subnet',
      v4({ ipipMode: 'CrossSubnet' }),
      ['10.1.2.0/26 same-subnet 10.0.0.2@eth0 onlink', '10.1.4.0/26 same-subnet 10.0.0.4@eth0 onlink'],
    ],
  ])('%s', (_, pools, expected) => {
    const given = input(pools);
    const isIpip = pools.some(({ spec }) => spec.ipipMode !== 'Never');
    const ipipNodes = [
      ...given.nodes.slice(0, 1),
      node('node2', { ipv4: '10.0.0.2/24' }),
      node('node4', { ipv4: '10.0.0.4/24' }),
    ].map((item) => {
      const { bgp } = item.spec;
      const isNode2 = item.metadata.name === 'node2';
      return isNode2 ? { ...item, spec: { bgp: { ...bgp, ipv4IPIPTunnelAddr: address('10.1.2.0') } } } : item;
    }) as Node[];
    expect(routes(isIpip ? { ...given, nodes: ipipNodes } : given)).toEqual(expected);
  });

  it('says of each block without a route of its kind what is missing', () => {
    expect(leftOut(input(v4({ vxlanMode: 'Always' })))).toEqual([
      '10.1.4.0/26: IPPool pods (VXLAN Always): Node node4 tells no address of its vxlan.calico yet',
    ]);
    expect(leftOut(input(v4({ vxlanMode: 'Always' }), { facts }))).toContain(
      '10.1.2.0/26: IPPool pods (VXLAN Always): waits for vxlan.calico to be up',
    );
    const gone = [...places, { prefix: prefix('10.1.7.0/26'), nodeName: 'node7' }];
    expect(leftOut(input(v4({ vxlanMode: 'Always' }), { places: gone }))).toContain(
      '10.1.7.0/26: IPPool pods (VXLAN Always): there is no Node node7',
    );
  });

  it('sends a borrowed address to its borrower, even out of an own block', () => {
    const borrowed = [...places, { prefix: prefix('10.1.1.9/32'), nodeName: 'node3' }];
    expect(routes(input(v4({ vxlanMode: 'Always' }), { places: borrowed }))).toContain(
      '10.1.1.9/32 vxlan 10.1.3.0@vxlan.calico onlink',
    );
  });

  it('has a route to a tunnel address that lies in no block of its node', () => {
    const given = places.filter((place) => place.nodeName !== 'node3');
    expect(routes(input(v4({ vxlanMode: 'Always' }), { places: given }))).toContain(
      '10.1.3.0/32 tunnel-address @vxlan.calico',
    );
  });

  it('has one datapath: what BGP says of its blocks is passed over, whatever its metric', () => {
    const given = input(v4({ vxlanMode: 'CrossSubnet' }));
    const context = routingContext(given, calculate(given));
    const path = {
      source: 'internal',
      peer: address('10.0.0.2'),
      nextHops: [{ address: address('10.0.0.2') }],
      localPref: 100,
      stale: false,
    } as const;
    expect(remoteRoute(prefix('10.1.2.0/26'), path, context)).toEqual({
      kind: 'rejected',
      reason: "IPPool pods (VXLAN CrossSubnet): node2 at 10.0.0.2 is in this node's subnet",
    });
    expect(remoteRoute(prefix('10.1.4.0/26'), path, context)).toMatchObject({
      kind: 'route',
      route: { reason: expect.stringMatching(/node4 tells no address.*: routed without$/) },
    });
  });
});

describe('the device of a tunnel', () => {
  const device = (given: CalcInput): DesiredTunnel | undefined => calculate(given).tunnels[0];

  it('is what Calico makes', () => {
    expect(device(input(v4({ vxlanMode: 'Always' })))).toEqual({
      kind: 'vxlan',
      family: 4,
      name: 'vxlan.calico',
      mtuBytes: 1450,
      address: '10.1.1.0',
      local: '10.0.0.1',
      parent: 'eth0',
      vxlan: { vni: 4096, port: 4789 },
      peers: [
        { nodeName: 'node2', remote: '10.0.0.2', address: '10.1.2.0' },
        { nodeName: 'node3', remote: '10.0.9.1', address: '10.1.3.0' },
      ],
      reason: 'IPPool pods asks for VXLAN; 10.0.0.1 is on eth0',
    });
  });

  it('is sent to by nodes, by hosts that FelixConfiguration names, and by nobody else', () => {
    const felix = { ...DEFAULT_FELIX_SETTINGS, externalNodes: [prefix('192.0.2.0/24')] };
    const pools = [...v4({ vxlanMode: 'Always' }), ...v6({ vxlanMode: 'Always' })];
    const senders = ['10.0.0.1/32', '10.0.0.2/32', '10.0.9.1/32', '10.0.9.2/32', '192.0.2.0/24'];
    expect(calculate(input(pools, { felix })).nat.tunnelSenders).toEqual([
      { family: 4, vni: 4096, port: 4789, prefixes: senders },
      {
        family: 6,
        vni: 4096,
        port: 4789,
        prefixes: ['fd00:9::1/128', 'fd00:9::2/128', 'fd00::1/128', 'fd00::2/128'],
      },
    ]);
  });

  describe('of a node whose address is on lo', () => {
    const routed = {
      ...withTunnels,
      interfaces: withTunnels.interfaces.map((one) => {
        if (one.name === 'lo') return { ...one, addresses: [...one.addresses, '10.0.0.1/32'] };
        return one.name === 'eth0' ? { ...one, addresses: ['10.5.0.1/24'] } : one;
      }),
      routes: facts.routes.map((route) => ({ ...route, gateway: address('10.5.0.254') })),
    };

    it('is above no interface, and as large as the ways to other nodes allow', () => {
      const made = device(input(v4({ vxlanMode: 'Always' }), { facts: routed }));
      expect(made).toMatchObject({ local: '10.0.0.1', mtuBytes: 1450 });
      expect(made).not.toHaveProperty('parent');
    });

    it('carries CrossSubnet blocks, too: nobody is a neighbour on lo', () => {
      expect(routes(input(v4({ vxlanMode: 'CrossSubnet' }), { facts: routed }))).toContain(
        '10.1.2.0/26 vxlan 10.1.2.0@vxlan.calico onlink',
      );
    });
  });

  it('is there before it has an address, so that others can be told of it', () => {
    const withoutTunnels = nodes.map((item) =>
      node(item.metadata.name, { ipv4: item.spec.bgp?.ipv4Address ?? '' }),
    );
    const made = device(input(v4({ vxlanMode: 'Always' }), { nodes: withoutTunnels }));
    expect(made).toMatchObject({ name: 'vxlan.calico', peers: [] });
    expect(made).not.toHaveProperty('address');
  });

  it('stays while a disabled pool has workloads, and is gone with the last pool', () => {
    expect(device(input(v4({ vxlanMode: 'Always', disabled: true })))?.name).toBe('vxlan.calico');
    expect(device(input(v4({})))).toBeUndefined();
  });

  it('does not depend on the order of anything', () => {
    const given = input([...v4({ vxlanMode: 'CrossSubnet' }), ...v6({ vxlanMode: 'Always' })]);
    const reversed = {
      ...given,
      nodes: given.nodes.toReversed(),
      pools: given.pools.toReversed(),
      places: places.toReversed(),
    };
    expect(JSON.stringify(calculate(reversed))).toBe(JSON.stringify(calculate(given)));
  });
});
