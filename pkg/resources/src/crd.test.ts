import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { customResourceDefinition } from './crd.ts';
import { type CrdGroup, crdNames } from './crd-names.ts';
import type { Kind } from './generated/types.ts';
import { kindNames } from './kinds.ts';

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly additionalProperties?: Node;
  readonly [keyword: string]: unknown;
}

interface Definition {
  readonly name: string;
  readonly group: string;
  readonly names: Record<string, unknown>;
  readonly version: Record<string, unknown>;
  readonly object: Node;
  readonly spec: Node;
}

function definition(kind: Kind, group: CrdGroup): Definition {
  const { metadata, spec } = parse(customResourceDefinition(kind, group)?.text ?? '');
  const [version] = spec.versions;
  const object = version.schema.openAPIV3Schema;
  return {
    name: metadata.name,
    group: spec.group,
    names: spec.names,
    version,
    object,
    spec: object.properties.spec,
  };
}

const groups = ['v1', 'v3'] as const;
const withCrd = kindNames.filter((kind) => customResourceDefinition(kind, 'v1') !== undefined);

function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of [...Object.values(node.properties ?? {}), node.items, node.additionalProperties])
    if (child !== undefined) yield* nodesOf(child);
}

function rulesOf(node: Node | undefined): { rule: string; message: string }[] {
  return (node?.['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[];
}

describe('names in both groups', () => {
  test('exist for all kinds that Kubernetes does not keep elsewhere', () => {
    const without = kindNames.filter((kind) => crdNames(kind, 'v3') === undefined);
    expect(without).toEqual(['Node', 'WorkloadEndpoint']);
    expect(kindNames.filter((kind) => !withCrd.includes(kind))).toEqual(without);
  });

  test('IPAMConfiguration has another name in crd.projectcalico.org/v1, and only that', () => {
    expect(crdNames('IPAMConfiguration', 'v1')).toEqual({
      group: 'crd.projectcalico.org',
      version: 'v1',
      kind: 'IPAMConfig',
      plural: 'ipamconfigs',
    });
    expect(crdNames('IPAMConfiguration', 'v3')).toEqual({
      group: 'projectcalico.org',
      version: 'v3',
      kind: 'IPAMConfiguration',
      plural: 'ipamconfigurations',
    });
    for (const kind of withCrd.filter((name) => name !== 'IPAMConfiguration'))
      expect(crdNames(kind, 'v1')?.plural).toBe(crdNames(kind, 'v3')?.plural);
  });

  test('short names are those of Calico, in one group only', () => {
    const shortNames = (group: CrdGroup) =>
      withCrd.flatMap((kind) => (definition(kind, group).names.shortNames ?? []) as string[]);
    expect(shortNames('v1')).toEqual([]);
    expect(shortNames('v3')).toEqual([
      ...['bgpconfig', 'bgpconfigs', 'affinity', 'affinities', 'clusterinfo', 'clusterinfos'],
      ...['ipamconfig', 'ipamconfigs'],
    ]);
  });
});

describe.each(groups)('CustomResourceDefinitions of %s', (group) => {
  test.each(withCrd)('%s: the schema is structural', (kind) => {
    const { name, names, object, spec } = definition(kind, group);
    expect(name).toBe(`${names.plural}.${definition(kind, group).group}`);
    for (const node of [...nodesOf(spec), ...nodesOf(object.properties?.status ?? { type: 'object' })]) {
      expect(Object.keys(node)).not.toContain('anyOf');
      if (node['x-kubernetes-int-or-string'] === true) expect(node.type).toBeUndefined();
      else expect(['object', 'array', 'string', 'integer', 'boolean']).toContain(node.type);
      expect(node.properties !== undefined && node.additionalProperties !== undefined).toBe(false);
      // What a newer Calico writes must survive.
      if (node.properties !== undefined) expect(node['x-kubernetes-preserve-unknown-fields']).toBe(true);
      expect(Object.keys(node)).not.toContain('crd');
      expect(JSON.stringify(node)).not.toMatch(/typescript|typeName|9007199254740991/);
    }
  });

  test('cidr and block size of a pool cannot change', () => {
    const { properties = {} } = definition('IPPool', group).spec;
    const frozen = Object.keys(properties).filter((field) => rulesOf(properties[field]).length > 0);
    expect(frozen).toEqual(['cidr', 'blockSize']);
    expect(properties.cidr?.maxLength).toBe(48);
    expect(rulesOf(properties.cidr)[0]?.rule).toBe('self == oldSelf');
  });

  test('the status of a pool and of a node is a subresource, as in Calico', () => {
    const withStatus = withCrd.filter((kind) => 'subresources' in definition(kind, group).version);
    expect(withStatus).toEqual(['CalicoNodeStatus', 'IPPool']);
  });

  test('have no defaults but those of Calico, which reads the same objects', () => {
    const defaults = withCrd.flatMap((kind) =>
      Object.entries(definition(kind, group).spec.properties ?? {})
        .filter(([, node]) => 'default' in node)
        .map(([field, node]) => [`${kind}.${field}`, node.default]),
    );
    expect(Object.fromEntries(defaults)).toEqual({
      'BGPConfiguration.logSeverityScreen': 'Info',
      'BGPConfiguration.serviceLoadBalancerAggregation': 'Enabled',
      'FelixConfiguration.nftablesMode': 'Auto',
      'FelixConfiguration.nftablesFlowTableOffload': 'Disabled',
      'IPAMBlock.sequenceNumber': 0,
      'IPPool.nodeSelector': 'all()',
      'IPPool.assignmentMode': 'Automatic',
      ...(group === 'v3' && {
        'BlockAffinity.deleted': false,
        'IPAMConfiguration.strictAffinity': false,
        'IPAMConfiguration.autoAllocateBlocks': true,
        'IPAMConfiguration.maxBlocksPerHost': 0,
      }),
    });
  });

  test('sequence numbers are 64 bits wide, a free address is null, an old affinity has no state', () => {
    const { properties = {} } = definition('IPAMBlock', group).spec;
    expect(properties.sequenceNumber).toMatchObject({ type: 'integer', format: 'int64' });
    expect(properties.allocations).toMatchObject({ items: { type: 'integer', nullable: true } });
    expect(properties.sequenceNumberForAllocation).toMatchObject({
      additionalProperties: { type: 'integer', format: 'int64' },
    });
    expect(definition('BlockAffinity', group).spec.properties?.state?.enum).toContain('');
  });

  test('`deleted` of an affinity is text in v1 and a boolean in v3', () => {
    const type = group === 'v1' ? 'string' : 'boolean';
    expect(definition('BlockAffinity', group).spec.properties?.deleted).toMatchObject({ type });
    expect(definition('IPAMHandle', group).spec.properties?.deleted).toMatchObject({ type: 'boolean' });
  });

  test('print the columns of calicoctl that are plain fields', () => {
    const columns = definition('BGPPeer', group).version.additionalPrinterColumns;
    expect(columns).toEqual([
      { name: 'PEERIP', type: 'string', jsonPath: '.spec.peerIP' },
      { name: 'ASN', type: 'integer', jsonPath: '.spec.asNumber' },
    ]);
  });

  test('carry the rules over several fields, with what to do', () => {
    expect(rulesOf(definition('BGPPeer', group).spec)).toContainEqual({
      rule: "!has(self.node) || self.node == '' || !has(self.nodeSelector) || self.nodeSelector == ''",
      message: 'node: node and nodeSelector exclude each other; remove node or nodeSelector',
    });
    const { properties = {} } = definition('BGPFilter', group).spec;
    expect(rulesOf(properties.exportV4?.items)).toHaveLength(3);
    expect(properties.exportV4?.items?.properties?.operations?.items).toMatchObject({
      minProperties: 1,
      maxProperties: 1,
    });
  });

  test('carry the rules about names, over the whole object', () => {
    expect(rulesOf(definition('ClusterInformation', group).object)).toEqual([
      { rule: 'self.metadata.name.matches("^default$")', message: 'metadata.name: must be default' },
    ]);
    expect(rulesOf(definition('BGPConfiguration', group).object)).toContainEqual({
      rule: "self.metadata.name == 'default' || !has(self.spec) || !(has(self.spec.asNumber))",
      message: 'spec.asNumber: applies to the whole cluster; set it on the BGPConfiguration default',
    });
    expect(rulesOf(definition('FelixConfiguration', group).object)).toHaveLength(1);
  });

  test('words may be written in any case, or empty', () => {
    const { pattern } = definition('FelixConfiguration', group).spec.properties?.chainInsertMode ?? {};
    expect(pattern).toBe('^(?i)(Insert|Append)?$');
  });
});
