import { address } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import type { LocalInterface } from '../local-facts.ts';
import { type AddressFacts, type DetectedAddress, detectAddress } from './detect.ts';
import { FIRST_FOUND, parseAutodetectMethod } from './method.ts';

const link = (name: string, addresses: readonly string[], up = true): LocalInterface => ({
  name,
  up,
  running: up,
  mtuBytes: 1500,
  addresses,
});

describe('the address of the node, first-found', () => {
  const cases: readonly {
    readonly name: string;
    readonly interfaces: readonly LocalInterface[];
    readonly family: 4 | 6;
    readonly expected: string;
    readonly reason: string;
  }[] = [
    {
      name: 'is the first global one',
      interfaces: [
        link('lo', ['127.0.0.1/8']),
        link('eth0', ['169.254.7.7/16', '10.0.0.1/24', '10.0.0.2/24']),
      ],
      family: 4,
      expected: '10.0.0.1/24 eth0',
      reason: 'first-found: 10.0.0.1/24 on eth0',
    },
    {
      name: 'is that of the newest interface, as with Calico',
      interfaces: [link('eth0', ['10.0.0.1/24']), link('eth1', ['10.9.0.1/24'])],
      family: 4,
      expected: '10.9.0.1/24 eth1',
      reason: 'first-found: 10.9.0.1/24 on eth1',
    },
    {
      name: 'passes over what the name excludes, what is down and what has none',
      interfaces: [
        link('eth0', ['10.0.0.1/24']),
        link('eth1', ['10.9.0.1/24'], false),
        link('eth2', ['fd00::1/64']),
        link('docker0', ['172.17.0.1/16']),
        link('br-1234', ['172.18.0.1/16']),
      ],
      family: 4,
      expected: '10.0.0.1/24 eth0',
      reason:
        'first-found: 10.0.0.1/24 on eth0 (passed over: br-1234 is excluded by its name, docker0 is excluded by its ' +
        'name, eth2 has no global IPv4 address, eth1 is down)',
    },
    {
      name: 'is a private or unique local address too, but never a link-local one',
      interfaces: [link('eth0', ['fe80::1/64', 'fd00::1/64'])],
      family: 6,
      expected: 'fd00::1/64 eth0',
      reason: 'first-found: fd00::1/64 on eth0',
    },
    {
      name: 'can be missing, with the reason for each interface',
      interfaces: [link('lo', ['::1/128']), link('eth0', ['fe80::1/64'])],
      family: 6,
      expected: 'none',
      reason:
        'first-found: no interface has an IPv6 address for the node: eth0 has no global IPv6 address, ' +
        'lo is excluded by its name',
    },
  ];
  it.each(cases)('$name', ({ interfaces, family, expected, reason }) => {
    const found = detectAddress(FIRST_FOUND, { interfaces }, family);
    const text = found.kind === 'found' ? `${found.address} ${found.interface}` : 'none';
    expect([text, found.reason]).toEqual([expected, reason]);
  });

  const excluded =
    'docker0 cbr0 dummy0 podman0 virbr0 lxcbr0 vethab lo br-a calia tunl0 flannel.1 kube-ipvs0 cni0 vxlan.calico ' +
    'vxlan-v6.calico wireguard.cali wg-v6.cali nodelocaldns';
  it.each(excluded.split(' '))('never is on %s', (name) => {
    expect(detectAddress(FIRST_FOUND, { interfaces: [link(name, ['10.0.0.1/24'])] }, 4).kind).toBe('none');
  });

  it.each(['eth0', 'ens3', 'bond0', 'enp1s0f0', 'br0', 'vxlan0'])('can be on %s', (name) => {
    expect(detectAddress(FIRST_FOUND, { interfaces: [link(name, ['10.0.0.1/24'])] }, 4).kind).toBe('found');
  });
});

