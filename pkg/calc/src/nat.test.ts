import { address } from '@weft/ip';
import type { WorkloadEndpoint } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { endpoint, inputOf, node, pool } from '../test/fixtures.ts';
import { DEFAULT_FELIX_SETTINGS } from './felix-settings.ts';
import type { CalcInput } from './input.ts';
import { type DesiredNat, desiredMasquerades, desiredNat } from './nat.ts';
import { PORTS_ANNOTATION, type PublishedPort } from './published-ports.ts';

const nat = { natOutgoing: true };
const nodes = [
  node('node1', { ipv4: '192.0.2.1/24', ipv6: 'fd00::1/64' }),
  node('node2', { ipv4: '192.0.2.2/24' }),
];

/** What is translated, in lines. */
function lines({ masquerades, portForwards }: DesiredNat): string[] {
  return [
    ...masquerades.map(
      ({ sources, exempt, address: to, ports, outInterface, reason }) =>
        `${sources} but not to ${exempt} as ${to ?? 'interface'}` +
        `${ports === undefined ? '' : ` ports ${ports.first}-${ports.last}`}` +
        `${outInterface === undefined ? '' : ` by ${outInterface}`}: ${reason}`,
    ),
    ...portForwards.map(
      ({ protocol, hostAddress, hostPort, to, containerPort, reason }) =>
        `${protocol} ${hostAddress ?? '*'} ${hostPort} -> ${to} ${containerPort}: ${reason}`,
    ),
  ];
}

function natOf(input: CalcInput): DesiredNat {
  return desiredNat(input, desiredMasquerades(input), { devices: [], senders: [] });
}

function felix(settings: Partial<CalcInput['felix']>): Pick<CalcInput, 'felix'> {
  return { felix: { ...DEFAULT_FELIX_SETTINGS, ...settings } };
}

function published(made: WorkloadEndpoint, ...ports: PublishedPort[]): WorkloadEndpoint {
  const annotations = { [PORTS_ANNOTATION]: JSON.stringify(ports) };
  return { ...made, metadata: { ...made.metadata, annotations } };
}

