/** Calico's keys and values: what it writes is read, and what weft writes is what Calico would have written. */
import { kindNames, parseJson, stringifyJson } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import type { ResourceKey } from '../../datastore.ts';
import { mappingOf } from './mappings.ts';

const V3 = '/calico/resources/v3/projectcalico.org/';

/** Key, value as Calico prints it, the object it is, the spec in it. */
const EXAMPLES: readonly (readonly [string, ResourceKey, string, string, object])[] = [
  [
    'a cluster-scoped object',
    { kind: 'IPPool', name: 'default-ipv4-ippool' },
    `${V3}ippools/default-ipv4-ippool`,
    '{"kind":"IPPool","apiVersion":"projectcalico.org/v3","metadata":{"name":"default-ipv4-ippool","uid":"f5bda8a3-1c0e-4f43-9f1e-6c5d4b1ad4d6","creationTimestamp":"2024-05-02T10:11:12Z"},"spec":{"cidr":"192.168.0.0/16","ipipMode":"Always","natOutgoing":true,"blockSize":26,"nodeSelector":"all()"}}',
    { cidr: '192.168.0.0/16', ipipMode: 'Always', natOutgoing: true, blockSize: 26, nodeSelector: 'all()' },
  ],
  [
    'a namespaced object',
    { kind: 'WorkloadEndpoint', namespace: 'ns', name: 'node--1-k8s-pod-eth0' },
    `${V3}workloadendpoints/ns/node--1-k8s-pod-eth0`,
    '{"kind":"WorkloadEndpoint","apiVersion":"projectcalico.org/v3","metadata":{"name":"node--1-k8s-pod-eth0","namespace":"ns","uid":"u","creationTimestamp":"2024-05-02T10:11:12Z","labels":{"a":"b"}},"spec":{"orchestrator":"k8s","node":"node-1"}}',
    { orchestrator: 'k8s', node: 'node-1' },
  ],
  [
    'a block',
    { kind: 'IPAMBlock', name: '10-0-0-0-30' },
    '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30',
    '{"cidr":"10.0.0.0/30","affinity":"host:node1","affinity_claim_time":"2026-08-22T06:33:20Z","allocations":[0,null,1,null],"unallocated":[1,3],"attributes":[{"handle_id":"k8s-pod-network.c1","secondary":{"namespace":"ns","node":"node1","pod":"p","timestamp":"2026-08-22 06:33:20.1 +0000 UTC"}},{}],"sequenceNumber":1787380400123456789,"sequenceNumberForAllocation":{"0":1787380400123456780},"deleted":false}',
    {
      cidr: '10.0.0.0/30',
      affinity: 'host:node1',
      affinityClaimTime: '2026-08-22T06:33:20Z',
      sequenceNumber: 1787380400123456789n,
    },
  ],
  [
    'an IPv6 block without an owner, of a version before claim times',
    { kind: 'IPAMBlock', name: 'fd00-10---126' },
    '/calico/ipam/v2/assignment/ipv6/block/fd00:10::-126',
    '{"cidr":"fd00:10::/126","affinity":null,"allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":[],"sequenceNumber":0,"sequenceNumberForAllocation":{},"deleted":false}',
    { cidr: 'fd00:10::/126', unallocated: [0, 1, 2, 3] },
  ],
  [
    'the affinity of a host',
    { kind: 'BlockAffinity', name: 'node-1-10-0-0-0-26' },
    '/calico/ipam/v2/host/node-1/ipv4/block/10.0.0.0-26',
    '{"state":"confirmed","deleted":false}',
    { state: 'confirmed', node: 'node-1', type: 'host', cidr: '10.0.0.0/26', deleted: false },
  ],
  [
    'the affinity of a virtual owner',
    { kind: 'BlockAffinity', name: 'load-balancer-fd00-10---122' },
    '/calico/ipam/v2/virtual/load-balancer/ipv6/block/fd00:10::-122',
    '{"state":"pending","deleted":false}',
    { state: 'pending', node: 'load-balancer', type: 'virtual', cidr: 'fd00:10::/122' },
  ],
  [
    'a handle, whose ID keeps its case',
    { kind: 'IPAMHandle', name: 'ipip-tunnel-addr-node1' },
    '/calico/ipam/v2/handle/ipip-tunnel-addr-Node1',
    '{"block":{"10.0.0.0/26":1},"deleted":false}',
    { handleID: 'ipip-tunnel-addr-Node1', block: { '10.0.0.0/26': 1 }, deleted: false },
  ],
  [
    'the configuration',
    { kind: 'IPAMConfiguration', name: 'default' },
    '/calico/ipam/v2/config',
    '{"strict_affinity":true,"auto_allocate_blocks":true,"maxBlocksPerHost":20}',
    { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 20 },
  ],
  [
    'the configuration from which Go left out what is false',
    { kind: 'IPAMConfiguration', name: 'default' },
    '/calico/ipam/v2/config',
    '{}',
    { strictAffinity: false, autoAllocateBlocks: false },
  ],
];

const read = (text: string) => parseJson(text) as Record<string, unknown>;

