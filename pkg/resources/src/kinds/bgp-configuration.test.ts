import { describe, expect, test } from 'vitest';
import { faults, parsed } from '../../test/parsing.ts';

const secret = { secretKeyRef: { name: 'bgp', key: 'password' } };
const block = { cidr: '10.96.0.0/12' };
const advertisement = { cidr: '10.0.0.0/16', communities: ['tor'] };

describe('BGPConfiguration', () => {
  test('fills in nothing: on a node, absent means "as the cluster"', () => {
    expect(parsed('BGPConfiguration', {}, { name: 'node.n1' }).spec).toEqual({});
  });

  test('AS numbers become integers, CIDRs canonical', () => {
    const { spec } = parsed('BGPConfiguration', {
      asNumber: '1.10',
      serviceClusterIPs: [{ cidr: '10.96.0.1/12' }, { cidr: 'FD00::1' }],
    });
    expect(spec).toEqual({
      asNumber: 65546,
      serviceClusterIPs: [{ cidr: '10.96.0.0/12' }, { cidr: 'fd00::1/128' }],
    });
  });

  test.each([
    [{ nodeToNodeMeshEnabled: false, asNumber: 4_294_967_295 }, 'default'],
    [
      { communities: [{ name: 'tor', value: '65000:100' }], prefixAdvertisements: [advertisement] },
      'default',
    ],
    [{ prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['1:2', '4200000000:1:2'] }] }, 'node.n1'],
    [{ nodeMeshPassword: secret, nodeMeshMaxRestartTime: '1m30s', logSeverityScreen: 'dEBUG' }, 'default'],
    [{ listenPort: 1179, bindMode: 'NodeIP', ignoredInterfaces: ['eth*', 'lo'] }, 'node.n1'],
    [{ serviceClusterIPs: [{ cidr: '10.101.0.0/16' }, {}] }, 'default'],
    [{ serviceLoadBalancerIPs: [], serviceExternalIPs: [], serviceClusterIPs: [] }, 'node.n1'],
    [{ programClusterRoutes: 'EnabledIPIPOnly', ipv4NormalRoutePriority: 1 }, 'default'],
  ])('accepts %j as %s', (spec, name) => {
    expect(faults('BGPConfiguration', spec, { name })).toEqual([]);
  });

  test.each([
    [{ asNumber: 0 }, 'spec.asNumber: 0 is not an AS number between 1 and 4294967295'],
    [{ asNumber: 4_294_967_296 }, 'spec.asNumber: 4294967296 is not an AS number between 1 and 4294967295'],
    [{ asNumber: '65536.1' }, 'spec.asNumber: "65536.1" is not an AS number between 1 and 4294967295'],
    [
      { asNumber: 1.5 },
      'spec.asNumber: 1.5 is not an AS number between 1 and 4294967295; write "high.low" in quotes',
    ],
    [{ listenPort: 0 }, 'spec.listenPort: 0 is less than 1'],
    [{ listenPort: 65536 }, 'spec.listenPort: 65536 is more than 65535'],
    [
      { logSeverityScreen: 'Loud' },
      'spec.logSeverityScreen: "Loud" is not one of Trace, Debug, Info, Warning, Error, Fatal',
    ],
    [{ ignoredInterfaces: ['eth0', 'eth0'] }, 'spec.ignoredInterfaces[1]: "eth0" is listed twice'],
    [
      { ignoredInterfaces: ['a b'] },
      'spec.ignoredInterfaces[0]: "a b" is not an interface name of up to 15 characters, * as wildcard',
    ],
    [
      { communities: [{ name: 'x', value: '65536:1' }], prefixAdvertisements: [advertisement] },
      'spec.communities[0].value: "65536:1" is not a community: aa:nn of 16-bit numbers or aa:nn:mm of 32-bit numbers',
    ],
    [{ ignoredInterfaces: ['*'] }, 'spec.ignoredInterfaces[0]: means every interface'],
    [
      {
        communities: [{ name: 'To_R', value: '1:1' }],
        prefixAdvertisements: [{ ...advertisement, communities: [] }],
      },
      'spec.communities[0].name: "To_R" is not a name',
    ],
    [
      { prefixAdvertisements: [{ cidr: '10.0.0.0/8' }] },
      'spec.prefixAdvertisements[0].communities: is required',
    ],
    [
      { prefixAdvertisements: [{ cidr: '10.0.0.0/8', communities: ['1:2:4294967296'] }] },
      'spec.prefixAdvertisements[0].communities[0]: "1:2:4294967296" is neither a community nor the name of one',
    ],
    [
      { serviceExternalIPs: [{ cidr: 'x.x.x.x' }] },
      'spec.serviceExternalIPs[0].cidr: "x.x.x.x" is not an IP address',
    ],
    [{ bindMode: 'nodeIP' }, 'spec.bindMode: "nodeIP" is not one of None, NodeIP'],
    [
      { communities: [{ name: 'tor', value: '1:1' }] },
      'spec.communities: names communities that nothing uses',
    ],
    [
      { prefixAdvertisements: [advertisement] },
      'spec.prefixAdvertisements[0].communities[0]: "tor" is neither a community nor the name of one',
    ],
    [{ nodeToNodeMeshEnabled: false, nodeMeshPassword: secret }, 'spec.nodeMeshPassword: the mesh is off'],
    [
      { nodeToNodeMeshEnabled: false, nodeMeshMaxRestartTime: '90s' },
      'spec.nodeMeshMaxRestartTime: the mesh is off',
    ],
    [
      { nodeMeshMaxRestartTime: '90' },
      'spec.nodeMeshMaxRestartTime: "90" is not a duration like 90s or 1m30s',
    ],
    [
      { nodeMeshPassword: { secretKeyRef: { name: 'bgp' } } },
      'spec.nodeMeshPassword.secretKeyRef.key: is required',
    ],
    [{ localWorkloadPeeringIPV4: 'fd00::1' }, 'spec.localWorkloadPeeringIPV4: fd00::1 is not IPv4'],
    [
      { ipv6NormalRoutePriority: 2_147_483_647 },
      'spec.ipv6NormalRoutePriority: 2147483647 is more than 2147483646',
    ],
  ])('refuses %j', (spec, fault) => {
    expect(faults('BGPConfiguration', spec)).toEqual([fault]);
  });

  test('what holds for the cluster cannot be set on one node', () => {
    const spec = {
      nodeToNodeMeshEnabled: true,
      asNumber: 1,
      serviceLoadBalancerIPs: [block],
      serviceExternalIPs: [block],
      serviceClusterIPs: [block],
      nodeMeshPassword: secret,
      nodeMeshMaxRestartTime: '90s',
    };
    const paths = faults('BGPConfiguration', spec, { name: 'node.n1' }).map((fault) => fault.split(':')[0]);
    expect(paths).toEqual(Object.keys(spec).map((field) => `spec.${field}`));
  });

  test('is called default or node.<name>', () => {
    const fault = 'metadata.name: no BGPConfiguration can be called "other"';
    expect(faults('BGPConfiguration', {}, { name: 'other' })).toEqual([fault]);
  });
});

test('BFD of the mesh is for the cluster to say', () => {
  const annotations = { 'weft.dev/bfd': '300ms x 3' };
  expect(faults('BGPConfiguration', {}, { annotations })).toEqual([]);
  expect(faults('BGPConfiguration', {}, { annotations, name: 'node.n1' })).toEqual([
    'metadata.annotations["weft.dev/bfd"]: applies to the whole cluster, but node.n1 is for one node',
  ]);
});
