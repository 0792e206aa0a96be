import { describe, expect, test } from 'vitest';
import { faults, parsed, written } from '../../test/parsing.ts';
import { parseResource } from '../parse-resource.ts';

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
    [{ bgp: { ipv6Address: '10.0.0.1/24' } }, 'spec.bgp.ipv6Address: 10.0.0.1 is not IPv6'],
    [{ addresses: [{ address: 'node-1' }] }, 'spec.addresses[0].address: "node-1" is not an IP address'],
    [{ interfaces: [{ name: 'eth_0' }] }, 'spec.interfaces[0].name: "eth_0" is not a name'],
    [
      { wireguard: { interfaceIPv4Address: 'foo.bar' } },
      'spec.wireguard.interfaceIPv4Address: "foo.bar" is not an IP address',
    ],
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

describe('the status of a Node', () => {
  const withKey = (wireguardPublicKey: string) =>
    parseResource({ ...written('Node', {}), status: { wireguardPublicKey } });

  test('holds a WireGuard key of 32 bytes', () => {
    expect(withKey('jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgY=').ok).toBe(true);
    for (const key of ['foobar', 'jlkVyQYooZYzI2wFfNhSZez5eWh44yfq1wKVjLvSXgZ=', `${'A'.repeat(44)}=`])
      expect(withKey(key)).toMatchObject({ ok: false, issues: [{ path: 'status.wireguardPublicKey' }] });
  });
});

describe('WorkloadEndpoint', () => {
  const spec = {
    node: 'node-1',
    orchestrator: 'k8s',
    pod: 'web-0',
    endpoint: 'eth0',
    interfaceName: 'cali0123456789a',
  };
  const metadata = { name: 'node--1-k8s-web--0-eth0', namespace: 'default' };

  test('canonicalises what it is plugged in with', () => {
    const endpoint = parsed(
      'WorkloadEndpoint',
      {
        ...spec,
        ipNetworks: ['10.0.0.5', 'FD00::5/128'],
        mac: 'EE:ee:ee:ee:ee:ee',
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

  const tcp = { name: 'http', protocol: 'TCP', port: 80 };
  const networks = ['10.0.0.5', 'fd00::5/128'];

  test.each([
    [{ ports: [tcp, { ...tcp, protocol: 'UDP' }, { protocol: 'SCTP', port: 1, hostPort: 2 }] }],
    [
      {
        ports: [
          { ...tcp, hostPort: 8080, hostIP: '192.0.2.1' },
          { ...tcp, protocol: 17, hostIP: '' },
        ],
      },
    ],
    [{ ipNetworks: networks, ipNATs: [{ internalIP: '10.0.0.5', externalIP: '192.0.2.5' }] }],
    [{ ipNetworks: networks, ipNATs: [{ internalIP: 'fd00::5', externalIP: '2001:db8::5' }] }],
    [{ containerID: 'aB3-x', serviceAccountName: 'default', profiles: ['kns.default', 'ksa.default.web'] }],
    [{ allowSpoofedSourcePrefixes: ['10.0.0.1', '192.168.0.0/16'] }],
    [{ qosControls: { ingressBandwidth: 1000, ingressBurst: 0, egressPacketRate: 10_000, dscp: 'EF' } }],
  ])('accepts %j', (fields) => {
    expect(faults('WorkloadEndpoint', { ...spec, ...fields }, metadata)).toEqual([]);
  });

  test.each([
    [{ interfaceName: undefined }, 'spec.interfaceName: is required'],
    [
      { interfaceName: 'interfaceTooLong' },
      'spec.interfaceName: "interfaceTooLong" is not an interface name of up to 15 characters',
    ],
    [
      { interfaceName: 'eth:0' },
      'spec.interfaceName: "eth:0" is not an interface name of up to 15 characters',
    ],
    [{ ports: [{ ...tcp, port: 70_000 }] }, 'spec.ports[0].port: 70000 is more than 65535'],
    [{ ports: [tcp, { ...tcp, port: 0 }] }, 'spec.ports[1].port: is 0'],
    [{ ports: [{ ...tcp, protocol: undefined }] }, 'spec.ports[0].protocol: is required'],
    [{ ports: [{ ...tcp, protocol: 'ICMP' }] }, 'spec.ports[0].protocol: ICMP has no ports'],
    [{ ports: [{ ...tcp, protocol: 3 }] }, 'spec.ports[0].protocol: 3 has no ports'],
    [{ ports: [{ ...tcp, name: undefined }] }, 'spec.ports[0].name: is required without hostPort'],
    [{ ports: [{ ...tcp, name: 'Http' }] }, 'spec.ports[0].name: "Http" is not the name of a port'],
    [{ ports: [{ ...tcp, name: 'a--b' }] }, 'spec.ports[0].name: "a--b" is not the name of a port'],
    [{ ports: [{ ...tcp, name: '80' }] }, 'spec.ports[0].name: "80" is not the name of a port'],
    [{ ports: [{ ...tcp, hostIP: '10.0.0' }] }, 'spec.ports[0].hostIP: "10.0.0" is not an IP address'],
    [{ ipNetworks: ['10.0.0.4/31'] }, 'spec.ipNetworks[0]: 10.0.0.4/31 holds more than one address'],
    [
      { ipNetworks: networks, ipNATs: [{ internalIP: '10.0.0.5', externalIP: 'fd00::9' }] },
      'spec.ipNATs[0]: 10.0.0.5 and fd00::9 are not of one family',
    ],
    [
      { ipNetworks: networks, ipNATs: [{ internalIP: '10.0.0.6', externalIP: '192.0.2.5' }] },
      'spec.ipNATs[0].internalIP: 10.0.0.6 is not an address of the workload',
    ],
    [
      { ipNATs: [{ internalIP: '10.0.0.5', externalIP: '192.0.2.5' }] },
      'spec.ipNATs[0].internalIP: 10.0.0.5 is not an address of the workload',
    ],
    [{ ipv4Gateway: 'fd00::1' }, 'spec.ipv4Gateway: fd00::1 is not IPv4'],
    [{ ipv6Gateway: '10.0.0.1' }, 'spec.ipv6Gateway: 10.0.0.1 is not IPv6'],
    [{ containerID: '-abc' }, 'spec.containerID: is not the id of a container'],
    [{ containerID: 'abc-' }, 'spec.containerID: is not the id of a container'],
    [{ containerID: 'a.b' }, 'spec.containerID: is not the id of a container'],
    [{ profiles: ['ok', 'Not_ok'] }, 'spec.profiles[1]: "Not_ok" is not a name'],
    [{ serviceAccountName: 'a_b' }, 'spec.serviceAccountName: "a_b" is not a name'],
    [
      { allowSpoofedSourcePrefixes: ['10.x'] },
      'spec.allowSpoofedSourcePrefixes[0]: "10.x" is not an IP address',
    ],
    [
      { qosControls: { ingressBandwidth: 999 } },
      'spec.qosControls.ingressBandwidth: 999 is neither 0, for no limit, nor between 1000 and 1000000000000000',
    ],
    [
      { qosControls: { egressPacketBurst: 10_001 } },
      'spec.qosControls.egressPacketBurst: 10001 is more than 10000',
    ],
  ])('refuses %j', (fields, fault) => {
    expect(faults('WorkloadEndpoint', { ...spec, ...fields }, metadata)).toEqual([fault]);
  });
});
