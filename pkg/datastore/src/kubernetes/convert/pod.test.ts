import type { WorkloadEndpoint } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from './kubernetes-object.ts';
import { endpointKey, fromPod, pluggedAnnotations, podOfEndpoint } from './pod.ts';
import { readLeniently } from './reading.ts';

interface Change {
  readonly annotations?: Record<string, string>;
  readonly spec?: Record<string, unknown>;
  readonly status?: Record<string, unknown>;
  readonly deletionTimestamp?: string;
}

function pod({ annotations = {}, spec = {}, status = {}, ...meta }: Change = {}): KubernetesObject {
  return {
    metadata: {
      name: 'pod-1',
      namespace: 'ns',
      uid: 'u',
      resourceVersion: '7',
      labels: { app: 'x' },
      annotations,
      ...meta,
    },
    spec: { nodeName: 'node-1', serviceAccountName: 'sa', ...spec },
    status,
  };
}

function endpoint(change?: Change): WorkloadEndpoint {
  const reading = readLeniently<'WorkloadEndpoint'>(fromPod(pod(change)) ?? {});
  if (!reading.ok) throw new Error(reading.reason);
  return reading.resource;
}

describe('a Pod', () => {
  it('is an endpoint of the name, interface, profiles and labels that Calico gives it', () => {
    const plugged = {
      'cni.projectcalico.org/podIP': '10.0.0.5/32',
      'cni.projectcalico.org/containerID': 'c1',
    };
    expect(endpoint({ annotations: plugged })).toEqual({
      apiVersion: 'projectcalico.org/v3',
      kind: 'WorkloadEndpoint',
      metadata: {
        name: 'node--1-k8s-pod--1-eth0',
        namespace: 'ns',
        uid: 'u',
        resourceVersion: '7',
        labels: {
          app: 'x',
          'projectcalico.org/namespace': 'ns',
          'projectcalico.org/orchestrator': 'k8s',
          'projectcalico.org/serviceaccount': 'sa',
        },
      },
      spec: {
        orchestrator: 'k8s',
        node: 'node-1',
        pod: 'pod-1',
        containerID: 'c1',
        endpoint: 'eth0',
        interfaceName: expect.stringMatching(/^cali[0-9a-f]{11}$/),
        profiles: ['kns.ns', 'ksa.ns.sa'],
        serviceAccountName: 'sa',
        ipNetworks: ['10.0.0.5/32'],
      },
    });
  });

  it('has the interface name that Calico computes', () => {
    // Source: Calico conversion_test.go, "generate a veth name with the right prefix".
    const object = pod();
    const named = { ...object, metadata: { ...object.metadata, name: 'podname', namespace: 'namespace' } };
    expect(fromPod(named)).toMatchObject({ spec: { interfaceName: 'cali82111e10a96' } });
  });

  it.each([
    ['of the host network', { spec: { hostNetwork: true } }],
    ['without a node', { spec: { nodeName: '' } }],
  ])('%s is no endpoint', (_, change) => {
    expect(endpointKey(pod(change))).toBeUndefined();
    expect(fromPod(pod(change))).toBeUndefined();
  });

  it('keeps out the label of a service account whose name is too long for one', () => {
    const { labels } = endpoint({ spec: { serviceAccountName: 's'.repeat(63) } }).metadata;
    expect(labels).not.toHaveProperty('projectcalico.org/serviceaccount');
  });

  const all = {
    'cni.projectcalico.org/podIPs': '10.0.0.3/32,fd00::3/128',
    'cni.projectcalico.org/podIP': '10.0.0.4/32',
    'vpc.amazonaws.com/pod-ips': '10.0.0.5',
  };
  const without = (...names: (keyof typeof all)[]): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !(names as string[]).includes(name)));

  it.each([
    [
      'status.podIPs',
      all,
      { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], podIP: '10.0.0.2' },
      ['10.0.0.1/32', 'fd00::1/128'],
    ],
    ['status.podIP', all, { podIP: '10.0.0.2' }, ['10.0.0.2/32']],
    ['podIPs', all, {}, ['10.0.0.3/32', 'fd00::3/128']],
    ['podIP', without('cni.projectcalico.org/podIPs'), {}, ['10.0.0.4/32']],
    ['pod-ips', without('cni.projectcalico.org/podIPs', 'cni.projectcalico.org/podIP'), {}, ['10.0.0.5/32']],
    ['nothing', {}, {}, undefined],
  ])('takes its addresses from %s, if nothing comes before', (_, annotations, status, addresses) => {
    expect(endpoint({ annotations, status }).spec.ipNetworks ?? []).toEqual(addresses ?? []);
  });

  const removed = { 'cni.projectcalico.org/podIP': '', 'cni.projectcalico.org/podIPs': '' };
  it.each([
    ['Failed', { status: { phase: 'Failed', podIP: '10.0.0.1' } }, 0],
    ['Succeeded', { status: { phase: 'Succeeded', podIP: '10.0.0.1' } }, 0],
    ['Completed', { status: { phase: 'Completed', podIP: '10.0.0.1' } }, 0],
    [
      'deleted and unplugged',
      { deletionTimestamp: 'x', annotations: removed, status: { podIP: '10.0.0.1' } },
      0,
    ],
    [
      'deleted and unplugged by AWS',
      {
        deletionTimestamp: 'x',
        annotations: { 'vpc.amazonaws.com/pod-ips': '' },
        status: { podIP: '10.0.0.1' },
      },
      0,
    ],
    ['deleted, not yet unplugged', { deletionTimestamp: 'x', status: { podIP: '10.0.0.1' } }, 1],
    ['unplugged, not deleted', { annotations: removed, status: { podIP: '10.0.0.1' } }, 1],
  ])('counts its addresses only while they are its own: %s', (_, change, count) => {
    expect(endpoint(change).spec.ipNetworks ?? []).toHaveLength(count);
  });

  it('tells ports that have a name or a port of the host, of known protocols', () => {
    const containers = [
      {
        ports: [
          { name: 'web', containerPort: 80 },
          { containerPort: 81 },
          { containerPort: 82, hostPort: 8082, hostIP: '10.0.0.1', protocol: 'UDP' },
        ],
      },
    ];
    const initContainers = [
      {
        ports: [
          { name: 'odd', containerPort: 1, protocol: 'ICMP' },
          { name: 's', containerPort: 2, protocol: 'SCTP' },
        ],
      },
    ];
    expect(endpoint({ spec: { containers, initContainers } }).spec.ports).toEqual([
      { name: 'web', protocol: 'TCP', port: 80, hostPort: 0 },
      { protocol: 'UDP', port: 82, hostPort: 8082, hostIP: '10.0.0.1' },
      { name: 's', protocol: 'SCTP', port: 2, hostPort: 0 },
    ]);
  });

  it('maps floating addresses to the address of their family', () => {
    const annotations = {
      'cni.projectcalico.org/podIPs': '10.0.0.3/32,fd00::3/128',
      'cni.projectcalico.org/floatingIPs': '["192.0.2.1","2001:db8::1"]',
      'cni.projectcalico.org/allowedSourcePrefixes': '["192.0.2.0/24"]',
    };
    expect(endpoint({ annotations }).spec).toMatchObject({
      ipNATs: [
        { internalIP: '10.0.0.3', externalIP: '192.0.2.1' },
        { internalIP: 'fd00::3', externalIP: '2001:db8::1' },
      ],
      allowSpoofedSourcePrefixes: ['192.0.2.0/24'],
    });
  });

  it('with annotations nobody can read keeps its addresses', () => {
    const annotations = {
      'cni.projectcalico.org/podIP': '10.0.0.3/32',
      'cni.projectcalico.org/floatingIPs': 'oops',
      'cni.projectcalico.org/allowedSourcePrefixes': '["oops"]',
    };
    expect(endpoint({ annotations }).spec.ipNetworks).toEqual(['10.0.0.3/32']);
  });
});

