import { address, prefix } from '@weft/ip';
import type { BestPath } from 'bgp-speaker-ts';
import { describe, expect, it } from 'vitest';
import { affinity, facts, inputOf, node, pool, resource } from '../test/fixtures.ts';
import { calculate } from './calculate.ts';
import type { CalcInput } from './input.ts';
import { nextHopStates, type RoutingContext, remoteRoute, routingContext } from './remote-route.ts';

const nodes = [node('node1', { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64' })];

function contextOf(given: Partial<CalcInput> = {}): RoutingContext {
  const input = inputOf({ nodes, ...given });
  return routingContext(input, calculate(input));
}

const path = (nextHops: readonly string[], changes: Partial<BestPath> = {}): BestPath => ({
  source: 'internal',
  peer: address('10.0.0.2'),
  nextHops: nextHops.map((text) => ({ address: address(text) })),
  localPref: 2_147_482_623,
  stale: false,
  ...changes,
});

const learned = 'learned from 10.0.0.2 (iBGP, LOCAL_PREF 2147482623)';

describe('the route for a best path', () => {
  const cases: readonly {
    readonly name: string;
    readonly prefix: string;
    readonly path: BestPath;
    readonly given?: Partial<CalcInput>;
    readonly expected: string;
    readonly reason: string;
  }[] = [
    {
      name: 'of another node in this subnet',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.2']),
      expected: '10.1.0.64/26 10.0.0.2@eth0 metric 1024',
      reason: `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24)`,
    },
    {
      name: 'of a node behind a router',
      prefix: '10.1.0.64/26',
      path: path(['10.9.0.2']),
      expected: '10.1.0.64/26 10.0.0.254@eth0 metric 1024',
      reason: `${learned}; 10.9.0.2 is behind 10.0.0.254 on eth0 (0.0.0.0/0)`,
    },
    {
      name: 'over several ways, sorted',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.3', '10.0.0.2']),
      expected: '10.1.0.64/26 10.0.0.2@eth0 10.0.0.3@eth0 metric 1024',
      reason: `${learned}; 10.0.0.3 is on eth0 (10.0.0.0/24); 10.0.0.2 is on eth0 (10.0.0.0/24)`,
    },
    {
      name: 'over two next hops behind one router is one way',
      prefix: '10.1.0.64/26',
      path: path(['10.9.0.2', '10.9.0.3']),
      expected: '10.1.0.64/26 10.0.0.254@eth0 metric 1024',
      reason:
        `${learned}; 10.9.0.2 is behind 10.0.0.254 on eth0 (0.0.0.0/0); ` +
        '10.9.0.3 is behind 10.0.0.254 on eth0 (0.0.0.0/0)',
    },
    {
      name: 'over the ways that are left',
      prefix: 'fd00:1::40/122',
      path: path(['fd00::2', '2001:db8::1']),
      expected: 'fd00:1::40/122 fd00::2@eth0 metric 1024',
      reason: `${learned}; fd00::2 is on eth0 (fd00::/64); no route to 2001:db8::1`,
    },
    {
      name: 'with a better metric while a workload moves',
      prefix: '10.1.0.5/32',
      path: path(['10.0.0.2'], { localPref: 2_147_483_135 }),
      expected: '10.1.0.5/32 10.0.0.2@eth0 metric 512',
      reason: 'learned from 10.0.0.2 (iBGP, LOCAL_PREF 2147483135); 10.0.0.2 is on eth0 (10.0.0.0/24)',
    },
    {
      name: 'without a LOCAL_PREF of its own loses to every node: a default route of a ToR',
      prefix: '0.0.0.0/0',
      path: path(['10.0.0.254'], { source: 'external', peer: address('10.0.0.254'), localPref: 100 }),
      expected: '0.0.0.0/0 10.0.0.254@eth0 metric 2147483547',
      reason: 'learned from 10.0.0.254 (eBGP, LOCAL_PREF 100); 10.0.0.254 is on eth0 (10.0.0.0/24)',
    },
    {
      name: 'with a LOCAL_PREF beyond the scale has metric 1',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.2'], { localPref: 4_294_967_295 }),
      expected: '10.1.0.64/26 10.0.0.2@eth0 metric 1',
      reason: 'learned from 10.0.0.2 (iBGP, LOCAL_PREF 4294967295); 10.0.0.2 is on eth0 (10.0.0.0/24)',
    },
    {
      name: 'that is stale is kept, and says so',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.2'], { stale: true }),
      expected: '10.1.0.64/26 10.0.0.2@eth0 metric 1024',
      reason: `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24); stale: 10.0.0.2 is restarting`,
    },
    {
      name: 'of IPv4 over an IPv6 next hop (RFC 8950)',
      prefix: '10.1.0.64/26',
      path: path(['fd00::2']),
      expected: '10.1.0.64/26 fd00::2@eth0 metric 1024',
      reason: `${learned}; fd00::2 is on eth0 (fd00::/64)`,
    },
    {
      name: 'to a borrowed address inside an own block is taken: it is more specific',
      prefix: '10.1.0.5/32',
      path: path(['10.0.0.2']),
      given: { blockAffinities: [affinity('node1', '10.1.0.0/26')] },
      expected: '10.1.0.5/32 10.0.0.2@eth0 metric 1024',
      reason: `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24)`,
    },
    {
      name: 'to a block whose claim is pending here is taken',
      prefix: '10.1.0.0/26',
      path: path(['10.0.0.2']),
      given: { blockAffinities: [affinity('node1', '10.1.0.0/26', { state: 'pending' })] },
      expected: '10.1.0.0/26 10.0.0.2@eth0 metric 1024',
      reason: `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24)`,
    },
    {
      name: 'to an own block is not',
      prefix: '10.1.0.0/26',
      path: path(['10.0.0.2']),
      given: { blockAffinities: [affinity('node1', '10.1.0.0/26')] },
      expected: 'none',
      reason: 'it is a block of this node, whatever 10.0.0.2 says',
    },
    {
      name: 'of this node is not',
      prefix: '10.1.0.0/26',
      path: path([], { source: 'local', peer: undefined }),
      expected: 'none',
      reason: 'this node originates it',
    },
    {
      name: 'over a next hop that is not reachable is not',
      prefix: 'fd00:1::40/122',
      path: path(['2001:db8::1']),
      expected: 'none',
      reason: 'unreachable next hop: no route to 2001:db8::1',
    },
    {
      name: 'over a link-local next hop is not: on which link?',
      prefix: 'fd00:1::40/122',
      path: path(['fe80::1']),
      expected: 'none',
      reason: 'unreachable next hop: fe80::1 is link-local, and no session says on which link',
    },
    {
      name: 'of a pool with VXLAN across subnets: within the subnet there is nothing to say',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.2']),
      given: { pools: [pool('pods', '10.1.0.0/16', { vxlanMode: 'CrossSubnet' })] },
      expected: '10.1.0.64/26 10.0.0.2@eth0 metric 1024',
      reason: `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24)`,
    },
    {
      name: 'of a pool with VXLAN across subnets, while the other node has no tunnel yet',
      prefix: '10.1.0.64/26',
      path: path(['10.9.0.2']),
      given: {
        nodes: [...nodes, node('node2', { ipv4: '10.9.0.2/24' })],
        pools: [pool('pods', '10.1.0.0/16', { vxlanMode: 'CrossSubnet' })],
        places: [{ prefix: prefix('10.1.0.64/26'), nodeName: 'node2' }],
      },
      expected: '10.1.0.64/26 10.0.0.254@eth0 metric 1024',
      reason:
        `${learned}; 10.9.0.2 is behind 10.0.0.254 on eth0 (0.0.0.0/0); ` +
        'IPPool pods (VXLAN CrossSubnet): waits for vxlan.calico to be up: routed without',
    },
    {
      name: 'of a pool with IPIP always, where the kernel has no IPIP',
      prefix: '10.1.0.64/26',
      path: path(['10.0.0.2']),
      given: {
        nodes: [...nodes, node('node2', { ipv4: '10.0.0.2/24' })],
        pools: [pool('pods', '10.1.0.0/16', { ipipMode: 'Always' })],
        places: [{ prefix: prefix('10.1.0.64/26'), nodeName: 'node2' }],
      },
      expected: '10.1.0.64/26 10.0.0.2@eth0 metric 1024',
      reason:
        `${learned}; 10.0.0.2 is on eth0 (10.0.0.0/24); ` +
        'IPPool pods (IPIP Always): waits for tunl0 to be up: routed without',
    },
  ];
  it.each(cases)('$name', ({ prefix: text, path: best, given = {}, expected, reason }) => {
    const outcome = remoteRoute(prefix(text), best, contextOf(given));
    if (outcome.kind === 'rejected') expect(['none', outcome.reason]).toEqual([expected, reason]);
    else {
      const { destination, via, metric } = outcome.route;
      const ways = via.map((hop) => `${hop.gateway}@${hop.interface}`).join(' ');
      expect([`${destination} ${ways} metric ${metric}`, outcome.route.reason]).toEqual([expected, reason]);
      expect(outcome.route).toMatchObject({ type: 'unicast', class: 'no-encap' });
    }
  });

  it('resolves through the gateway of a peer, which is a route of weft', () => {
    const tor = resource('BGPPeer', 'tor', {
      peerIP: '192.0.2.1',
      asNumber: 65000,
      reachableBy: '10.0.0.250',
    });
    const context = contextOf({ bgpPeers: [tor], facts: { ...facts, routes: facts.routes.slice(0, 2) } });
    const outcome = remoteRoute(prefix('0.0.0.0/0'), path(['192.0.2.1']), context);
    expect(outcome).toMatchObject({ route: { via: [{ gateway: '10.0.0.250', interface: 'eth0' }] } });
  });
});

describe('next hops as the speaker wants them', () => {
  it('have a cost and an interface, or are not reachable', () => {
    const addresses = ['10.0.0.2', '10.9.0.2', '2001:db8::1', 'fe80::1'].map(address);
    expect(nextHopStates(addresses, contextOf())).toEqual([
      { address: '10.0.0.2', reachable: true, metric: 0, interface: 'eth0' },
      { address: '10.9.0.2', reachable: true, metric: 100, interface: 'eth0' },
      { address: '2001:db8::1', reachable: false, metric: 0 },
      { address: 'fe80::1', reachable: false, metric: 0 },
    ]);
  });
});
