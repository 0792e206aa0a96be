import { existsSync, mkdirSync } from 'node:fs';
import { openEmbedded } from '@weft/datastore';
import { createIpam } from '@weft/ipam';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Workbench } from '../../test/run.ts';
import { failuresOf, printFailure, type Report } from '../failure.ts';
import { get } from './get/get.ts';
import type { GetOptions } from './get/options.ts';
import { type DeleteOptions, remove } from './write/delete.ts';
import { validate } from './write/validate.ts';
import { type WriteOptions, write } from './write/write.ts';

let workbench: Workbench;
let datastore: string;

beforeEach(() => {
  workbench = new Workbench();
  datastore = workbench.path('store.db');
});

afterEach(() => workbench.remove());

/** What a command would print, whether it returned or threw. */
interface Printed {
  ok: boolean;
  text: string;
  problems: string;
}

async function printed(command: Promise<Report>): Promise<Printed> {
  const { text, failures } = await command.catch((error) => ({ text: '', failures: failuresOf(error) }));
  const lines = typeof text === 'string' ? [text] : await Array.fromAsync(text);
  return {
    ok: failures.length === 0,
    text: lines.join('\n'),
    problems: failures.map(printFailure).join('\n'),
  };
}

function writeFile(
  verb: 'apply' | 'create' | 'replace',
  filename: string,
  more: Partial<WriteOptions> = {},
): Promise<Printed> {
  return printed(write(verb, { filename: [filename], datastore, ...more }));
}

function apply(...documents: string[]): Promise<Printed> {
  return writeFile('apply', workbench.file('applied.yaml', documents.join('---\n')));
}

function show(word: string, names: string[] = [], more: Partial<GetOptions> = {}): Promise<Printed> {
  return printed(get(word, names, { datastore, output: 'ps', ...more }));
}

function removeNamed(
  word: string | undefined,
  names: string[],
  more: Partial<DeleteOptions> = {},
): Promise<Printed> {
  return printed(remove(word, names, { datastore, ...more }));
}

