import { affinityName, type BlockAffinity, type Resource } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import {
  fromCustomResource,
  isSoftDeleted,
  nameOf,
  softDeleted,
  toCustomResource,
} from './custom-resource.ts';
import { readingOf } from './reading.ts';

const V1 = 'crd.projectcalico.org/v1';
const V3 = 'projectcalico.org/v3';

function resource(kind: string, name: string, spec: object): Resource {
  const reading = readingOf({ apiVersion: V3, kind, metadata: { name }, spec });
  if (!reading.ok) throw new Error(reading.reason);
  return reading.resource;
}

const affinity = resource('BlockAffinity', 'node-a-10-244-0-0-26', { node: 'node-a', cidr: '10.244.0.0/26' });

describe('a BlockAffinity', () => {
  const labels = {
    // Source: Calico block_affinity_hash_internal_test.go.
    'projectcalico.org/hostname-hash': 'PY3TQE2E3XMTETLM2MJO3UITKPFB27YUJ4T4E5XGPEJON3SM4QAA',
    'projectcalico.org/affinity-type': 'host',
    'projectcalico.org/ip-version': '4',
  };

  it('is stored in v1 as Calico stores it', () => {
    expect(toCustomResource(affinity, V1)).toEqual({
      apiVersion: V1,
      kind: 'BlockAffinity',
      metadata: {
        name: 'node-a-10-244-0-0-26',
        labels,
        annotations: {
          'projectcalico.org/metadata':
            '{"creationTimestamp":null,"labels":{"projectcalico.org/affinity-type":"host",' +
            '"projectcalico.org/hostname-hash":"PY3TQE2E3XMTETLM2MJO3UITKPFB27YUJ4T4E5XGPEJON3SM4QAA",' +
            '"projectcalico.org/ip-version":"4"}}',
        },
      },
      spec: { state: 'confirmed', node: 'node-a', type: 'host', cidr: '10.244.0.0/26', deleted: 'false' },
    });
  });

  it('is stored in v3 with a boolean and plain labels', () => {
    expect(toCustomResource(affinity, V3)).toMatchObject({
      apiVersion: V3,
      metadata: { name: 'node-a-10-244-0-0-26', labels },
      spec: { deleted: false },
    });
  });

  it.each([V1, V3] as const)(
    'comes back from %s as it was, without the labels that follow from it',
    (group) => {
      const read = readingOf(fromCustomResource('BlockAffinity', toCustomResource(affinity, group), group));
      expect(read).toEqual({ ok: true, resource: affinity });
    },
  );

  it('is labelled by the family of its block', () => {
    const six = resource('BlockAffinity', 'x', { node: 'n', cidr: 'fd00:10::/122', type: 'virtual' });
    expect(toCustomResource(six, V3).metadata.labels).toMatchObject({
      'projectcalico.org/ip-version': '6',
      'projectcalico.org/affinity-type': 'virtual',
    });
  });

  it('with a name too long for Kubernetes is stored under a short one, and known by the long one', () => {
    const node = `${'n'.repeat(63)}.`.repeat(3) + 'n'.repeat(55);
    const { spec } = resource('BlockAffinity', 'x', { node, cidr: '10.244.0.0/26' }) as BlockAffinity;
    const long = affinityName(spec.node, spec.cidr);
    expect(long.length).toBeGreaterThan(253);
    const stored = toCustomResource(resource('BlockAffinity', long, spec), V1);
    expect(stored.metadata.name).toHaveLength(252);
    expect(nameOf('BlockAffinity', stored)).toBe(long);
  });
});

it('an IPAMConfiguration is an IPAMConfig in v1', () => {
  const configuration = resource('IPAMConfiguration', 'default', { strictAffinity: true });
  expect(toCustomResource(configuration, V1)).toMatchObject({
    apiVersion: V1,
    kind: 'IPAMConfig',
    spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 0 },
  });
  expect(toCustomResource(configuration, V3)).toMatchObject({ apiVersion: V3, kind: 'IPAMConfiguration' });
});

it('an IPAMBlock has every field that Calico requires, and none that nobody set', () => {
  const block = resource('IPAMBlock', '10-0-0-0-30', {
    cidr: '10.0.0.0/30',
    allocations: [null, null, null, null],
    sequenceNumber: 1787380400123456789n,
    fromTheFuture: { deep: [1] },
  });
  expect(
    JSON.parse(
      JSON.stringify(toCustomResource(block, V1).spec, (_, v) => (typeof v === 'bigint' ? `${v}n` : v)),
    ),
  ).toEqual({
    cidr: '10.0.0.0/30',
    allocations: [null, null, null, null],
    unallocated: [],
    attributes: [],
    sequenceNumber: '1787380400123456789n',
    sequenceNumberForAllocation: {},
    deleted: false,
    strictAffinity: false,
    fromTheFuture: { deep: [1] },
  });
});

it('the mark of deletion is text where the group says so', () => {
  const object = { metadata: { name: 'a' }, spec: { node: 'n' } };
  expect(softDeleted('BlockAffinity', object, V1).spec).toEqual({ node: 'n', deleted: 'true' });
  expect(softDeleted('BlockAffinity', object, V3).spec).toEqual({ node: 'n', deleted: true });
  expect(softDeleted('IPAMBlock', object, V1).spec).toEqual({ node: 'n', deleted: true });
  for (const [deleted, isDeleted] of [
    ['true', true],
    [true, true],
    ['false', false],
    [false, false],
    ['', false],
  ] as const)
    expect(isSoftDeleted({ metadata: {}, spec: { deleted } })).toBe(isDeleted);
});
