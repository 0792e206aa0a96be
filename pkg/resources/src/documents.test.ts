import { describe, expect, test } from 'vitest';
import { parseDocuments } from './documents.ts';

const pool = (name: string, cidr: string) => `apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: ${name}
spec:
  cidr: ${cidr}
`;

/** "document:line object path: reason" for each issue of a file. */
function issues(text: string): string[] {
  return parseDocuments(text, 'pools.yaml').issues.map(
    ({ place, object, path, reason }) => `${place.document}:${place.line} ${object} ${path}: ${reason}`,
  );
}

describe('a file of resources', () => {
  test('holds several documents, empty ones among them', () => {
    const text = `# pools\n---\n${pool('a', '10.0.0.0/16')}---\n# nothing here\n---\n${pool('b', '10.1.0.0/16')}---\n`;
    const { resources, issues } = parseDocuments(text, 'pools.yaml');
    expect(issues).toEqual([]);
    expect(resources.map(({ resource, place }) => [resource.metadata.name, place])).toEqual([
      ['a', { file: 'pools.yaml', document: 1, line: 3 }],
      ['b', { file: 'pools.yaml', document: 3, line: 12 }],
    ]);
  });

  test('may be JSON', () => {
    const json = JSON.stringify({
      apiVersion: 'projectcalico.org/v3',
      kind: 'Node',
      metadata: { name: 'n' },
    });
    expect(parseDocuments(json, 'node.json').resources).toHaveLength(1);
  });

  test.each(['List', 'IPPoolList'])('holds the items of a %s', (kind) => {
    const item = (name: string, cidr: string) =>
      pool(name, cidr)
        .split('\n')
        .map((line, index) => `${index === 0 ? '- ' : '  '}${line}`)
        .join('\n');
    const text = `kind: ${kind}\napiVersion: v1\nitems:\n${item('a', '10.0.0.0/16')}\n${item('b', '10.1.0.0/33')}\n`;
    expect(parseDocuments(text, 'x').resources.map(({ resource }) => resource.metadata.name)).toEqual(['a']);
    expect(issues(text)).toEqual([
      '1:16 IPPool b spec.cidr: "10.1.0.0/33" has no prefix length between 0 and 32',
    ]);
  });

  test('holds the elements of a sequence, and values that are merged in', () => {
    const text = `- &a\n  apiVersion: projectcalico.org/v3\n  kind: Node\n  metadata: { name: n }\n- <<: *a\n  metadata: { name: m }\n`;
    const { resources } = parseDocuments(text, 'x');
    expect(resources.map(({ resource }) => resource.metadata.name)).toEqual(['n', 'm']);
  });

  test('may be a part of a larger one, and leave out the namespace that is meant', () => {
    const endpoint = (name: string) =>
      `apiVersion: projectcalico.org/v3\nkind: WorkloadEndpoint\nmetadata: { ${name} }\nspec: {}\n`;
    const options = { line: 100, document: 7, namespace: 'blue' };
    const { issues } = parseDocuments(endpoint('name: a'), 'x', options);
    expect(issues.map(({ path }) => path)).not.toContain('metadata.namespace');
    expect(issues[0]?.place).toEqual({ file: 'x', document: 7, line: 103 });
  });

  test('keeps every digit of large integers', () => {
    const text = `apiVersion: projectcalico.org/v3
kind: IPAMBlock
metadata: { name: 10-0-0-0-32 }
spec:
  { cidr: 10.0.0.0/32, allocations: [null], unallocated: [0], attributes: [], sequenceNumber: 1787380400123456789 }
`;
    expect(parseDocuments(text, 'x').resources[0]?.resource.spec).toMatchObject({
      unallocated: [0],
      sequenceNumber: 1_787_380_400_123_456_789n,
    });
  });
});

describe('a mistake', () => {
  test('is placed at the line of its field, or of the object that lacks it', () => {
    const text = `${pool('a', '10.0.0.0/16')}---\n${pool('b', '10.0.0.1/16')}  blokSize: 5\n  ipipMode: On\n---\n${pool('c', '')}`;
    expect(issues(text)).toEqual([
      '2:13 IPPool b spec.cidr: "10.0.0.1/16" has host bits set; the network is 10.0.0.0/16',
      '2:15 IPPool b spec.ipipMode: "On" is not one of Never, Always, CrossSubnet',
      '2:14 IPPool b spec.blokSize: is not a known field',
      '3:22 IPPool c spec.cidr: must be a string, not null',
    ]);
  });

  test('in one document leaves the others readable', () => {
    const text = `${pool('a', '10.0.0.0/16')}---\nkind: [IPPool\n---\n${pool('b', '10.1.0.0/16')}`;
    expect(parseDocuments(text, 'x').resources).toHaveLength(2);
    expect(issues(text)).toHaveLength(1);
    expect(issues(text)[0]).toContain('is not YAML: ');
  });

  test.each([
    ['hello', '1:1 object kind: is required'],
    ['- a', '1:1 object kind: is required'],
    ['kind: IPPol List\nitems: []', '1:1 IPPol List kind: "IPPol List" is not a list of a known kind'],
    ['kind: List\nitms: []', '1:2 List itms: is not a known field'],
    ['kind: IPPoolList\nitems: 5', '1:2 IPPoolList items: must be a list'],
    ['kind: Pod\nmetadata:\n  name: p', '1:1 Pod p kind: "Pod" is not a known kind'],
    ['kind: IPPool\nkind: IPPool', '1:2  : is not YAML: Map keys must be unique'],
    ['kind: IPPool\nspec: *nobody', '1:2  : *nobody refers to an anchor that does not come before it'],
  ])('%j is %s', (text, issue) => {
    expect(issues(text)).toEqual([issue]);
  });

  test('aliases that would grow without measure are one', () => {
    const levels = Array.from(
      { length: 10 },
      (_, level) => `a${level}: &a${level} [${level === 0 ? 'x' : `*a${level - 1},`.repeat(10)}]`,
    );
    expect(issues(levels.join('\n'))[0]).toContain('Excessive alias count');
  });

  test('nesting that would exhaust the stack is one', () => {
    expect(issues('['.repeat(100_000))).toHaveLength(1);
  });
});
