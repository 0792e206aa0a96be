import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Printed, printed, VerbBench } from '../../test/verbs.ts';
import { diff } from './diff/diff.ts';
import { label } from './write/label.ts';
import { type PatchOptions, patch } from './write/patch.ts';

const POOL = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: a, labels: {rack: r1}}
spec: {cidr: 10.1.0.0/16}
`;

let bench: VerbBench;

beforeEach(async () => {
  bench = new VerbBench();
  await bench.apply(POOL);
});

afterEach(() => bench.remove());

describe('patch', () => {
  const run = (text: string, more: Partial<PatchOptions> = {}): Promise<Printed> =>
    printed(patch('ippool', 'a', { patch: text, type: 'strategic', datastore: bench.datastore, ...more }));

  test.each([
    ['strategic', '{"spec": {"disabled": true}}'],
    ['merge', 'spec: {disabled: true}'],
    ['json', '[{"op": "add", "path": "/spec/disabled", "value": true}]'],
  ] as const)('of type %s', async (type, text) => {
    expect(await run(text, { type })).toEqual({
      text: "Successfully patched 1 'IPPool' resource",
      problems: '',
      notes: '',
    });
    expect(await bench.getJson('ippool', 'a')).toMatchObject({
      spec: { disabled: true, cidr: '10.1.0.0/16' },
    });
    expect((await run('spec: {disabled: true}')).notes).toBe('ippool/a is as the patch wants it already');
  });

  test('null takes a label away, the others stay', async () => {
    await run('metadata: {labels: {rack: null, zone: a}}');
    expect(await bench.getJson('ippool', 'a')).toMatchObject({ metadata: { labels: { zone: 'a' } } });
  });

  test('--dry-run says what would happen', async () => {
    const before = await bench.getJson('ippool', 'a');
    expect((await run('spec: {disabled: true}', { dryRun: true })).text).toBe('ippool/a patched (dry run)');
    expect((await run('spec: {disabled: false}', { dryRun: true })).text).toBe(
      'ippool/a unchanged (dry run)',
    );
    expect(await bench.getJson('ippool', 'a')).toEqual(before);
  });

  test.each([
    [
      'strategic',
      'spec: {disabld: true}',
      /after the change: spec\.disabld: is not a known field: IPPool "a"\n {2}Did you mean disabled/,
    ],
    ['strategic', 'spec: {disabled: 5}', /after the change: spec\.disabled: must be a boolean, not 5/],
    ['strategic', 'spec: {cidr: 10.2.0.0/16}', /spec\.cidr: cannot change from 10\.1\.0\.0\/16/],
    ['strategic', 'metadata: {name: b}', /metadata\.name cannot be changed: IPPool "a"/],
    ['strategic', 'metadata: {uid: x}', /metadata\.uid cannot be changed/],
    ['strategic', 'metadata: {resourceVersion: "999"}', /revision 999 is out of date/],
    ['strategic', 'kind: Node', /after the change: /],
    ['strategic', '[1]', /The patch of type strategic is an object/],
    ['strategic', 'a: [', /The patch is not JSON or YAML/],
    ['json', '{}', /The patch of type json is a list of operations/],
    [
      'json',
      '[{"op": "remove", "path": "/spec/x"}]',
      /does not fit: operation 1: there is nothing at \/spec\/x/,
    ],
  ] as const)('of type %s with %s is refused, and changes nothing', async (type, text, message) => {
    const before = await bench.getJson('ippool', 'a');
    expect((await run(text, { type })).problems).toMatch(message);
    expect(await bench.getJson('ippool', 'a')).toEqual(before);
  });
});

describe('label', () => {
  const run = (labels: string[], more = {}): Promise<Printed> =>
    printed(label('ippool', 'a', labels, { datastore: bench.datastore, ...more }));
  const labels = async () => (await bench.getJson('ippool', 'a')).metadata as { labels?: object };

  test('sets, overwrites and removes, all or nothing', async () => {
    expect((await run(['zone=a', 'x/y=1'])).text).toBe(
      'Successfully set label zone on ippool a\nSuccessfully set label x/y on ippool a',
    );
    expect((await run(['new=1', 'rack=r2'])).problems).toMatch(
      /^the label rack is r1 already: IPPool "a"\n.*--overwrite/,
    );
    expect((await run(['rack=r2'], { overwrite: true })).text).toBe(
      'Successfully updated label rack on ippool a',
    );
    expect((await run(['zone-'])).text).toBe('Successfully removed label zone from ippool a');
    expect((await run(['x/y'], { remove: true })).text).toBe('Successfully removed label x/y from ippool a');
    expect((await labels()).labels).toEqual({ rack: 'r2' });
    expect((await run(['zone-'])).problems).toContain('there is no label zone to remove');
  });

  test.each([
    [['x'], /This is no label: x/],
    [['=x'], /This is no label: =x/],
    [['a b=c'], /"a b" is not a label name/],
    [['a=b c'], /"b c" is not a label value/],
  ])('%j is refused', async (words, message) => {
    expect((await run(words)).problems).toMatch(message);
  });

  test('--dry-run changes nothing', async () => {
    expect((await run(['zone=a'], { dryRun: true })).text).toBe(
      'Successfully set label zone on ippool a (dry run)',
    );
    expect((await labels()).labels).toEqual({ rack: 'r1' });
  });
});

describe('diff', () => {
  const run = async (text: string) => {
    const report = diff({ filename: [bench.file('d.yaml', text)], datastore: bench.datastore });
    return {
      ...(await printed(report)),
      exitCode: await report.then(
        (r) => r.exitCode ?? 0,
        (e) => e.exitCode,
      ),
    };
  };

  test('of what is as it should be is nothing, with exit code 0', async () => {
    expect(await run(POOL)).toMatchObject({ text: '', exitCode: 0 });
  });

  test('of a change is a difference of YAML texts, with exit code 1', async () => {
    const { text, exitCode } = await run(POOL.replace('16}', '16, natOutgoing: true}'));
    expect(exitCode).toBe(1);
    expect(text.replace(/^\+\+\+ .*$/m, '+++')).toBe(
      [
        '--- ippool/a (stored)',
        '+++',
        '@@ -14,6 +14,6 @@',
        '   disableBGPExport: false',
        '   disabled: false',
        '   ipipMode: Never',
        '-  natOutgoing: false',
        '+  natOutgoing: true',
        '   nodeSelector: all()',
        '   vxlanMode: Never',
      ].join('\n'),
    );
  });

  test('of a new object is all of it', async () => {
    const { text, exitCode } = await run(POOL.replace('name: a', 'name: b').replace('10.1', '10.2'));
    expect(exitCode).toBe(1);
    expect(text).toMatch(
      /^--- \/dev\/null\n\+\+\+ ippool\/b \(.*d\.yaml line 1, document 1\)\n@@ -0,0 \+1,\d+ @@\n\+api/,
    );
  });

  test('that cannot be found out has exit code 2', async () => {
    expect(await run('kind: IPPol\n')).toMatchObject({
      exitCode: 2,
      problems: expect.stringContaining('not a known kind'),
    });
    expect(await run(POOL.replace('10.1', '10.9'))).toMatchObject({ exitCode: 2 });
  });
});