describe('the address of the node, by every method', () => {
  const interfaces = [
    link('lo', ['127.0.0.1/8', '::1/128', '192.0.2.7/32']),
    link('eth0', ['10.0.0.1/24', 'fd00::1/64']),
    link('eth1', ['10.9.0.1/24', '172.16.0.1/12', 'fd09::1/64']),
    link('docker0', ['172.17.0.1/16']),
    link('wlan0', ['10.8.0.1/24'], false),
  ];

  function detect(method: string, family: 4 | 6, more: Omit<AddressFacts, 'interfaces'> = {}) {
    const parsed = parseAutodetectMethod(method);
    if (!parsed.ok) throw new Error(parsed.reason);
    return detectAddress(parsed.value, { interfaces, ...more }, family);
  }
  const shortOf = (found: DetectedAddress) =>
    found.kind === 'found' ? `${found.address} ${found.interface}` : 'none';

  it.each([
    ['first-found', 4, '10.9.0.1/24 eth1'],
    ['first-found', 6, 'fd09::1/64 eth1'],
    ['interface=eth0', 4, '10.0.0.1/24 eth0'],
    ['interface=nothing,h0', 6, 'fd00::1/64 eth0'],
    ['interface=docker', 4, '172.17.0.1/16 docker0'],
    ['interface=^th', 4, 'none'],
    ['interface=wlan0', 4, 'none'],
    ['interface=^lo$', 4, '192.0.2.7/32 lo'],
    ['skip-interface=eth1', 4, '10.0.0.1/24 eth0'],
    ['skip-interface=eth', 4, 'none'],
    ['cidr=172.16.0.0/16', 4, '172.16.0.1/12 eth1'],
    ['cidr=172.16.0.0/12', 4, '172.17.0.1/16 docker0'],
    ['cidr=10.0.0.0/16,fd00::/64', 4, '10.0.0.1/24 eth0'],
    ['cidr=10.0.0.0/16,fd00::/64', 6, 'fd00::1/64 eth0'],
    ['cidr=10.8.0.0/16', 4, 'none'],
    ['cidr=127.0.0.0/8', 4, 'none'],
  ] as const)('%s, IPv%i: %s', (method, family, expected) => {
    const found = detect(method, family);
    expect([shortOf(found), found.reason]).toEqual([expected, expect.stringContaining(`${method}: `)]);
  });

  it.each([
    [
      { address: address('10.0.0.1') },
      '10.0.0.1/24 eth0',
      /leave with 10\.0\.0\.1, as 10\.0\.0\.1\/24 on eth0$/,
    ],
    [{ address: address('10.0.0.9') }, 'none', /10\.0\.0\.9, which no interface has$/],
    [{ address: address('127.0.0.1') }, 'none', /127\.0\.0\.1, which others cannot reach$/],
    [{ reason: 'no route leads there' }, 'none', /^can-reach=192\.0\.2\.9: no route leads there$/],
  ] as const)('can-reach is the source of packets: %j', (source, expected, reason) => {
    const found = detect('can-reach=192.0.2.9', 4, { source });
    expect([shortOf(found), found.reason]).toEqual([expected, expect.stringMatching(reason)]);
  });

  it.each([
    [
      ['fd00::1', '10.0.0.1'],
      4,
      '10.0.0.1/24 eth0',
      /InternalIP is 10\.0\.0\.1, as 10\.0\.0\.1\/24 on eth0$/,
    ],
    [['fd00::1', '10.0.0.1'], 6, 'fd00::1/64 eth0', /as fd00::1\/64 on eth0$/],
    [['10.0.0.1'], 6, 'none', /the Node has no InternalIP of IPv6$/],
    [['10.7.7.7'], 4, 'none', /10\.7\.7\.7, which no interface has$/],
    [undefined, 4, 'none', /the datastore is not Kubernetes$/],
  ] as const)('kubernetes-internal-ip goes by the Node: %j, IPv%i', (texts, family, expected, reason) => {
    const found = detect(
      'kubernetes-internal-ip',
      family,
      texts && { internalAddresses: texts.map(address) },
    );
    expect([shortOf(found), found.reason]).toEqual([expected, expect.stringMatching(reason)]);
  });
});
