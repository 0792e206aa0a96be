import { address, prefix } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import type { Route } from './kernel.ts';
import { normalizeRoute, routeKey, routeSatisfies } from './route.ts';

const ipv4: Route = {
  table: 254,
  destination: prefix('10.1.0.0/26'),
  metric: 0,
  type: 'unicast',
  protocol: 119,
  scope: 'global',
  nextHops: [{ gateway: address('10.0.0.2') }, { gateway: address('10.0.0.3'), interfaceIndex: 3 }],
};
const ipv6: Route = {
  ...ipv4,
  destination: prefix('fd01::/64'),
  scope: 'link',
  nextHops: [{ interfaceIndex: 3 }],
};

describe('the spelling of the kernel', () => {
  it('leaves an IPv4 route as it is', () => {
    expect(normalizeRoute(ipv4)).toBe(ipv4);
  });

  it('knows no metric 0 and no scope in IPv6', () => {
    expect(normalizeRoute(ipv6)).toEqual({ ...ipv6, metric: 1024, scope: 'global' });
    expect(routeKey(ipv6)).toBe('254 fd01::/64 1024');
  });

  it.each(['blackhole', 'unreachable', 'prohibit', 'throw'] as const)('shows no next hop for %s', (type) => {
    expect(normalizeRoute({ ...ipv4, type }).nextHops).toEqual([]);
  });
});

describe('a route in the kernel satisfies the wanted one', () => {
  const actual: Route = {
    ...ipv4,
    nextHops: [
      { gateway: address('10.0.0.3'), interfaceIndex: 3 },
      { gateway: address('10.0.0.2'), interfaceIndex: 2 },
    ],
    preferredSource: address('10.0.0.1'),
  };

  it('with interfaces and a preferred source filled in, and next hops in another order', () => {
    expect(routeSatisfies(actual, ipv4)).toBe(true);
  });

  it.each<[string, Partial<Route>]>([
    ['protocol', { protocol: 4 }],
    ['metric', { metric: 1 }],
    ['table', { table: 1000 }],
    ['type', { type: 'blackhole' }],
    ['scope', { scope: 'link' }],
    ['preferred source', { preferredSource: address('10.0.0.9') }],
    ['gateway', { nextHops: [{ gateway: address('10.0.0.2') }, { gateway: address('10.0.0.9') }] }],
    [
      'interface',
      { nextHops: [{ gateway: address('10.0.0.2'), interfaceIndex: 9 }, { gateway: address('10.0.0.3') }] },
    ],
    [
      'onlink',
      { nextHops: [{ gateway: address('10.0.0.2'), onlink: true }, { gateway: address('10.0.0.3') }] },
    ],
    ['number of next hops', { nextHops: [{ gateway: address('10.0.0.2') }] }],
  ])('but not with another %s', (_what, difference) => {
    expect(routeSatisfies(actual, { ...ipv4, ...difference })).toBe(false);
  });
});
