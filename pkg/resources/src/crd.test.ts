import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinition } from './crd.ts';
import type { Kind } from './generated/types.ts';
import { kindNames } from './kinds.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly [keyword: string]: unknown;
}

function definition(kind: Kind): {
  names: Record<string, string>;
  version: Record<string, unknown>;
  spec: Node;
} {
  const { spec } = parse(customResourceDefinition(kind)?.text ?? '');
  const [version] = spec.versions;
  return { names: spec.names, version, spec: version.schema.openAPIV3Schema.properties.spec };
}

const withCrd = kindNames.filter((kind) => customResourceDefinition(kind) !== undefined);

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of [...Object.values(node.properties ?? {}), node.items, node.additionalProperties])
    if (child !== undefined) yield* nodesOf(child);
}

describe('CustomResourceDefinitions of crd.projectcalico.org/v1', () => {
  test('exist for all kinds that Kubernetes does not keep elsewhere', () => {
    const without = kindNames.filter((kind) => !withCrd.includes(kind));
    expect(without).toEqual(['Node', 'WorkloadEndpoint']);
  });

  test('call IPAMConfiguration by the name of that group', () => {
    expect(definition('IPAMConfiguration').names).toMatchObject({
      kind: 'IPAMConfig',
      plural: 'ipamconfigs',
    });
    expect(definition('BlockAffinity').names).toMatchObject({
      kind: 'BlockAffinity',
      plural: 'blockaffinities',
    });
  });

  test.each(withCrd)('%s: the schema is structural', (kind) => {
    for (const node of nodesOf(definition(kind).spec)) {
      expect(Object.keys(node)).not.toContain('anyOf');
      if (node['x-kubernetes-int-or-string'] === true) expect(node.type).toBeUndefined();
      else expect(['object', 'array', 'string', 'integer', 'boolean']).toContain(node.type);
      expect(node.properties !== undefined && node.additionalProperties !== undefined).toBe(false);
      // What a newer Calico writes must survive.
      if (node.properties !== undefined) expect(node['x-kubernetes-preserve-unknown-fields']).toBe(true);
      expect(JSON.stringify(node)).not.toMatch(/typescript|typeName|crdDefault|9007199254740991/);
    }
  });

  test('cidr and block size of a pool cannot change', () => {
    const { properties = {} } = definition('IPPool').spec;
    const frozen = Object.keys(properties).filter(
      (field) => 'x-kubernetes-validations' in (properties[field] ?? {}),
    );
    expect(frozen).toEqual(['cidr', 'blockSize']);
    expect(properties.cidr).toMatchObject({
      maxLength: 48,
      'x-kubernetes-validations': [{ rule: 'self == oldSelf' }],
    });
  });

  test('have no defaults but those of Calico, which reads the same objects', () => {
    const defaults = withCrd.flatMap((kind) =>
      Object.entries(definition(kind).spec.properties ?? {})
        .filter(([, node]) => 'default' in node)
        .map(([field, node]) => [kind, field, node.default]),
    );
    expect(defaults).toEqual([
      ['BGPConfiguration', 'logSeverityScreen', 'Info'],
      ['BGPConfiguration', 'serviceLoadBalancerAggregation', 'Enabled'],
      ['FelixConfiguration', 'nftablesMode', 'Auto'],
      ['FelixConfiguration', 'nftablesFlowTableOffload', 'Disabled'],
      ['IPAMConfiguration', 'autoAllocateBlocks', true],
      ['IPPool', 'nodeSelector', 'all()'],
      ['IPPool', 'assignmentMode', 'Automatic'],
    ]);
  });

  test('use the types of that group: text for `deleted` of an affinity, int64 for sequence numbers', () => {
    expect(definition('BlockAffinity').spec.properties?.deleted).toMatchObject({ type: 'string' });
    const { properties = {} } = definition('IPAMBlock').spec;
    expect(properties.sequenceNumber).toMatchObject({ type: 'integer', format: 'int64' });
    expect(properties.allocations).toMatchObject({ items: { type: 'integer', nullable: true } });
    expect(properties.sequenceNumberForAllocation).toMatchObject({
      additionalProperties: { type: 'integer', format: 'int64' },
    });
  });

  test('print the columns of calicoctl that are plain fields', () => {
    const columns = definition('BGPPeer').version.additionalPrinterColumns;
    expect(columns).toEqual([
      { name: 'PEERIP', type: 'string', jsonPath: '.spec.peerIP' },
      { name: 'ASN', type: 'integer', jsonPath: '.spec.asNumber' },
    ]);
  });

  test('carry the rules over several fields, with what to do', () => {
    const rules = definition('BGPPeer').spec['x-kubernetes-validations'] as {
      rule: string;
      message: string;
    }[];
    expect(rules).toContainEqual({
      rule: "!has(self.node) || self.node == '' || !has(self.nodeSelector) || self.nodeSelector == ''",
      message: 'node: node and nodeSelector exclude each other; remove node or nodeSelector',
    });
    const rule = definition('BGPFilter').spec.properties?.exportV4?.items;
    expect(rule?.['x-kubernetes-validations']).toHaveLength(3);
  });
});
