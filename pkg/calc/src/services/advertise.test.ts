/**
 * Which addresses of Services one node announces, by the settings, the Service and where its endpoints are.
 */
import { address } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { inputOf, node, pool, resource } from '../../test/fixtures.ts';
import { calculate } from '../calculate.ts';
import { remoteRoute, routingContext } from '../remote-route.ts';
import type { Service } from './service.ts';

const web: Service = {
  name: 'default/web',
  clusterIPs: [address('10.96.0.10'), address('fd96::a')],
  externalIPs: [address('203.0.113.5'), address('198.51.100.1')],
  loadBalancerIPs: [address('192.0.2.7')],
  isLocal: false,
  readyHere: [],
  readyAnywhere: [4, 6],
};
const ranges = {
  serviceClusterIPs: [{ cidr: '10.96.0.0/12' }, { cidr: 'fd96::/108' }],
  serviceExternalIPs: [{ cidr: '203.0.113.0/24' }],
  serviceLoadBalancerIPs: [{ cidr: '192.0.2.0/24' }],
};
const whole = ['10.96.0.0/12', '192.0.2.0/24', '203.0.113.0/24', 'fd96::/108'];
const own = ['10.96.0.10/32', '192.0.2.7/32', '203.0.113.5/32', 'fd96::a/128'];

function announced(
  settings: object,
  service: Partial<Service>,
  labels: Record<string, string> = {},
): string[] {
  return stateOf(settings, service, labels).announcements.map(({ prefix }) => prefix);
}

function stateOf(settings: object, service: Partial<Service>, labels: Record<string, string> = {}) {
  return calculate(inputFor(settings, service, labels));
}

function inputFor(settings: object, service: Partial<Service>, labels: Record<string, string> = {}) {
  return inputOf({
    nodes: [node('node1', { ipv4: '10.0.0.1/24', labels })],
    pools: [pool('pods', '10.1.0.0/16')],
    bgpConfigurations: [resource('BGPConfiguration', 'default', { ...settings })],
    services: [{ ...web, ...service }],
  });
}

describe('announced', () => {
  it('nothing without ranges', () => {
    expect(announced({}, {})).toEqual([]);
  });

  it('whole ranges, and they stand for what is not Local', () => {
    expect(announced(ranges, {})).toEqual(whole);
  });

  it('beside them each address of a Local service where one of its endpoints is ready', () => {
    expect(announced(ranges, { isLocal: true, readyHere: [4, 6] })).toEqual([...whole, ...own].sort());
    expect(announced(ranges, { isLocal: true, readyHere: [4] })).toEqual(
      [...whole, ...own.filter((prefix) => !prefix.includes(':'))].sort(),
    );
    expect(announced(ranges, { isLocal: true })).toEqual(whole);
  });

  it('without aggregation each address of a service with an endpoint anywhere, and no range of load balancers', () => {
    const settings = { ...ranges, serviceLoadBalancerAggregation: 'Disabled' };
    const others = whole.filter((range) => range !== '192.0.2.0/24');
    expect(announced(settings, {})).toEqual([...others, ...own].sort());
    expect(announced(settings, { readyAnywhere: [] })).toEqual(others);
  });

  it('from every node a service of which an address is configured alone', () => {
    const settings = { serviceLoadBalancerIPs: [{ cidr: '192.0.2.7/32' }] };
    expect(announced(settings, { readyAnywhere: [] })).toEqual(['192.0.2.7/32']);
    expect(announced(settings, { loadBalancerIPs: [address('192.0.2.8')] })).toEqual([]);
  });

  it('nothing of a headless service', () => {
    expect(announced(ranges, { clusterIPs: [], isLocal: true, readyHere: [4, 6] })).toEqual(whole);
  });

  it('nothing by a node that is excluded from load balancers', () => {
    const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': 'true' };
    const state = stateOf(ranges, { isLocal: true, readyHere: [4] }, labels);
    expect(state.announcements).toEqual([]);
    expect(state.notAnnounced.map(({ reason }) => reason)).toContain(
      'this node has the label node.kubernetes.io/exclude-from-external-load-balancers',
    );
  });
});

describe('each decision has its reason', () => {
  it.each([
    [{ isLocal: true, readyHere: [4] as const }, '192.0.2.7/32', 'which has an endpoint on this node'],
    [{ isLocal: true }, '192.0.2.7/32', 'Service default/web has no ready IPv4 endpoint on this node'],
    [{}, '192.0.2.7/32', 'a whole range stands for the addresses of Service default/web'],
    [{ readyAnywhere: [] }, '192.0.2.7/32', 'Service default/web has no ready endpoint'],
    [{}, '192.0.2.0/24', 'a range of service addresses of BGPConfiguration'],
  ])('%j: %s', (service, prefix, reason) => {
    const { announcements, notAnnounced } = stateOf(ranges, service);
    const decision = [...announcements, ...notAnnounced].find((item) => item.prefix === prefix);
    expect(decision?.reason).toContain(reason);
  });
});

describe('what others announce', () => {
  const path = {
    source: 'internal',
    peer: '10.0.0.2',
    localPref: 100,
    nextHops: [{ address: address('10.0.0.2') }],
  };
  it.each([
    ['203.0.113.0/24', 'rejected'],
    ['203.0.113.5/32', 'rejected'],
    ['198.51.100.0/24', 'route'],
  ])('%s is %s: kube-proxy serves addresses inside whole ranges here, too', (prefix, kind) => {
    const input = inputFor(ranges, {});
    const context = routingContext(input, calculate(input));
    expect(remoteRoute(prefix as never, path as never, context).kind).toBe(kind);
  });
});
