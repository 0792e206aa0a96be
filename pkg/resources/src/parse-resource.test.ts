import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faults, written } from '../test/parsing.ts';
import type { IPPool } from './generated/types.ts';
import { kindNames } from './kinds.ts';
import { parseResource, readResource } from './parse-resource.ts';

const pool = { cidr: '10.0.0.0/16' };

describe('a field nobody knows', () => {
  const value = {
    ...written('IPPool', { ...pool, natOutgoin: true, future: { deep: [null, ''] } }),
    metadata: { name: 'p', labels: {}, custom: 1 },
    extra: null,
  };

  test('is an error where users write, with the nearest known field', () => {
    const result = parseResource(value);
    expect(result.ok ? [] : result.issues).toEqual([
      { path: 'metadata.custom', reason: 'is not a known field', hint: 'remove it' },
      { path: 'spec.natOutgoin', reason: 'is not a known field', hint: 'did you mean natOutgoing?' },
      { path: 'spec.future', reason: 'is not a known field', hint: 'remove it' },
      { path: 'extra', reason: 'is not a known field', hint: 'remove it' },
    ]);
  });

  test('survives where a store is read, whatever it holds', () => {
    const result = readResource(value);
    expect(result).toMatchObject({
      ok: true,
      resource: {
        spec: { natOutgoin: true, future: { deep: [null, ''] } },
        metadata: { custom: 1 },
        extra: null,
      },
    });
  });

  test('survives inside lists, too', () => {
    const result = readResource(
      written('BGPFilter', { exportV4: [{ action: 'Accept', newer: { a: null } }] }),
    );
    expect(result).toMatchObject({ ok: true, resource: { spec: { exportV4: [{ newer: { a: null } }] } } });
  });

  test('is named in lists by its index', () => {
    expect(
      faults('BGPFilter', { exportV4: [{ action: 'Accept' }, { action: 'Accept', cdir: 'x' }] }),
    ).toEqual(['spec.exportV4[1].cdir: is not a known field']);
  });
});

describe('what a store holds', () => {
  test('may break rules over several fields: another version wrote it', () => {
    const twice = written('IPPool', { ...pool, ipipMode: 'Always', vxlanMode: 'Always' });
    expect(parseResource(twice).ok).toBe(false);
    expect(readResource(twice).ok).toBe(true);
  });

  test('must still be readable field by field', () => {
    expect(readResource(written('IPPool', { cidr: 'nonsense' })).ok).toBe(false);
  });

  test('is not changed by reading: a second reading gives the same', () => {
    const first = readResource(written('IPPool', { cidr: 'FD00:0::/64', allowedUses: null }));
    expect(first.ok && readResource(first.resource)).toEqual(first);
  });

  test('input is not modified', () => {
    const value = written('IPPool', { ...pool, nodeSelector: '', namespaceSelector: null });
    const before = structuredClone(value);
    readResource(value);
    expect(value).toEqual(before);
  });
});