function pool(name: string, cidr: string, more = ''): string {
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: ${name}}\nspec:\n  cidr: ${cidr}\n${more}`;
}

async function poolNames(): Promise<string[]> {
  if (!existsSync(datastore)) return [];
  const { text } = await show('ippools', [], { output: 'name' });
  return text.split('\n').filter((line) => line !== '');
}

describe("apply, get and delete, in calicoctl's words", () => {
  test('apply creates, then replaces; get shows; delete removes', async () => {
    expect(await apply(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16'))).toEqual({
      ok: true,
      text: "ippool/a created\nippool/b created\nSuccessfully applied 2 'IPPool' resource(s)",
      problems: '',
    });
    await apply(pool('a', '10.1.0.0/16', '  natOutgoing: true\n'));
    expect((await show('pool')).text).toBe(
      'NAME   CIDR          SELECTOR\na      10.1.0.0/16   all()\nb      10.2.0.0/16   all()',
    );
    expect(JSON.parse((await show('ipp', ['a'], { output: 'json' })).text)).toMatchObject({
      kind: 'IPPool',
      metadata: { name: 'a' },
      spec: { natOutgoing: true },
    });
    expect((await removeNamed('ippool', ['a', 'b'])).text).toBe(
      "Successfully deleted 2 'IPPool' resource(s)",
    );
    expect(await poolNames()).toEqual([]);
  });

  test('several kinds at once are counted without a kind', async () => {
    const node = 'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1}\n';
    expect((await apply(pool('a', '10.1.0.0/16'), node)).text).toMatch(
      /^Successfully applied 2 resource\(s\)$/m,
    );
  });

  test('wide nodes show an inherited AS number in parentheses', async () => {
    const node =
      'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1}\nspec: {bgp: {ipv4Address: 10.0.0.1/24}}\n';
    const configuration =
      'apiVersion: projectcalico.org/v3\nkind: BGPConfiguration\nmetadata: {name: default}\nspec: {asNumber: 65001}\n';
    await apply(node);
    expect((await show('nodes', [], { output: 'wide' })).text).toContain('n1     (64512)   10.0.0.1/24');
    await apply(configuration);
    expect((await show('nodes', [], { output: 'wide' })).text).toContain('n1     (65001)   10.0.0.1/24');
  });

  test('what get prints as YAML can be applied again, and keeps identity and creation time', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    const before = (await show('ippools', [], { output: 'yaml' })).text;
    expect(before).toMatch(/creationTimestamp: "/);
    expect(await apply(before)).toMatchObject({ ok: true });
    const after = (await show('ippools', [], { output: 'yaml' })).text;
    const withoutRevision = (text: string) => text.replace(/resourceVersion: .*/g, '');
    expect(withoutRevision(after)).toBe(withoutRevision(before));
  });

  test('a document of an old revision neither undoes nor deletes what changed since', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    const old = workbench.file('old.yaml', (await show('ippool', ['a'], { output: 'yaml' })).text);
    await apply(pool('a', '10.1.0.0/16', '  disabled: true\n'));
    for (const attempt of [writeFile('replace', old), writeFile('apply', old)]) {
      expect((await attempt).problems).toMatch(/revision \d+ is out of date, the latest is \d+: IPPool "a"/);
    }
    expect((await removeNamed(undefined, [], { filename: [old] })).problems).toMatch(
      /has changed since revision \d+/,
    );
    expect((await show('ippool', ['a'], { output: 'yaml' })).text).toContain('disabled: true');
  });

  test('replace keeps what users do not write: identity and a status that is not given', async () => {
    const status = 'status: {conditions: []}\n';
    await apply(pool('a', '10.1.0.0/16') + status);
    await apply(pool('a', '10.1.0.0/16', '  disabled: true\n'));
    expect(JSON.parse((await show('pool', ['a'], { output: 'json' })).text)).toMatchObject({
      spec: { disabled: true },
      status: { conditions: [] },
    });
  });

  test('create refuses what exists and reports what was done; --skip-exists does not mind', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    const file = workbench.file(
      'two.yaml',
      [pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16')].join('---\n'),
    );
    expect(await writeFile('create', file)).toEqual({
      ok: false,
      text: "Partial success: created 1 out of 2 'IPPool' resources:",
      problems: 'resource already exists: IPPool "a"\n  "weftctl apply" replaces it.',
    });
    expect(await writeFile('create', file, { skipExists: true })).toMatchObject({ ok: true });
  });

  test('replace and delete of what is not there fail; --skip-not-exists does not mind', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    const filename = workbench.file('b.yaml', pool('b', '10.2.0.0/16'));
    const missing = 'resource does not exist: IPPool "b"\n  "weftctl get ippools" lists those there are.';
    expect(await writeFile('replace', filename)).toEqual({ ok: false, text: '', problems: missing });
    expect(await removeNamed(undefined, [], { filename: [filename] })).toEqual({
      ok: false,
      text: '',
      problems: missing,
    });
    expect(await removeNamed('pool', ['b'], { skipNotExists: true })).toMatchObject({ ok: true });
  });

  test('get of several names shows those there are and fails for the others', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    expect(await show('pools', ['a', 'x'])).toEqual({
      ok: false,
      text: 'NAME   CIDR          SELECTOR\na      10.1.0.0/16   all()',
      problems: 'resource does not exist: IPPool "x"\n  "weftctl get ippools" lists those there are.',
    });
  });

  test('sequence numbers above 2^53 are printed with all digits', async () => {
    const sequence = '18446744073709551615';
    const block = `apiVersion: projectcalico.org/v3
kind: IPAMBlock
metadata: {name: 10-1-0-0-30}
spec:
  cidr: 10.1.0.0/30
  allocations: [null, null, null, null]
  unallocated: [0, 1, 2, 3]
  attributes: []
  sequenceNumber: ${sequence}
  deleted: false
`;
    const filename = workbench.file('block.yaml', block);
    expect((await writeFile('apply', filename)).problems).toMatch(
      /IPAMBlock is kept by weft itself.*--force/s,
    );
    expect(await writeFile('apply', filename, { force: true })).toMatchObject({ ok: true });
    for (const output of ['json', 'yaml'] as const) {
      const { text } = await show('ipamblocks', [], { output });
      expect(text).toMatch(new RegExp(`sequenceNumber"?: ${sequence}\\b`));
    }
  });

  test('namespaced kinds: default, -n and -A', async () => {
    const endpoint = (namespace: string): string => `apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: n1-cni-c1-eth0, namespace: ${namespace}}
spec: {node: n1, orchestrator: cni, containerID: c1, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.1.0.1/32]}
`;
    expect(await apply(endpoint('default'), endpoint('blue'))).toMatchObject({ ok: true });
    const lines = async (more: Partial<GetOptions>) => (await show('wep', [], more)).text.split('\n');
    expect(await lines({})).toHaveLength(2);
    expect(await lines({ namespace: 'blue' })).toHaveLength(2);
    expect(await lines({ namespace: 'red' })).toHaveLength(1);
    const all = await lines({ allNamespaces: true });
    expect(all[0]).toMatch(/^NAMESPACE +WORKLOAD/);
    expect(all.slice(1).map((line) => line.split(' ')[0])).toEqual(['blue', 'default']);
    const both = await show('wep', [], { namespace: 'blue', allNamespaces: true });
    expect(both.problems).toContain('-n and -A contradict each other');
    expect((await show('pools', [], { namespace: 'blue' })).problems).toContain('IPPool is not namespaced');
    const mismatch = await writeFile('apply', workbench.file('w.yaml', endpoint('blue')), {
      namespace: 'red',
    });
    expect(mismatch.problems).toContain('the namespace is blue, but -n says red');
  });
});