describe('the annotations of an endpoint', () => {
  it('are its first address, all of them, and the container', () => {
    const { metadata, spec } = endpoint();
    const plugged = { ...spec, ipNetworks: ['10.0.0.5/32', 'fd00::5/128'], containerID: 'c1' };
    expect(pluggedAnnotations({ metadata, spec: plugged } as unknown as WorkloadEndpoint)).toEqual({
      'cni.projectcalico.org/podIP': '10.0.0.5/32',
      'cni.projectcalico.org/podIPs': '10.0.0.5/32,fd00::5/128',
      'cni.projectcalico.org/containerID': 'c1',
    });
    expect(pluggedAnnotations({ metadata, spec: {} } as unknown as WorkloadEndpoint)).toEqual({});
  });

  it('keeps the id under which weftd knows the endpoint, and nothing else of its annotations', () => {
    const annotations = { 'weft.dev/endpoint-id': 'c1-eth0', other: 'x' };
    const endpoint = { metadata: { annotations }, spec: { ipNetworks: ['10.0.0.5/32'] } };
    const written = pluggedAnnotations(endpoint as unknown as WorkloadEndpoint);
    expect(written).toMatchObject({ 'weft.dev/endpoint-id': 'c1-eth0' });
    expect(written).not.toHaveProperty('other');
    expect(fromPod(pod({ annotations: written }))).toMatchObject({
      metadata: { annotations: { 'weft.dev/endpoint-id': 'c1-eth0' } },
    });
  });
});

it.each([
  ['node-k8s-pod--name-eth0', 'pod-name'],
  ['node--1.example-k8s-a----b-eth0', 'a--b'],
  ['node-cni-c1-eth0', undefined],
  ['node-k8s-pod', undefined],
  ['nonsense', undefined],
])('the endpoint %s is of the Pod %s', (name, expected) => {
  expect(podOfEndpoint(name)).toBe(expected);
});
