import { readFileSync } from 'node:fs';
import { kindNames, parseJson } from '@weft/resources';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { printed, VerbBench } from '../../test/verbs.ts';
import { get } from './get/get.ts';
import { remove } from './write/delete.ts';

const TEXT = readFileSync(new URL('../../test/every-kind.yaml', import.meta.url), 'utf8');

interface Written {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: object; annotations?: object };
  spec: object;
}

const documents = parseAllDocuments(TEXT, { intAsBigInt: true }).map((document) => ({
  text: String(document),
  value: document.toJS({
    reviver: (_key: unknown, value: unknown) =>
      typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value,
  }) as Written,
}));

let bench: VerbBench;

beforeEach(() => {
  bench = new VerbBench();
});

afterEach(() => bench.remove());

async function show({ kind, metadata }: Written, output: 'yaml' | 'json'): Promise<string> {
  const { namespace, name } = metadata;
  const where = { datastore: bench.datastore, ...(namespace !== undefined && { namespace }) };
  return (await printed(get(kind, [name], { ...where, output }))).text;
}

test('there is a document of every kind', () => {
  expect([...new Set(documents.map(({ value }) => value.kind))].toSorted()).toEqual([...kindNames]);
});

describe('apply, get -o yaml, delete and apply again', () => {
  test.each(
    documents.map(({ text, value }) => [`${value.kind} ${value.metadata.name}`, text, value] as const),
  )('%s', async (_name, text, value) => {
    expect((await bench.apply(text)).problems).toBe('');
    const first = await show(value, 'yaml');
    const stored = parseJson(await show(value, 'json')) as Written;
    // A BlockAffinity of the older group says deleted: "false"; weft shows it as the truth value it is.
    const spec = 'deleted' in value.spec ? { ...value.spec, deleted: false } : value.spec;
    expect(stored.spec).toMatchObject(spec);
    expect(stored.metadata).toMatchObject(value.metadata);

    expect((await bench.apply(first)).text).toMatch(/ unchanged\n/);
    const file = bench.file('stored.yaml', first);
    const options = { datastore: bench.datastore, force: true };
    const deleted = await printed(remove(undefined, [], { ...options, filename: [file] }));
    expect(deleted).toMatchObject({ problems: '', text: expect.stringContaining('Successfully deleted 1') });
    expect(await show(value, 'yaml')).toBe('');

    expect((await bench.apply(first.replace(/^ {2}resourceVersion: .*\n/m, ''))).problems).toBe('');
    expect(withoutIdentity(await show(value, 'yaml'))).toBe(withoutIdentity(first));
  });

  test('all at once, as a list', async () => {
    expect((await bench.apply(TEXT)).problems).toBe('');
    const filename = [bench.file('every.yaml', TEXT)];
    const options = { datastore: bench.datastore, filename, output: 'yaml' } as const;
    const list = (await printed(get(undefined, [], options))).text;
    expect((await bench.apply(list)).text.match(/ unchanged$/gm)).toHaveLength(documents.length);
  });
});

function withoutIdentity(text: string): string {
  return text.replace(/^ {2}(resourceVersion|uid|creationTimestamp): .*\n/gm, '');
}
