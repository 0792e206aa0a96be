import type { Node } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from './kubernetes-object.ts';
import { fromKubernetesNode, nodeAnnotations } from './node.ts';
import { readLeniently } from './reading.ts';

const annotations = {
  'projectcalico.org/IPv4Address': '10.0.0.1/24',
  'projectcalico.org/IPv6Address': 'fd00::1/64',
  'projectcalico.org/ASNumber': '2546',
  'projectcalico.org/RouteReflectorClusterID': '248.0.4.5',
  'projectcalico.org/IPv4IPIPTunnelAddr': '10.244.0.1',
  'projectcalico.org/IPv4VXLANTunnelAddr': '10.244.0.2',
  'projectcalico.org/VXLANTunnelMACAddr': '66:2d:9c:00:00:01',
  'projectcalico.org/IPv6VXLANTunnelAddr': 'fd00:10::2',
  'projectcalico.org/VXLANTunnelMACAddrV6': '66:2d:9c:00:00:02',
  'projectcalico.org/IPv4WireguardInterfaceAddr': '10.244.0.3',
  'projectcalico.org/IPv6WireguardInterfaceAddr': 'fd00:10::3',
  'projectcalico.org/WireguardPublicKey': 'key4',
  'projectcalico.org/WireguardPublicKeyV6': 'key6',
  'projectcalico.org/Interfaces': '[{"name":"eth0","addresses":["172.17.17.10"]}]',
  'projectcalico.org/labels': '{"rack":"r1","zone":"calico"}',
  'projectcalico.org/annotations': '{"note":"x"}',
};

const kubernetesNode: KubernetesObject = {
  metadata: {
    name: 'n1',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { zone: 'kubernetes', 'kubernetes.io/hostname': 'n1' },
    annotations: { ...annotations, 'kubeadm.io/other': 'y' },
  },
  spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
  status: {
    addresses: [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'Hostname', address: 'n1' },
      { type: 'ExternalIP', address: '192.0.2.1' },
    ],
  },
};

function read(object: KubernetesObject): Node {
  const reading = readLeniently<'Node'>(fromKubernetesNode(object));
  if (!reading.ok) throw new Error(reading.reason);
  return reading.resource;
}

function withAnnotations(more: Record<string, string>): KubernetesObject {
  const { metadata } = kubernetesNode;
  return { ...kubernetesNode, metadata: { ...metadata, annotations: { ...metadata.annotations, ...more } } };
}

describe('a Node of Kubernetes', () => {
  it('says all that Calico reads from it', () => {
    expect(read(kubernetesNode)).toEqual({
      apiVersion: 'projectcalico.org/v3',
      kind: 'Node',
      metadata: {
        name: 'n1',
        uid: 'u',
        resourceVersion: '7',
        creationTimestamp: '2026-01-01T00:00:00Z',
        labels: { rack: 'r1', zone: 'kubernetes', 'kubernetes.io/hostname': 'n1' },
        annotations: {
          note: 'x',
          'projectcalico.org/kube-labels': '{"kubernetes.io/hostname":"n1","zone":"kubernetes"}',
        },
      },
      spec: {
        bgp: {
          ipv4Address: '10.0.0.1/24',
          ipv6Address: 'fd00::1/64',
          asNumber: 2546,
          routeReflectorClusterID: '248.0.4.5',
          ipv4IPIPTunnelAddr: '10.244.0.1',
        },
        ipv4VXLANTunnelAddr: '10.244.0.2',
        vxlanTunnelMACAddr: '66:2d:9c:00:00:01',
        ipv6VXLANTunnelAddr: 'fd00:10::2',
        vxlanTunnelMACAddrV6: '66:2d:9c:00:00:02',
        orchRefs: [{ nodeName: 'n1', orchestrator: 'k8s' }],
        wireguard: { interfaceIPv4Address: '10.244.0.3', interfaceIPv6Address: 'fd00:10::3' },
        addresses: [
          { address: '10.0.0.1/24', type: 'CalicoNodeIP' },
          { address: 'fd00::1/64', type: 'CalicoNodeIP' },
          { address: '10.0.0.1', type: 'InternalIP' },
          { address: '192.0.2.1', type: 'ExternalIP' },
        ],
        interfaces: [{ name: 'eth0', addresses: ['172.17.17.10'] }],
      },
      status: { wireguardPublicKey: 'key4', wireguardPublicKeyV6: 'key6', podCIDRs: ['10.244.0.0/24'] },
    });
  });

  it('written back unchanged gives the annotations it was read from', () => {
    // Calico's own label of a name that Kubernetes has, too, is lost, as in Calico.
    expect(nodeAnnotations(read(kubernetesNode))).toEqual({
      ...annotations,
      'projectcalico.org/labels': '{"rack":"r1"}',
    });
  });

  it('without annotations has no BGP, and no labels but those of Kubernetes', () => {
    const node = read({ metadata: { name: 'n2' } });
    expect(node.spec).toEqual({ orchRefs: [{ nodeName: 'n2', orchestrator: 'k8s' }] });
    expect(node.metadata.annotations).toEqual({ 'projectcalico.org/kube-labels': 'null' });
    expect(Object.values(nodeAnnotations(node))).toEqual(
      Object.values(nodeAnnotations(node)).map(() => null),
    );
  });

  it.each([
    ['IPv4Address', '10.0.0.300/24', ['spec', 'bgp', 'ipv4Address']],
    ['ASNumber', 'many', ['spec', 'bgp', 'asNumber']],
    ['RouteReflectorClusterID', '288.0.4.5', ['spec', 'bgp', 'routeReflectorClusterID']],
    ['VXLANTunnelMACAddr', 'no mac', ['spec', 'vxlanTunnelMACAddr']],
    ['Interfaces', 'no json', ['spec', 'interfaces']],
  ])('with %s: %s counts without that field', (name, value, path) => {
    const node = read(withAnnotations({ [`projectcalico.org/${name}`]: value }));
    const field = path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], node);
    expect(field).toBeUndefined();
    expect(node.spec.bgp?.ipv6Address).toBe('fd00::1/64');
  });

  it('loses single addresses of an interface that are none', () => {
    const text = '[{"name":"eth0","addresses":["172.17.17.10","x"]}]';
    expect(read(withAnnotations({ 'projectcalico.org/Interfaces': text })).spec.interfaces).toEqual([
      { name: 'eth0', addresses: ['172.17.17.10'] },
    ]);
  });

  it('loses the annotation of a field that is emptied, and all of BGP with it', () => {
    const node = read(kubernetesNode);
    const { bgp: _, ...spec } = node.spec;
    const written = nodeAnnotations({ ...node, spec });
    expect(written).toMatchObject({
      'projectcalico.org/IPv4Address': null,
      'projectcalico.org/IPv6Address': null,
      'projectcalico.org/ASNumber': null,
      'projectcalico.org/RouteReflectorClusterID': null,
      'projectcalico.org/IPv4IPIPTunnelAddr': null,
      'projectcalico.org/IPv4VXLANTunnelAddr': '10.244.0.2',
    });
  });
});
