import { describe, expect, it } from 'vitest';
import { choosePoolRange } from './pool-range.ts';

const random = Uint8Array.of(1, 2, 3, 4, 5);
const choose = (family: 4 | 6, hostAddresses: string[] = [], kubeadm?: string) =>
  choosePoolRange(family, { hostAddresses, random, ...(kubeadm === undefined ? {} : { kubeadm }) }).cidr;

describe('the range of a pool that nobody gave one', () => {
  it.each([
    [[], '192.168.0.0/16'],
    [['10.0.0.1/24', '127.0.0.1/8', 'fd00::1/64'], '192.168.0.0/16'],
    [['192.168.7.1/24'], '172.16.0.0/16'],
    [['192.168.7.1/24', '172.16.3.4/12'], '192.168.0.0/16'],
    [['192.168.7.1/24', '172.17.0.1/16', '172.16.0.9/24'], '172.18.0.0/16'],
    [['0.0.0.1/0'], '192.168.0.0/16'],
  ])('keeps away from the networks of the host: %j', (addresses, cidr) => {
    expect(choose(4, addresses)).toBe(cidr);
  });

  it('is a random unique local /48 for IPv6', () => {
    expect(choose(6)).toBe('fd01:203:405::/48');
  });

  const configuration = (podSubnet: string) =>
    `apiVersion: kubeadm.k8s.io/v1beta3\nnetworking:\n  dnsDomain: cluster.local\n  podSubnet: ${podSubnet}\n  serviceSubnet: 10.96.0.0/12\n`;

  it.each([
    ['10.244.0.0/16', '10.244.0.0/16', 'fd01:203:405::/48'],
    ['10.244.0.0/16,fd00:10:244::/56', '10.244.0.0/16', 'fd00:10:244::/56'],
    ['"fd00:10:244::/56,10.244.0.0/16" # both', '10.244.0.0/16', 'fd00:10:244::/56'],
    ['nonsense', '192.168.0.0/16', 'fd01:203:405::/48'],
  ])("is the Pods' range of kubeadm: %s", (podSubnet, four, six) => {
    const yaml = configuration(podSubnet);
    expect([choose(4, [], yaml), choose(6, [], yaml)]).toEqual([four, six]);
  });
});
