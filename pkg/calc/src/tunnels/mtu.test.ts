import { address } from '@weft/ip';
import { describe, expect, it } from 'vitest';
import { facts, inputOf, node, pool, resource } from '../../test/fixtures.ts';
import { DEFAULT_FELIX_SETTINGS } from '../felix-settings.ts';
import type { LocalInterface } from '../local-facts.ts';
import { mtuOfWorkload, workloadMtu } from './mtu.ts';

const nodes = [node('node1', { ipv4: '10.0.0.1/24', ipv6: 'fd00::1/64' })];

function link(name: string, mtuBytes: number, ...addresses: string[]): LocalInterface {
  return { name, up: true, running: true, mtuBytes, addresses };
}

function mtu(pools: object[], changes: { interfaces?: LocalInterface[]; felix?: object } = {}) {
  const interfaces = [...facts.interfaces, ...(changes.interfaces ?? [])];
  return workloadMtu(
    inputOf({
      nodes,
      pools: pools.map((spec, index) => pool(`pool${index}`, `10.${index + 1}.0.0/16`, { ...spec })),
      facts: { ...facts, interfaces },
      felix: { ...DEFAULT_FELIX_SETTINGS, ...changes.felix },
    }),
  );
}

describe('the MTU of workloads', () => {
  it.each<[string, ReturnType<typeof mtu>, number, string]>([
    ['is that of the interface with routes', mtu([{}]), 1500, 'eth0 carries 1500 bytes'],
    [
      'is not that of an interface nothing leaves by',
      mtu([{}], { interfaces: [link('docker0', 1200, '172.17.0.1/16')] }),
      1500,
      'eth0 carries 1500 bytes',
    ],
    [
      'leaves room for VXLAN',
      mtu([{}, { vxlanMode: 'CrossSubnet' }]),
      1450,
      'eth0 carries 1500 bytes; vxlan.calico on it',
    ],
    ['leaves room for IPIP', mtu([{ ipipMode: 'Always' }]), 1480, 'eth0 carries 1500 bytes; tunl0 on it'],
    [
      'is what FelixConfiguration says of the tunnel',
      mtu([{ vxlanMode: 'Always' }], { felix: { vxlanMtuBytes: 1400 } }),
      1400,
      'eth0 carries 1500 bytes; vxlan.calico on it',
    ],
    [
      'is never more than fits',
      mtu([{ vxlanMode: 'Always' }], { felix: { vxlanMtuBytes: 9000 } }),
      1450,
      'eth0 carries 1500 bytes; vxlan.calico on it',
    ],
    [
      'goes by the pattern of FelixConfiguration',
      mtu([{}], { interfaces: [link('wg0', 1420)], felix: { mtuIfacePattern: '^wg' } }),
      1420,
      'wg0 carries 1420 bytes',
    ],
    [
      'and without it where no interface has such a name',
      mtu([{}], { felix: { mtuIfacePattern: '^none' } }),
      1500,
      'eth0 carries 1500 bytes',
    ],
  ])('%s', (_, found, bytes, reason) => {
    expect(found).toMatchObject({ bytes, reason });
  });

  it('is 1500 where there is no interface', () => {
    expect(workloadMtu(inputOf({ facts: { interfaces: [], routes: [] } })).bytes).toBe(1500);
  });

  it('leaves more room for VXLAN over IPv6', () => {
    const pools = [pool('pods6', 'fd00:99::/64', { vxlanMode: 'Always' })];
    expect(workloadMtu(inputOf({ nodes, pools })).bytes).toBe(1430);
  });

  it('is smaller, never larger, where a pool of the workload asks for it', () => {
    const asking = (name: string, cidr: string, text: string) =>
      resource('IPPool', name, { cidr }, { annotations: { 'weft.dev/mtu': text } });
    const found = workloadMtu(
      inputOf({
        nodes,
        pools: [
          asking('small', '10.1.0.0/16', '1300'),
          asking('large', '10.2.0.0/16', '9000'),
          asking('wrong', 'fd00:99::/64', '1000'),
        ],
      }),
    );
    const of = (...texts: string[]) => mtuOfWorkload(found, texts.map(address));
    expect([of('10.1.0.1'), of('10.2.0.1'), of('10.3.0.1'), of('10.2.0.1', '10.1.0.1')]).toEqual([
      1300, 1500, 1500, 1300,
    ]);
    expect(found.problems).toEqual([
      'IPPool wrong: weft.dev/mtu is a whole number from 1280 to 65535, not "1000"',
    ]);
  });
});
