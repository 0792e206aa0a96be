import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';

describe('Node', () => {
  test('reads addresses with and without a prefix length', () => {
    const { spec } = parsed('Node', {
      bgp: { ipv4Address: '10.0.0.1/24', ipv6Address: 'FD00::1', asNumber: '64512' },
    });
    expect(spec.bgp).toEqual({ ipv4Address: '10.0.0.1/24', ipv6Address: 'fd00::1/128', asNumber: 64512 });
  });

  test.each([
    [{}],
    [{ bgp: { routeReflectorClusterID: '224.0.0.1' }, orchRefs: [{ orchestrator: 'k8s', nodeName: 'n1' }] }],
    [
      {
        addresses: [{ address: '10.0.0.1/24', type: 'CalicoNodeIP' }],
        interfaces: [{ name: 'eth0', addresses: ['10.0.0.1'] }],
      },
    ],
    [{ ipv4VXLANTunnelAddr: '10.1.0.0', vxlanTunnelMACAddr: '66:aa:BB:cc:dd:ee', wireguard: {} }],
  ])('accepts %j', (spec) => {
    expect(faults('Node', spec, { name: 'n1' })).toEqual([]);
  });

  test.each([
    [{ bgp: {} }, 'spec.bgp: is empty'],
    [{ bgp: { ipv4Address: 'fd00::1/64' } }, 'spec.bgp.ipv4Address: fd00::1 is not IPv4'],
    [
      { bgp: { ipv4Address: '10.0.0.1/33' } },
      'spec.bgp.ipv4Address: "10.0.0.1/33" has no prefix length between 0 and 32',
    ],
    [{ bgp: { routeReflectorClusterID: '1' } }, 'spec.bgp.routeReflectorClusterID: "1" is not an IP address'],
    [
      { vxlanTunnelMACAddr: '66' },
      'spec.vxlanTunnelMACAddr: "66" is not a MAC address like ee:ee:ee:ee:ee:ee',
    ],
    [
      { addresses: [{ address: '10.0.0.1', type: 'HostIP' }] },
      'spec.addresses[0].type: "HostIP" is not one of CalicoNodeIP, InternalIP, ExternalIP',
    ],
  ])('refuses %j', (spec, fault) => {
    expect(faults('Node', spec, { name: 'n1' })).toEqual([fault]);
  });
});

describe('WorkloadEndpoint', () => {
  const spec = { node: 'node-1', orchestrator: 'k8s', pod: 'web-0', endpoint: 'eth0' };
  const metadata = { name: 'node--1-k8s-web--0-eth0', namespace: 'default' };

  test('canonicalises what it is plugged in with', () => {
    const endpoint = parsed(
      'WorkloadEndpoint',
      {
        ...spec,
        ipNetworks: ['10.0.0.5', 'FD00::5/128'],
        mac: 'EE:ee:ee:ee:ee:ee',
        interfaceName: 'cali0123456789a',
      },
      metadata,
    );
    expect(endpoint.spec).toMatchObject({
      ipNetworks: ['10.0.0.5/32', 'fd00::5/128'],
      mac: 'ee:ee:ee:ee:ee:ee',
    });
  });

  test('its name follows from the spec', () => {
    expect(faults('WorkloadEndpoint', spec, { ...metadata, name: 'web' })).toEqual([
      'metadata.name: "web" does not follow from the spec',
    ]);
    expect(faults('WorkloadEndpoint', { ...spec, pod: undefined }, metadata)).toEqual([
      'spec: pod is required to name a WorkloadEndpoint of k8s',
    ]);
  });

  test('lives in a namespace', () => {
    expect(faults('WorkloadEndpoint', spec, { name: metadata.name })).toEqual([
      'metadata.namespace: is required: WorkloadEndpoint lives in a namespace',
    ]);
  });

  test('names the port that is wrong', () => {
    const ports = [{ name: 'http', protocol: 'TCP', port: 70000 }];
    expect(faults('WorkloadEndpoint', { ...spec, ports }, metadata)).toEqual([
      'spec.ports[0].port: 70000 is more than 65535',
    ]);
  });
});
