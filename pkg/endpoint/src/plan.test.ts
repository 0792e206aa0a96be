import { address, prefix } from '@weft/ip';
import type { Change, Link } from '@weft/kernel';
import { describe, expect, it } from 'vitest';
import { HOST_SIDE_MAC } from './names.ts';
import { type EndpointState, planEndpoint, planPair, type Step } from './plan.ts';
import type { EndpointSpec } from './spec.ts';

const dualStack: EndpointSpec = {
  hostInterface: 'cali1',
  containerInterface: 'eth0',
  netns: '/run/netns/pod',
  addresses: [address('10.0.0.5'), address('fd00::5')],
  mtuBytes: 1400,
};
const link = (name: string, index: number, mac: string): Link => ({
  index,
  name,
  mac,
  mtuBytes: 1400,
  up: false,
  running: false,
  type: 'veth',
});
const containerLink = link('eth0', 2, '02:00:00:00:00:05');
const fresh: EndpointState = {
  host: link('cali1', 7, HOST_SIDE_MAC),
  container: containerLink,
  containerMac: containerLink.mac,
  found: false,
  routed: [],
};

/** A step on one line; `?` marks one whose failure is tolerated. */
function line({ where, change, tolerated }: Step): string {
  return `${where} ${describeChange(change)}${tolerated.length === 0 ? '' : ` ? ${tolerated}`}`;
}

function describeChange(change: Change): string {
  switch (change.op) {
    case 'write-sysctl':
      return `${change.key} = ${change.value}`;
    case 'set-link': {
      const { op, index, up, ...rest } = change;
      return `link ${index} ${up === true ? 'up' : 'down'} ${JSON.stringify(rest)}`;
    }
    case 'add-address':
      return `address ${change.address.address}/${change.address.prefixLength} on ${change.address.interfaceIndex}`;
    case 'replace-neighbour':
      return `neighbour ${change.neighbour.address} at ${change.neighbour.mac} on ${change.neighbour.interfaceIndex}`;
    case 'add-route':
    case 'replace-route':
    case 'delete-route': {
      const { destination, nextHops, scope, protocol, metric } = change.route;
      const via = nextHops.map(
        ({ gateway, interfaceIndex }) => `${gateway ?? 'direct'} on ${interfaceIndex}`,
      );
      return `${change.op} ${destination} ${via} scope ${scope} proto ${protocol} metric ${metric}`;
    }
    default:
      return change.op;
  }
}

const text = (spec: EndpointSpec, state: EndpointState = fresh): string[] =>
  planEndpoint(spec, state).map(line);

