import { describe, expect, it } from 'vitest';
import { GATEWAY_IPV6, hostInterfaceName } from './names.ts';

describe('the name of the host interface, as Calico chooses it', () => {
  // printf default.web-0 | sha1sum
  it.each([
    ['default', 'web-0', 'cali0d7763386da'],
    ['kube-system', 'coredns-7c65d6cfc9-4xk2p', 'calic0fd6ece5dc'],
  ])('is cali and 11 hex digits of SHA-1("%s.%s")', (namespace, pod, expected) => {
    expect(hostInterfaceName({ kind: 'pod', namespace, pod })).toBe(expected);
  });

  it('is cali and the first 11 characters of a container id', () => {
    const containerId = '4f66ad9a0b2e1c3d5e7f';
    expect(hostInterfaceName({ kind: 'container', containerId })).toBe('cali4f66ad9a0b2');
  });
});

describe('the name of the host interface, where Calico would choose one twice', () => {
  const idsOfCtr = ['default-web1', 'default-web2'];
  const containerId = '4f66ad9a0b2e1c3d5e7f';

  // printf default-web1 | sha1sum
  it('is made of the SHA-1 of an id that is not hex, as ctr has them', () => {
    const names = idsOfCtr.map((id) => hostInterfaceName({ kind: 'container', containerId: id }));
    expect(names).toEqual(['cali0a8a8cdf91c', 'cali27185cca4ae']);
  });

  // printf 4f66ad9a0b2e1c3d5e7f.eth1 | sha1sum
  it('differs for each further network of a workload', () => {
    const of = (containerInterface: string) =>
      hostInterfaceName({ kind: 'container', containerId }, 'cali', containerInterface);
    expect(of('eth0')).toBe('cali4f66ad9a0b2');
    expect(of('eth1')).toBe('cali7a73f33fb84');
    expect(hostInterfaceName({ kind: 'pod', namespace: 'default', pod: 'web-0' }, 'cali', 'eth1')).toBe(
      'cali5b6639a4026',
    );
  });
});

describe('the IPv6 gateway', () => {
  it('is the link-local address that Linux gives the host interface for its MAC', () => {
    expect(GATEWAY_IPV6).toBe('fe80::ecee:eeff:feee:eeee');
  });
});