const web: PublishedPort = { protocol: 'tcp', hostPort: 8080, containerPort: 80 };
const cases: readonly { name: string; input: Partial<CalcInput>; expected: readonly string[] }[] = [
  { name: 'nothing without natOutgoing', input: { pools: [pool('a', '10.1.0.0/16')] }, expected: [] },
  {
    name: 'what leaves all pools, from those that ask for it',
    input: { pools: [pool('b', '10.2.0.0/16', nat), pool('a', '10.1.0.0/16')] },
    expected: [
      '10.2.0.0/16 but not to 10.1.0.0/16,10.2.0.0/16 as interface: natOutgoing of b: what leaves the pools',
    ],
  },
  {
    name: 'each family for itself',
    input: { pools: [pool('a', '10.1.0.0/16', nat), pool('six', 'fd00:1::/48', nat)] },
    expected: [
      '10.1.0.0/16 but not to 10.1.0.0/16 as interface: natOutgoing of a: what leaves the pools',
      'fd00:1::/48 but not to fd00:1::/48 as interface: natOutgoing of six: what leaves the pools',
    ],
  },
  {
    name: 'disabled pools as any other',
    input: {
      pools: [
        pool('old', '10.2.0.0/16', { disabled: true, ...nat }),
        pool('off', '10.3.0.0/16', { disabled: true }),
      ],
    },
    expected: [
      '10.2.0.0/16 but not to 10.2.0.0/16,10.3.0.0/16 as interface: natOutgoing of old: what leaves the pools',
    ],
  },
  {
    name: 'addresses of load balancers as outside',
    input: {
      pools: [pool('a', '10.1.0.0/16', nat), pool('lb', '10.9.0.0/16', { allowedUses: ['LoadBalancer'] })],
    },
    expected: ['10.1.0.0/16 but not to 10.1.0.0/16 as interface: natOutgoing of a: what leaves the pools'],
  },
  {
    name: 'a pool inside another once',
    input: { pools: [pool('a', '10.1.0.0/16', nat), pool('part', '10.1.2.0/24', nat)] },
    expected: [
      '10.1.0.0/16 but not to 10.1.0.0/16 as interface: natOutgoing of a, part: what leaves the pools',
    ],
  },
  {
    name: 'not the nodes where FelixConfiguration says so',
    input: {
      pools: [pool('a', '10.1.0.0/16', nat)],
      nodes,
      ...felix({ natOutgoingExclusions: 'IPPoolsAndHostIPs' }),
    },
    expected: [
      '10.1.0.0/16 but not to 10.1.0.0/16,192.0.2.1/32,192.0.2.2/32 as interface: ' +
        'natOutgoing of a: what leaves the pools and nodes',
    ],
  },
  {
    name: 'as FelixConfiguration says: address, ports, interface',
    input: {
      pools: [pool('a', '10.1.0.0/16', nat), pool('six', 'fd00:1::/48', nat)],
      ...felix({
        natOutgoingAddress: address('192.0.2.9'),
        natPortRange: { first: 30000, last: 32000 },
        iptablesNATOutgoingInterfaceFilter: 'eth+',
      }),
    },
    expected: [
      '10.1.0.0/16 but not to 10.1.0.0/16 as 192.0.2.9 ports 30000-32000 by eth+: natOutgoing of a: what leaves the pools',
      'fd00:1::/48 but not to fd00:1::/48 as interface ports 30000-32000 by eth+: natOutgoing of six: what leaves the pools',
    ],
  },
  {
    name: 'no IPv6 where FelixConfiguration turns it off',
    input: {
      pools: [pool('six', 'fd00:1::/48', nat)],
      endpoints: [published(endpoint('node1', 'c', '10.1.0.5/32', 'fd00:1::5/128'), web)],
      ...felix({ ipv6Support: false }),
    },
    expected: ['tcp * 8080 -> 10.1.0.5 80: 8080/tcp is published by default/node1-cni-c-eth0'],
  },
  {
    name: 'a published port, to each address of the container',
    input: { endpoints: [published(endpoint('node1', 'c', '10.1.0.5/32', 'fd00:1::5/128'), web)] },
    expected: [
      'tcp * 8080 -> 10.1.0.5 80: 8080/tcp is published by default/node1-cni-c-eth0',
      'tcp * 8080 -> fd00:1::5 80: 8080/tcp is published by default/node1-cni-c-eth0',
    ],
  },
  {
    name: 'a port of one address in the family of that, of all in theirs',
    input: {
      endpoints: [
        published(
          endpoint('node1', 'c', '10.1.0.5/32', 'fd00:1::5/128'),
          { ...web, hostAddress: address('192.0.2.1') },
          { ...web, protocol: 'udp', hostAddress: address('::') },
        ),
      ],
    },
    expected: [
      'tcp 192.0.2.1 8080 -> 10.1.0.5 80: 192.0.2.1:8080/tcp is published by default/node1-cni-c-eth0',
      'udp * 8080 -> fd00:1::5 80: [::]:8080/udp is published by default/node1-cni-c-eth0',
    ],
  },
  {
    name: 'no ports of other nodes',
    input: { endpoints: [published(endpoint('node2', 'c', '10.1.0.5/32'), web)] },
    expected: [],
  },
];

it('refuses tunnel packets of workloads that FelixConfiguration does not allow, whatever the tunnels', () => {
  const refused = (settings: Partial<CalcInput['felix']>) => natOf(inputOf(felix(settings))).refusedTunnels;
  const vxlan = { kind: 'vxlan', vni: 7, port: 4790 };
  const shared = { vxlanVni: 7, vxlanPort: 4790 };
  expect(refused(shared)).toEqual([{ kind: 'ipip' }, vxlan]);
  expect(refused({ ...shared, allowIpipFromWorkloads: true })).toEqual([vxlan]);
  expect(refused({ ...shared, allowVxlanFromWorkloads: true })).toEqual([{ kind: 'ipip' }]);
});

describe('a node translates', () => {
  it.each(cases)('$name', ({ input, expected }) => {
    const whole = inputOf(input);
    expect(lines(natOf(whole))).toEqual(expected);
    const { endpoints, nodes: others, pools } = whole;
    const reversed = {
      ...whole,
      pools: pools.toReversed(),
      nodes: others.toReversed(),
      endpoints: endpoints.toReversed(),
    };
    expect(natOf(reversed)).toEqual(natOf(whole));
  });
});
