import { describe, expect, test } from 'vitest';
import { parseDocuments } from './documents.ts';
import { examples } from './examples.ts';
import { kindNames, kinds } from './kinds.ts';
import { referencePage } from './reference.ts';
import { fieldRows } from './reference-fields.ts';

const page = referencePage();
const section = (kind: string) => page.split('\n## ').find((text) => text.startsWith(`${kind}\n`)) ?? '';
const row = (kind: string, field: string) =>
  section(kind)
    .split('\n')
    .find((line) => line.startsWith(`| \`${field}\` `))
    ?.split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

describe('the reference page', () => {
  test.each(kindNames)('has a section on %s with every field and every rule', (kind) => {
    for (const field of Object.keys(kinds[kind].spec.shape)) expect(row(kind, field), field).toBeDefined();
    const lines = section(kind).replaceAll('\\', '');
    for (const { refuses } of kinds[kind].rules ?? []) expect(lines).toContain(`- ${refuses}`);
    expect(section(kind)).toContain(kinds[kind].description);
  });

  test('says of a field its type, default, range, whether it is fixed and whether weft acts on it', () => {
    expect(row('IPPool', 'cidr')).toEqual([
      '`cidr`',
      'CIDR',
      '_required_',
      'yes',
      'The range. Cannot change.',
      '_fixed_',
    ]);
    expect(row('IPPool', 'ipipMode')?.slice(1, 4)).toEqual(['word', '`"Never"`', 'yes']);
    expect(row('IPPool', 'ipipMode')?.[5]).toBe('`Never`, `Always`, `CrossSubnet`');
    expect(row('Node', 'bgp')?.[3]).toBe('part');
    expect(row('Node', 'bgp.asNumber')?.[3]).toBe('yes');
    expect(row('IPAMBlock', 'sequenceNumber')?.[2]).toBe('`0`');
    expect(row('IPAMBlock', 'allocations')?.[1]).toBe('list of integer or null');
    expect(row('BGPConfiguration', 'listenPort')?.[5]).toBe('1 to 65535');
    expect(row('FelixConfiguration', 'chainInsertMode')?.[1]).toBe('word, any case');
  });

  test('keeps what looks like HTML or emphasis outside of code', () => {
    expect(section('BGPConfiguration')).toContain('- May be called: default, or node.\\<name of a node>');
    expect(row('BGPConfiguration', 'ignoredInterfaces')?.[5]).toContain('\\* as wildcard');
  });

  test('says where Kubernetes keeps a kind', () => {
    expect(section('IPAMConfiguration')).toContain(
      '`ipamconfigs` of crd.projectcalico.org/v1, or `ipamconfigurations` of projectcalico.org/v3',
    );
    expect(section('WorkloadEndpoint')).toContain('- In Kubernetes: the Pod');
  });
});

describe('the examples', () => {
  test.each(kindNames)('%s: weft takes it', (kind) => {
    const { resources, issues } = parseDocuments(examples[kind], `${kind}.yaml`);
    expect(issues).toEqual([]);
    expect(resources.map(({ resource }) => resource.kind)).toEqual([kind]);
    expect(section(kind)).toContain(examples[kind]);
  });
});

describe('rows of fields', () => {
  test('follow lists, and describe an object once', () => {
    const inner = { type: 'object', properties: { a: { type: 'string', description: 'A.' } } };
    const rows = fieldRows({
      properties: {
        one: { type: 'array', items: inner, description: 'One.' },
        two: { ...inner, description: 'Two.' },
      },
    });
    expect(rows.map(({ path, type, meaning }) => [path, type, meaning])).toEqual([
      ['one', 'list of object', 'One.'],
      ['one[].a', 'text', 'A.'],
      ['two', 'object', 'Two.'],
      ['two.a', 'text', 'A.'],
    ]);
    const again = fieldRows({
      properties: { one: { type: 'array', items: inner }, two: { type: 'array', items: inner } },
    });
    expect(again.at(-1)).toMatchObject({ path: 'two', meaning: ' Fields as in `one`.' });
  });
});