describe.each(EXAMPLES)('%s', (_, key, etcdKey, value, spec) => {
  const mapping = mappingOf(key.kind);
  const { kind: __, ...name } = key;

  it('is read from where Calico keeps it', () => {
    const resource = mapping.decode(etcdKey, read(value));
    expect(resource).toMatchObject({
      apiVersion: 'projectcalico.org/v3',
      kind: key.kind,
      metadata: name,
      spec,
    });
    expect(mapping.nameIn(etcdKey)).toEqual(name);
  });

  it('is written in Calico’s bytes', () => {
    const resource = mapping.decode(etcdKey, read(value));
    expect(stringifyJson(mapping.encode(resource))).toBe(value);
    expect(mapping.keyOf(resource)).toBe(etcdKey);
  });

  it('lies in the range of its kind, and in no other', () => {
    for (const kind of kindNames) {
      const { key: from, rangeEnd } = mappingOf(kind).range();
      expect([kind, etcdKey >= from && etcdKey < rangeEnd]).toEqual([kind, kind === key.kind]);
    }
  });

  it('keeps what nobody knows, at any depth', () => {
    const unknown = { fromTheFuture: { deep: [null, { x: 1 }] } };
    const resource = mapping.decode(etcdKey, read(value));
    const stored = mapping.encode({ ...resource, spec: { ...resource.spec, ...unknown } });
    const again = mapping.decode(etcdKey, read(stringifyJson(stored)));
    expect(again).toMatchObject({ metadata: resource.metadata, spec: { ...resource.spec, ...unknown } });
    const annotations = { 'example.org/x': '1' };
    const annotated = mapping.encode({ ...resource, metadata: { ...resource.metadata, annotations } });
    expect(mapping.decode(etcdKey, read(stringifyJson(annotated))).metadata).toMatchObject({ annotations });
  });
});

describe('old data', () => {
  it('an affinity without a value has no state, which means confirmed', () => {
    const etcdKey = '/calico/ipam/v2/host/n1/ipv4/block/10.0.0.0-26';
    expect(mappingOf('BlockAffinity').decode(etcdKey, {}).spec).toEqual({
      node: 'n1',
      type: 'host',
      cidr: '10.0.0.0/26',
    });
  });

  it('a block that names its host in the old field has that owner, and is written in the new form', () => {
    const mapping = mappingOf('IPAMBlock');
    const etcdKey = '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30';
    const resource = mapping.decode(etcdKey, { cidr: '10.0.0.0/30', affinity: null, hostAffinity: 'n1' });
    expect(resource.spec.affinity).toBe('host:n1');
    expect(mapping.encode(resource)).toMatchObject({ affinity: 'host:n1' });
    expect(mapping.encode(resource)).not.toHaveProperty('hostAffinity');
  });
});

describe('what Calico keeps beside', () => {
  it.each([
    ['a host marker', 'BlockAffinity', '/calico/ipam/v2/host/node1'],
    ['an owner of another type', 'BlockAffinity', '/calico/ipam/v2/other/node1/ipv4/block/10.0.0.0-26'],
    ['a block that is none', 'BlockAffinity', '/calico/ipam/v2/host/node1/ipv4/block/10.0.0.0-99'],
    ['an object deeper than its kind has levels', 'IPPool', `${V3}ippools/a/b`],
    ['an object without a namespace', 'WorkloadEndpoint', `${V3}workloadendpoints/a`],
    ['an object without a name', 'IPPool', `${V3}ippools/`],
    ['a handle with a slash', 'IPAMHandle', '/calico/ipam/v2/handle/a/b'],
  ] as const)('%s is not taken for an object', (_, kind, etcdKey) => {
    expect(mappingOf(kind).nameIn(etcdKey)).toBeUndefined();
  });
});

describe('names', () => {
  it('of an affinity lead to every key that may be meant', () => {
    const keys = mappingOf('BlockAffinity').keysNamed({ kind: 'BlockAffinity', name: 'a-b-1---122' });
    expect(keys).toContain('/calico/ipam/v2/host/a-b/ipv6/block/1::-122');
    expect(keys).toContain('/calico/ipam/v2/host/a/ipv6/block/b:1::-122');
    expect(mappingOf('BlockAffinity').keysNamed({ kind: 'BlockAffinity', name: 'n-9-10-0-0-0-26' })).toEqual([
      '/calico/ipam/v2/host/n-9/ipv4/block/10.0.0.0-26',
      '/calico/ipam/v2/virtual/n-9/ipv4/block/10.0.0.0-26',
    ]);
  });

  it.each([
    ['IPPool', ''],
    ['IPPool', 'a/b'],
    ['IPAMBlock', 'x'],
    ['IPAMBlock', '10-0-0-0-33'],
    ['BlockAffinity', '10-0-0-0-26'],
    ['BlockAffinity', 'nonsense'],
    ['IPAMHandle', 'a/b'],
    ['IPAMConfiguration', 'other'],
    ['WorkloadEndpoint', 'without-namespace'],
  ] as const)('of %s cannot be "%s"', (kind, name) => {
    expect(mappingOf(kind).keysNamed({ kind, name })).toEqual([]);
  });

  it('that do not fit the content have no key', () => {
    const metadata = { name: 'n2-10-0-0-0-26' };
    const spec = { node: 'n1', cidr: '10.0.0.0/26' };
    expect(mappingOf('BlockAffinity').keyOf({ metadata, spec })).toBeUndefined();
    expect(
      mappingOf('IPAMBlock').keyOf({ metadata: { name: '10-0-0-0-26' }, spec: { cidr: '10.0.1.0/26' } }),
    ).toBeUndefined();
    expect(
      mappingOf('IPAMHandle').keyOf({ metadata: { name: 'a' }, spec: { handleID: 'b' } }),
    ).toBeUndefined();
  });
});