describe('what would happen, and what did', () => {
  const reading = () => show('ippools', [], { output: 'yaml' });

  test('apply says of each object what became of it, and writes nothing that is as it should be', async () => {
    await apply(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16'));
    const revisionOf = async () => JSON.parse((await show('pool', ['a'], { output: 'json' })).text).metadata;
    const before = await revisionOf();
    const { text } = await apply(
      pool('a', '10.1.0.0/16'),
      pool('b', '10.2.0.0/16', '  disabled: true\n'),
      pool('c', '10.3.0.0/16'),
    );
    expect(text).toBe(
      "ippool/a unchanged\nippool/b configured\nippool/c created\nSuccessfully applied 3 'IPPool' resource(s)",
    );
    expect(await revisionOf()).toEqual(before);
  });

  test('--dry-run of every verb says the same and changes nothing', async () => {
    await apply(pool('a', '10.1.0.0/16'), pool('b', '10.2.0.0/16'));
    const before = await reading();
    const file = workbench.file(
      'dry.yaml',
      [
        pool('a', '10.1.0.0/16'),
        pool('b', '10.2.0.0/16', '  disabled: true\n'),
        pool('c', '10.3.0.0/16'),
      ].join('---\n'),
    );
    const dry = { dryRun: true };
    expect((await writeFile('apply', file, dry)).text).toBe(
      'ippool/a unchanged (dry run)\nippool/b configured (dry run)\nippool/c created (dry run)\n' +
        "Dry run: 3 'IPPool' resource(s) would be applied, nothing was changed",
    );
    expect(await writeFile('create', file, dry)).toMatchObject({
      ok: false,
      text: "ippool/c created (dry run)\nDry run: 1 out of 3 'IPPool' resource(s) would be created, nothing was changed",
    });
    expect((await writeFile('replace', file, dry)).problems).toContain('resource does not exist: IPPool "c"');
    expect((await removeNamed('pool', ['a'], dry)).text).toBe(
      "ippool/a deleted (dry run)\nDry run: 1 'IPPool' resource(s) would be deleted, nothing was changed",
    );
    expect(await reading()).toEqual(before);
  });

  test('--dry-run checks against the store, and makes none', async () => {
    const file = workbench.file('dry.yaml', pool('a', '10.1.0.0/16'));
    expect((await writeFile('apply', file, { dryRun: true })).text).toContain('ippool/a created (dry run)');
    expect(existsSync(datastore)).toBe(false);
    await apply(pool('b', '10.0.0.0/8'));
    expect((await writeFile('apply', file, { dryRun: true })).problems).toContain('overlaps 10.0.0.0/8');
  });

  test('validate needs no store, and checks documents against each other', async () => {
    const check = (...documents: string[]) =>
      printed(validate({ filename: [workbench.file('v.yaml', documents.join('---\n'))] }));
    expect(await check(pool('a', '10.1.0.0/16'))).toEqual({
      ok: true,
      text: "Successfully validated 1 'IPPool' resource(s)",
      problems: '',
    });
    expect((await check(pool('a', '10.1.0.0/16'), pool('b', '10.1.0.0/17'))).problems).toContain('overlaps');
    expect(existsSync(datastore)).toBe(false);
  });

  test('a pool that is deleted leaves no affinity behind, and says which blocks are in use', async () => {
    const node = 'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1}\n';
    await apply(pool('a', '10.1.0.0/16'), node);
    const store = await openEmbedded({ path: datastore });
    const ipam = createIpam({ store, now: Date.now });
    const assigned = await ipam.autoAssign({
      node: 'n1',
      handle: 'h',
      intendedUse: 'Workload',
      num4: 1,
    });
    expect(assigned.kind).toBe('assigned');
    await store.close();
    const report = await remove('ippool', ['a'], { datastore });
    expect(report.text).toBe("Successfully deleted 1 'IPPool' resource(s)");
    expect(report.notes?.join()).toMatch(/1 block is in use/);
    expect((await show('blockaffinities', [], { output: 'name' })).text).toBe('');
  });
});

describe('a node that is deleted', () => {
  test('gives up its blocks, but no address that is in use', async () => {
    const node = 'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1}\n';
    await apply(pool('a', '10.1.0.0/16'), node);
    const store = await openEmbedded({ path: datastore });
    const ipam = createIpam({ store, now: Date.now });
    await ipam.autoAssign({ node: 'n1', handle: 'h', intendedUse: 'Workload', num4: 1 });
    await store.close();
    const report = await remove('node', ['n1'], { datastore });
    expect(report.text).toBe("Successfully deleted 1 'Node' resource(s)");
    expect(report.notes).toEqual(['Node n1 owns no block any more; it had 1.']);
    expect((await show('blockaffinities', [], { output: 'name' })).text).toBe('');
    expect((await show('ipamhandles', [], { output: 'name' })).text).toBe('ipamhandle/h');
  });
});

describe('bad input changes nothing and names file, line, field and reason', () => {
  test.each([
    [
      'an unknown field',
      pool('b', '10.2.0.0/16', '  natOutgoin: true\n'),
      /applied\.yaml line \d+, document \d: spec\.natOutgoin: .*natOutgoing/s,
    ],
    [
      'a pool inside another one of the file',
      pool('b', '10.1.128.0/17'),
      /spec\.cidr: 10\.1\.128\.0\/17 overlaps 10\.1\.0\.0\/16 of the IPPool a/,
    ],
    [
      'a pool smaller than its block',
      pool('b', '10.2.0.0/27'),
      /spec\.blockSize: a block of \/26 is larger than the pool/,
    ],
    ['a link-local pool', pool('b', '169.254.4.0/24'), /spec\.cidr: the range holds link-local addresses/],
    ['an unknown kind', 'kind: IPPol\n', /kind: "IPPol" is not a known kind/],
    [
      'the same object twice',
      pool('a', '10.1.0.0/16'),
      /the same object is at .*applied\.yaml line \d+, document \d: IPPool "a"/,
    ],
    ['YAML that is none', 'a: [\n', /applied\.yaml line \d+, document \d: is not YAML/],
  ])('%s beside a good document', async (_name, document, message) => {
    const { ok, text, problems } = await apply(pool('a', '10.1.0.0/16'), document);
    expect({ ok, text }).toEqual({ ok: false, text: '' });
    expect(problems).toMatch(message);
    expect(await poolNames()).toEqual([]);
  });

  test('a pool that overlaps a stored one, and a field that cannot change', async () => {
    await apply(pool('a', '10.1.0.0/16'));
    const overlap = await apply(pool('c', '10.9.0.0/16'), pool('b', '10.0.0.0/8'));
    expect(overlap.problems).toContain('overlaps 10.1.0.0/16 of the IPPool a');
    const moved = await apply(pool('a', '10.3.0.0/16'));
    expect(moved.problems).toContain('spec.cidr: cannot change from 10.1.0.0/16 to 10.3.0.0/16: IPPool "a"');
    expect(await poolNames()).toEqual(['ippool/a']);
  });

  test('of many mistakes the first twenty are shown, and how many more there are', async () => {
    const { problems } = await apply(...Array.from({ length: 25 }, (_, i) => pool(`p${i}`, '10.0.0.1/8')));
    expect(problems.match(/spec\.cidr/g)).toHaveLength(20);
    expect(problems).toMatch(/and 5 more$/);
  });

  test('a directory: its YAML and JSON files in order, and an error when it has none', async () => {
    mkdirSync(workbench.path('d'));
    workbench.file('d/notes.txt', 'no');
    expect((await writeFile('apply', workbench.path('d'))).problems).toContain(
      'No resources specified in directory',
    );
    workbench.file('d/b.yml', pool('b', '10.2.0.0/16'));
    workbench.file(
      'd/a.json',
      JSON.stringify({
        apiVersion: 'projectcalico.org/v3',
        kind: 'IPPool',
        metadata: { name: 'a' },
        spec: { cidr: '10.1.0.0/16' },
      }),
    );
    expect(await writeFile('apply', workbench.path('d'))).toMatchObject({ ok: true });
    expect(await poolNames()).toEqual(['ippool/a', 'ippool/b']);
  });

  test('a file that is missing or empty', async () => {
    expect((await writeFile('apply', '/nonexistent.yaml')).problems).toContain('(ENOENT): /nonexistent.yaml');
    expect((await writeFile('apply', '/dev/null')).problems).toContain(
      'No resources specified in file: /dev/null',
    );
    expect(existsSync(datastore)).toBe(false);
  });
});

describe('the store file', () => {
  test('apply makes it, and other programs read what is in it', async () => {
    const node = 'apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n1}\n';
    await apply(pool('a', '10.1.0.0/16'), node);
    const store = await openEmbedded({ path: datastore });
    expect((await store.get({ kind: 'IPPool', name: 'a' }))?.spec.cidr).toBe('10.1.0.0/16');
    await store.close();
  });

  test('get and delete do not make it', async () => {
    expect((await show('pools')).problems).toContain(datastore);
    expect((await removeNamed('pool', ['a'])).problems).toContain(datastore);
    expect(existsSync(datastore)).toBe(false);
  });
});