describe('the plan of an endpoint', () => {
  it('opens the way from 127.0.0.1 of the host to an endpoint with ports only', () => {
    const opened = 'host net/ipv4/conf/cali1/route_localnet = 1';
    expect(text(dualStack)).not.toContain(opened);
    expect(text({ ...dualStack, reachedByLoopback: true })).toContain(opened);
  });

  it('of both families is, in order', () => {
    expect(text(dualStack)).toEqual([
      'host net/ipv6/conf/cali1/accept_ra = 0 ? any',
      'host net/ipv4/conf/cali1/proxy_arp = 1',
      'host net/ipv4/conf/cali1/forwarding = 1',
      'host net/ipv4/neigh/cali1/proxy_delay = 0 ? any',
      'host net/ipv6/conf/cali1/disable_ipv6 = 0',
      'host net/ipv6/conf/cali1/accept_dad = 0',
      'host net/ipv6/conf/cali1/proxy_ndp = 1',
      'host net/ipv6/conf/cali1/forwarding = 1',
      'host link 7 up {}',
      'host neighbour 10.0.0.5 at 02:00:00:00:00:05 on 7',
      'host neighbour fd00::5 at 02:00:00:00:00:05 on 7',
      'host delete-route 10.0.0.5/32 direct on 7 scope link proto 119 metric 1024 ? ESRCH',
      'host add-route 10.0.0.5/32 direct on 7 scope link proto 119 metric 1024',
      'host delete-route fd00::5/128 direct on 7 scope link proto 119 metric 1024 ? ESRCH',
      'host add-route fd00::5/128 direct on 7 scope link proto 119 metric 1024',
      'container net/ipv4/ip_forward = 0',
      'container net/ipv6/conf/all/disable_ipv6 = 0',
      'container net/ipv6/conf/all/forwarding = 0',
      'container net/ipv6/conf/eth0/accept_dad = 0',
      'container link 2 up {}',
      'container address 10.0.0.5/32 on 2 ? EEXIST',
      'container address fd00::5/128 on 2 ? EEXIST',
      'container neighbour 169.254.1.1 at ee:ee:ee:ee:ee:ee on 2',
      'container replace-route 169.254.1.1/32 direct on 2 scope link proto 3 metric 0',
      'container add-route 0.0.0.0/0 169.254.1.1 on 2 scope global proto 3 metric 0',
      'container neighbour fe80::ecee:eeff:feee:eeee at ee:ee:ee:ee:ee:ee on 2',
      'container add-route ::/0 fe80::ecee:eeff:feee:eeee on 2 scope global proto 3 metric 0',
      'container link 1 up {}',
    ]);
  });

  it('leaves the other family alone', () => {
    const ipv4 = text({ ...dualStack, addresses: [address('10.0.0.5')] });
    const ipv6 = text({ ...dualStack, addresses: [address('fd00::5')] });
    expect(ipv4.filter((step) => step.includes('ipv6') || step.includes('::'))).toEqual([
      'host net/ipv6/conf/cali1/accept_ra = 0 ? any',
    ]);
    expect(ipv6.filter((step) => step.includes('ipv4') || /\d\.\d/.test(step))).toEqual([]);
  });

  it('takes the routes of the spec in place of the default routes, each by the gateway of its family', () => {
    const routes = [prefix('10.0.0.0/8'), prefix('fd00::/8')];
    expect(text({ ...dualStack, routes }).filter((step) => step.startsWith('container add-route'))).toEqual([
      'container add-route 10.0.0.0/8 169.254.1.1 on 2 scope global proto 3 metric 0',
      'container add-route fd00::/8 fe80::ecee:eeff:feee:eeee on 2 scope global proto 3 metric 0',
    ]);
  });

  it('writes the routes of a second network behind those of the first', () => {
    const routes = text({ ...dualStack, containerInterface: 'eth1' }).filter((step) =>
      /^container \S+-route/.test(step),
    );
    expect(routes).toEqual([
      'container replace-route 169.254.1.1/32 direct on 2 scope link proto 3 metric 1',
      'container add-route 0.0.0.0/0 169.254.1.1 on 2 scope global proto 3 metric 1',
      'container add-route ::/0 fe80::ecee:eeff:feee:eeee on 2 scope global proto 3 metric 1025',
    ]);
  });

  it('lets a container forward only when asked to', () => {
    expect(text({ ...dualStack, forwarding: true })).toContain('container net/ipv4/ip_forward = 1');
  });

  it('mends what differs on interfaces that were there, and writes no route that is right', () => {
    const found: EndpointState = {
      host: { ...fresh.host, mac: '02:00:00:00:00:99' },
      container: { ...containerLink, mtuBytes: 1500 },
      containerMac: containerLink.mac,
      found: true,
      routed: [prefix('10.0.0.5/32')],
    };
    const steps = text(dualStack, found);
    expect(steps).toContain('container link 2 up {"mtuBytes":1400}');
    expect(steps).toContain('host link 7 up {"mac":"ee:ee:ee:ee:ee:ee"}');
    expect(steps).toContain(
      'container add-route 0.0.0.0/0 169.254.1.1 on 2 scope global proto 3 metric 0 ? EEXIST',
    );
    expect(steps.filter((step) => step.includes('-route') && step.startsWith('host'))).toEqual([
      'host delete-route fd00::5/128 direct on 7 scope link proto 119 metric 1024 ? ESRCH',
      'host add-route fd00::5/128 direct on 7 scope link proto 119 metric 1024',
    ]);
  });

  it('makes the pair with names, MACs and MTU in one change', () => {
    const { change } = planPair({ ...dualStack, mac: HOST_SIDE_MAC }, 42);
    expect(change).toEqual({
      op: 'add-veth',
      host: { name: 'cali1', mac: 'ee:ee:ee:ee:ee:ee', mtuBytes: 1400 },
      peer: { name: 'eth0', mac: 'ee:ee:ee:ee:ee:ee', mtuBytes: 1400, netnsFd: 42 },
    });
  });
});
