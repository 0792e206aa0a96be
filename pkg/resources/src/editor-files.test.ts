import { describe, expect, test } from 'vitest';
import { editorFiles } from './editor-files.ts';
import { jsonSchemaOf, kindNames } from './kinds.ts';

const files = editorFiles().map(({ name, text }) => ({ name, schema: JSON.parse(text) }));
const spec = (kind: (typeof kindNames)[number]) => jsonSchemaOf(kind).properties?.spec?.properties ?? {};

describe('JSON Schemas for editors', () => {
  test('are one of each kind, and one of everything', () => {
    const names = kindNames.map((kind) => `${kind.toLowerCase()}.json`);
    expect(files.map(({ name }) => name)).toEqual([...names, 'all.json']);
  });

  test.each(files)('$name holds only what draft 7 knows', ({ schema }) => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    const text = JSON.stringify(schema);
    expect(text).not.toMatch(/"(nullable|crd|editor|words|shape|textType|typescript|x-kubernetes-[a-z-]*)":/);
    expect(text).not.toContain('(?i)');
  });

  test('the one of everything decides by kind, and every file it points to exists', () => {
    const { allOf, properties } = files.at(-1)?.schema ?? {};
    const targets = allOf.map(({ then }: { then: { $ref?: string } }) => then.$ref).filter(Boolean);
    expect(targets).toEqual(files.slice(0, -1).map(({ name }) => name));
    expect(properties.kind.enum).toEqual(expect.arrayContaining(['IPPool', 'IPPoolList', 'List']));
  });

  test('a word in any case is offered as it is and taken in capitals', () => {
    const { chainInsertMode } = spec('FelixConfiguration');
    expect(chainInsertMode?.anyOf).toEqual([
      { enum: ['Insert', 'Append'] },
      { pattern: '^([Ii][Nn][Ss][Ee][Rr][Tt]|[Aa][Pp][Pp][Ee][Nn][Dd])$' },
    ]);
    expect(chainInsertMode?.pattern).toBeUndefined();
  });

  test('an AS number may be text, a free address is null, a set repeats nothing', () => {
    expect(spec('BGPPeer').asNumber?.anyOf).toHaveLength(2);
    expect(spec('BGPPeer').asNumber?.type).toBeUndefined();
    expect(spec('IPAMBlock').allocations?.items?.type).toEqual(['integer', 'null']);
    expect(spec('IPPool').allowedUses).toMatchObject({ uniqueItems: true });
  });
});
