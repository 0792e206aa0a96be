import { address, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { facts } from '../test/fixtures.ts';
import type { LocalFacts, UnderlayRoute } from './local-facts.ts';
import { nextHopStatus, nextHopTable } from './next-hop.ts';

const route = (destination: string, rest: Partial<UnderlayRoute> = {}): UnderlayRoute => ({
  destination: prefix(destination),
  metric: 0,
  interface: 'eth0',
  ...rest,
});

const withRoutes = (...routes: readonly UnderlayRoute[]): LocalFacts => ({
  interfaces: [...facts.interfaces, { name: 'eth1', up: true, running: true, mtuBytes: 1500, addresses: [] }],
  routes: [...facts.routes, ...routes],
});

const withEth0 = (changes: { readonly up?: boolean; readonly running?: boolean }): LocalFacts => ({
  ...withRoutes(route('0.0.0.0/0', { gateway: address('10.5.0.254'), interface: 'eth1', metric: 500 })),
  interfaces: [
    ...facts.interfaces.map((item) => (item.name === 'eth0' ? { ...item, ...changes } : item)),
    { name: 'eth1', up: true, running: true, mtuBytes: 1500, addresses: [] },
  ],
});

describe('the way to a next hop', () => {
  const cases: readonly {
    readonly name: string;
    readonly facts?: LocalFacts;
    readonly to: string;
    readonly expected: string;
    readonly reason: string;
  }[] = [
    {
      name: 'on a connected subnet is the next hop itself',
      to: '10.0.0.2',
      expected: 'via 10.0.0.2 dev eth0 cost 0',
      reason: '10.0.0.2 is on eth0 (10.0.0.0/24)',
    },
    {
      name: 'on a connected subnet, IPv6',
      to: 'fd00::2',
      expected: 'via fd00::2 dev eth0 cost 256',
      reason: 'fd00::2 is on eth0 (fd00::/64)',
    },
    {
      name: 'behind a router is that router',
      to: '192.0.2.7',
      expected: 'via 10.0.0.254 dev eth0 cost 100',
      reason: '192.0.2.7 is behind 10.0.0.254 on eth0 (0.0.0.0/0)',
    },
    {
      name: 'is the most specific one',
      facts: withRoutes(route('192.0.2.0/24', { gateway: address('10.0.0.253'), metric: 900 })),
      to: '192.0.2.7',
      expected: 'via 10.0.0.253 dev eth0 cost 900',
      reason: '192.0.2.7 is behind 10.0.0.253 on eth0 (192.0.2.0/24)',
    },
    {
      name: 'of several to one prefix is the one with the least metric',
      facts: withRoutes(
        route('192.0.2.0/24', { gateway: address('10.0.0.252'), metric: 20 }),
        route('192.0.2.0/24', { gateway: address('10.0.0.253'), metric: 10 }),
      ),
      to: '192.0.2.7',
      expected: 'via 10.0.0.253 dev eth0 cost 10',
      reason: '192.0.2.7 is behind 10.0.0.253 on eth0 (192.0.2.0/24)',
    },
    {
      name: 'keeps onlink, which its gateway needs',
      facts: withRoutes(route('192.0.2.0/24', { gateway: address('198.51.100.1'), onlink: true })),
      to: '192.0.2.7',
      expected: 'via 198.51.100.1 dev eth0 onlink cost 0',
      reason: '192.0.2.7 is behind 198.51.100.1 on eth0 (192.0.2.0/24)',
    },
    {
      name: 'is not where we are',
      to: '10.0.0.1',
      expected: 'none',
      reason: '10.0.0.1 is an address of this node, on eth0',
    },
    { name: 'can be missing', to: '2001:db8::1', expected: 'none', reason: 'no route to 2001:db8::1' },
    {
      name: 'ends at a route that drops packets, whatever else there is',
      facts: withRoutes({ destination: prefix('192.0.2.0/24'), metric: 0 }),
      to: '192.0.2.7',
      expected: 'none',
      reason: 'the route to 192.0.2.0/24 drops packets',
    },
    {
      name: 'leads past an interface that is down',
      facts: withEth0({ up: false }),
      to: '10.0.0.2',
      expected: 'via 10.5.0.254 dev eth1 cost 500',
      reason: '10.0.0.2 is behind 10.5.0.254 on eth1 (0.0.0.0/0)',
    },
    {
      name: 'leads past an interface without carrier',
      facts: withEth0({ running: false }),
      to: '10.0.0.2',
      expected: 'via 10.5.0.254 dev eth1 cost 500',
      reason: '10.0.0.2 is behind 10.5.0.254 on eth1 (0.0.0.0/0)',
    },
    {
      name: 'names the interface that is down when there is no other way',
      facts: { ...withEth0({ running: false }), routes: facts.routes },
      to: '10.0.0.2',
      expected: 'none',
      reason: 'the way to 10.0.0.2 is 10.0.0.0/24 and eth0 has no carrier',
    },
    {
      name: 'does not lead out of an interface that is not there',
      facts: withRoutes(route('192.0.2.0/24', { interface: 'eth9' })),
      to: '192.0.2.7',
      expected: 'via 10.0.0.254 dev eth0 cost 100',
      reason: '192.0.2.7 is behind 10.0.0.254 on eth0 (0.0.0.0/0)',
    },
  ];
  it.each(cases)('$name', ({ facts: given = facts, to, expected, reason }) => {
    const status = nextHopStatus(address(to), nextHopTable(given));
    const found = status.reachable
      ? `via ${status.via.gateway} dev ${status.via.interface}${status.via.onlink ? ' onlink' : ''} cost ${status.metric}`
      : 'none';
    expect([found, status.reason]).toEqual([expected, reason]);
  });
});
