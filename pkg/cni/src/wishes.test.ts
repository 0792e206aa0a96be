import { describe, expect, it } from 'vitest';
import { podmanAdd } from '../test/fixtures.ts';
import type { Annotations } from './annotations.ts';
import type { Configuration } from './configuration.ts';
import { type CniError, isCniError } from './error.ts';
import { parseRequest } from './request.ts';
import { decideWishes, type Wishes } from './wishes.ts';

const calico = (short: string): string => `cni.projectcalico.org/${short}`;

interface Case {
  readonly configuration?: object;
  readonly args?: string;
  readonly pod?: Annotations;
  readonly namespace?: Annotations;
}

function wishes({ args = '', configuration = {}, namespace = {}, pod = {} }: Case): Wishes | CniError {
  const environment = {
    CNI_COMMAND: 'ADD',
    CNI_CONTAINERID: 'c1',
    CNI_IFNAME: 'eth0',
    CNI_NETNS: '/run/netns/c1',
    CNI_ARGS: args,
  };
  const stdin = JSON.stringify({ cniVersion: '1.0.0', name: 'net', ...configuration });
  const parsed = parseRequest({ environment, stdin });
  if (parsed.kind !== 'request' || parsed.request.command !== 'ADD') throw new Error(JSON.stringify(parsed));
  return decideWishes(parsed.request.configuration as Configuration, parsed.request.args, { pod, namespace });
}

const any4 = { families: ['ipv4'], withoutIpam: false };

describe('what a container gets', () => {
  const rows: readonly [string, Case, object][] = [
    ['one IPv4 address when nothing is said', {}, any4],
    [
      'both families, told in texts as Calico does',
      { configuration: { ipam: { type: 'calico-ipam', assign_ipv4: 'true', assign_ipv6: 'true' } } },
      { families: ['ipv4', 'ipv6'] },
    ],
    [
      'IPv6 alone',
      { configuration: { ipam: { assign_ipv4: false, assign_ipv6: true } } },
      { families: ['ipv6'] },
    ],
    [
      'pools of the configuration',
      { configuration: { ipam: { ipv4_pools: ['a'], ipv6_pools: ['fd00::/48'] } } },
      { pools4: ['a'], pools6: ['fd00::/48'] },
    ],
    [
      "the Namespace's pool rather than the configuration's",
      { configuration: { ipam: { ipv4_pools: ['a'] } }, namespace: { [calico('ipv4pools')]: '["b"]' } },
      { pools4: ['b'] },
    ],
    [
      "the Pod's pool rather than its Namespace's",
      { pod: { [calico('ipv4pools')]: '["c"]' }, namespace: { [calico('ipv4pools')]: '["b"]' } },
      { pools4: ['c'] },
    ],
    [
      'families of an annotation',
      { pod: { [calico('ipFamilies')]: '["IPv6","IPv4"]' } },
      { families: ['ipv6', 'ipv4'] },
    ],
    [
      'addresses of an annotation, held by IPAM, IPv4 first',
      { pod: { [calico('ipAddrs')]: '["fd00::5","10.0.0.5"]' } },
      { addresses: ['10.0.0.5', 'fd00::5'], families: ['ipv4', 'ipv6'], withoutIpam: false },
    ],
    [
      'addresses without IPAM when that is allowed',
      {
        configuration: { feature_control: { ip_addrs_no_ipam: true } },
        pod: { [calico('ipAddrsNoIpam')]: '["10.0.0.5"]' },
      },
      { addresses: ['10.0.0.5'], withoutIpam: true },
    ],
    [
      'the MAC of an annotation',
      { pod: { [calico('hwAddr')]: '02:00:00:00:00:0A' } },
      { mac: '02:00:00:00:00:0a' },
    ],
    [
      "the runtime's address, whatever length is behind it",
      { configuration: { runtimeConfig: { ips: ['10.0.0.6/24'], mac: '02:00:00:00:00:01' } } },
      { addresses: ['10.0.0.6'], mac: '02:00:00:00:00:01' },
    ],
    ['args.cni', { configuration: { args: { cni: { ips: ['10.0.0.7'] } } } }, { addresses: ['10.0.0.7'] }],
    [
      'args.cni rather than CNI_ARGS, as the conventions want it',
      { configuration: { args: { cni: { ips: ['10.0.0.7'] } } }, args: 'IP=10.0.0.8' },
      { addresses: ['10.0.0.7'] },
    ],
    [
      "an annotation's address rather than the runtime's",
      {
        pod: { [calico('ipAddrs')]: '["10.0.0.5"]' },
        configuration: { runtimeConfig: { ips: ['10.0.0.6'] } },
      },
      { addresses: ['10.0.0.5'] },
    ],
    ['an empty list asks for nothing', { pod: { [calico('ipAddrs')]: '[]' } }, any4],
    [
      'prefixes that a pod may send from change nothing about its addresses',
      { pod: { [calico('allowedSourcePrefixes')]: '["10.1.0.0/16"]' } },
      any4,
    ],
  ];

  it.each(rows)('%s', (_, given, expected) => {
    expect(wishes(given)).toMatchObject(expected);
  });

  it("Podman's address and MAC of CNI_ARGS", () => {
    const args = podmanAdd.environment.CNI_ARGS ?? '';
    expect(wishes({ args })).toMatchObject({ addresses: ['10.89.0.7'], mac: '44:33:22:11:00:99' });
  });
});

describe('what it cannot get is said, with the code', () => {
  const rows: readonly [string, Case, number, RegExp][] = [
    [
      'both kinds of addresses',
      { pod: { [calico('ipAddrs')]: '["10.0.0.5"]', [calico('ipAddrsNoIpam')]: '["10.0.0.5"]' } },
      2,
      /ipAddrsNoIpam: \["10\.0\.0\.5"\]/,
    ],
    [
      'addresses without IPAM behind a closed gate',
      { pod: { [calico('ipAddrsNoIpam')]: '["10.0.0.5"]' } },
      2,
      /ipAddrsNoIpam/,
    ],
    [
      'floating addresses',
      { pod: { [calico('floatingIPs')]: '["1.2.3.4"]' } },
      2,
      /floatingIPs: \["1\.2\.3\.4"\]/,
    ],
    ['an annotation that is no JSON', { pod: { [calico('ipv4pools')]: 'pool' } }, 7, /ipv4pools is "pool"/],
    ['an annotation that lists numbers', { pod: { [calico('ipv6pools')]: '[1]' } }, 7, /ipv6pools/],
    ['a family that is none', { pod: { [calico('ipFamilies')]: '["IPv5"]' } }, 7, /ipFamilies/],
    ['an address that is none', { args: 'IP=10.0.0.300' }, 7, /IP of CNI_ARGS says "10\.0\.0\.300"/],
    [
      'two addresses of a family',
      { configuration: { runtimeConfig: { ips: ['10.0.0.1', '10.0.0.2'] } } },
      7,
      /runtimeConfig\.ips/,
    ],
    ['a MAC that is none', { pod: { [calico('hwAddr')]: 'xx' } }, 7, /hwAddr says "xx"/],
    ['no family at all', { configuration: { ipam: { assign_ipv4: 'false' } } }, 7, /no address/],
  ];

  it.each(rows)('%s', (_, given, code, message) => {
    const found = wishes(given);
    expect(isCniError(found)).toBe(true);
    expect(found).toMatchObject({
      code,
      message: expect.stringMatching(message),
      details: expect.stringMatching(/\w+ /),
    });
  });
});