describe('kind, version and name', () => {
  test.each([
    [{ kind: 'IPool' }, 'kind', '"IPool" is not a known kind', 'did you mean IPPool?'],
    [{ kind: 'pool' }, 'kind', '"pool" is not a known kind', 'did you mean IPPool?'],
    [{ kind: 'ippools' }, 'kind', '"ippools" is not a known kind', 'did you mean IPPool?'],
    [
      { kind: 'Deployment' },
      'kind',
      '"Deployment" is not a known kind',
      `use one of ${kindNames.join(', ')}`,
    ],
    [
      { kind: 'constructor' },
      'kind',
      '"constructor" is not a known kind',
      `use one of ${kindNames.join(', ')}`,
    ],
    [
      { apiVersion: 'crd.projectcalico.org/v1' },
      'apiVersion',
      '"crd.projectcalico.org/v1" is not projectcalico.org/v3',
      'write apiVersion: projectcalico.org/v3',
    ],
    [{ metadata: {} }, 'metadata.name', 'is required', 'add name'],
    [{ metadata: undefined }, 'metadata', 'is required', 'add metadata'],
    [{ spec: 'x' }, 'spec', 'must be an object, not "x"', undefined],
  ])('%j', (change, path, reason, hint) => {
    const result = parseResource({ ...written('IPPool', pool), ...change });
    expect(result).toEqual({ ok: false, issues: [{ path, reason, ...(hint && { hint }) }] });
  });

  test.each([null, undefined, 'text', 5, [], {}])('%j is no resource', (value) => {
    expect(parseResource(value)).toMatchObject({
      ok: false,
      issues: [{ path: 'kind', reason: 'is required' }],
    });
  });

  test.each([
    ['Pool', 'metadata.name: "Pool" is not a name'],
    ['-a', 'metadata.name: "-a" is not a name'],
    ['a..b', 'metadata.name: "a..b" is not a name'],
    ['a'.repeat(254), 'metadata.name: has 254 characters; at most 253 are allowed'],
  ])('no object is called %s', (name, fault) => {
    expect(faults('IPPool', pool, { name })).toEqual([fault]);
  });

  test('a cluster-wide kind has no namespace', () => {
    expect(faults('IPPool', pool, { namespace: 'default' })).toEqual([
      'metadata.namespace: IPPool belongs to the cluster, not to a namespace',
    ]);
    expect(faults('IPPool', pool, { namespace: '' })).toEqual([]);
  });

  test('a number or a boolean where text belongs is that text, as in Calico', () => {
    const metadata = { name: 2024, labels: { rack: 7n, edge: true }, annotations: { since: 1.5 } };
    const result = parseResource({ ...written('IPPool', pool), metadata });
    expect(result.ok && result.resource.metadata).toEqual({
      name: '2024',
      labels: { rack: '7', edge: 'true' },
      annotations: { since: '1.5' },
    });
    expect(faults('BGPPeer', { node: 5, filters: [1], peerSelector: 'all()' })).toEqual([]);
    expect(faults('BGPPeer', { peerSelector: 'all()', keepaliveTime: 90 })).toEqual([
      'spec.keepaliveTime: must be a string, not 90',
    ]);
    expect(readResource({ ...written('IPPool', pool), metadata }).ok).toBe(false);
  });

  test('annotations follow it, too, their domain in any case, and hold 256 KiB in all', () => {
    const room = 256 * 1024 - 'key'.length;
    const good = { 'ProjectCalico.org/Label': 'any value\n', 'calicoctl.example/x_Y': '' };
    expect(faults('IPPool', pool, { annotations: good })).toEqual([]);
    expect(faults('IPPool', pool, { annotations: { key: 'x'.repeat(room) } })).toEqual([]);
    expect(faults('IPPool', pool, { annotations: { key: `${'x'.repeat(room - 1)}ä` } })).toEqual([
      'metadata.annotations: hold 262145 bytes; at most 262144 are allowed',
    ]);
    expect(
      faults('IPPool', pool, { annotations: { a$b: '', 'a/b/c': '', [`${'a'.repeat(254)}/b`]: '' } }),
    ).toEqual([
      'metadata.annotations["a$b"]: "a$b" is not the name of an annotation',
      'metadata.annotations["a/b/c"]: "a/b/c" is not the name of an annotation',
      expect.stringContaining('is not the name of an annotation'),
    ]);
  });

  test.each([
    ['projectcalico.org/Label', 'x'.repeat(63), true],
    ['ProjectCalico.org/label', 'x', false],
    ['projectcalico.org/label', 'x'.repeat(64), false],
    ['x'.repeat(64), '', false],
    [`${'x'.repeat(253)}/a`, '', true],
    [`${'x'.repeat(254)}/a`, '', false],
    ['.mylabel', '', false],
    ['a', '-b', false],
  ])('the label %s: %s is right: %s', (name, value, right) => {
    expect(faults('IPPool', pool, { labels: { [name]: value } })).toHaveLength(right ? 0 : 1);
  });

  test('labels follow the syntax of Kubernetes', () => {
    const labels = { 'a.b/c': 'x', c: '', 'd e': 'x', f: 'x y', g: 5, h: {} };
    expect(faults('IPPool', pool, { labels })).toEqual([
      'metadata.labels.h: must be a string, not an object',
    ]);
    expect(faults('IPPool', pool, { labels: { ...labels, h: '5' } })).toEqual([
      'metadata.labels["d e"]: "d e" is not a label name',
      'metadata.labels.f: "x y" is not a label value',
    ]);
  });

  test('an absent spec is an empty one', () => {
    const { spec: _, ...value } = written('BGPConfiguration', {});
    expect(parseResource(value)).toMatchObject({ ok: true, resource: { spec: {} } });
    expect(parseResource({ ...value, spec: null }).ok).toBe(true);
  });
});

describe('hostile input', () => {
  test('never throws, whatever the fields hold', () => {
    const anything = fc.anything({ withBigInt: true, withNullPrototype: true, maxDepth: 3 });
    const value = fc.record(
      {
        apiVersion: fc.oneof(fc.constant('projectcalico.org/v3'), anything),
        kind: fc.oneof(fc.constantFrom(...kindNames), anything),
        metadata: fc.oneof(fc.record({ name: fc.string(), labels: anything }), anything),
        spec: fc.oneof(fc.dictionary(fc.constantFrom(...specFields), anything), anything),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(value, (random) => {
        for (const result of [parseResource(random), readResource(random)])
          if (!result.ok) expect(result.issues.length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('a field called __proto__ is one more unknown field', () => {
    const value = written('IPPool', JSON.parse('{"cidr":"10.0.0.0/16","__proto__":{"disabled":true}}'));
    expect(parseResource(value)).toMatchObject({ ok: false, issues: [{ path: 'spec.__proto__' }] });
    const result = readResource(value);
    expect(result.ok && (result.resource as IPPool).spec.disabled).toBe(false);
  });
});

const specFields = [
  'cidr',
  'blockSize',
  'nodeSelector',
  'allowedUses',
  'bgp',
  'asNumber',
  'peerIP',
  'exportV4',
  'allocations',
  'sequenceNumber',
  'sequenceNumberForAllocation',
  'attributes',
  'block',
  'deleted',
  'reservedCIDRs',
  'ports',
  'communities',
  'prefixAdvertisements',
  'ipNetworks',
  'node',
  'orchestrator',
  'pod',
  'endpoint',
  'unallocated',
];
