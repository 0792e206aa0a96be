import { describe, expect, it } from 'vitest';
import { detectAddress } from './autodetect.ts';
import type { LocalInterface } from './local-facts.ts';

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
        'no interface has an IPv6 address for the node: eth0 has no global IPv6 address, lo is excluded by its name',
    },
  ];
  it.each(cases)('$name', ({ interfaces, family, expected, reason }) => {
    const found = detectAddress({ interfaces, routes: [] }, family);
    const text = found.kind === 'found' ? `${found.address} ${found.interface}` : 'none';
    expect([text, found.reason]).toEqual([expected, reason]);
  });

  const excluded =
    'docker0 cbr0 dummy0 podman0 virbr0 lxcbr0 vethab lo br-a calia tunl0 flannel.1 kube-ipvs0 cni0 vxlan.calico ' +
    'vxlan-v6.calico wireguard.cali wg-v6.cali nodelocaldns';
  it.each(excluded.split(' '))('never is on %s', (name) => {
    expect(detectAddress({ interfaces: [link(name, ['10.0.0.1/24'])], routes: [] }, 4).kind).toBe('none');
  });

  it.each(['eth0', 'ens3', 'bond0', 'enp1s0f0', 'br0', 'vxlan0'])('can be on %s', (name) => {
    expect(detectAddress({ interfaces: [link(name, ['10.0.0.1/24'])], routes: [] }, 4).kind).toBe('found');
  });
});
