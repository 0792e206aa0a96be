import { randomUUID } from 'node:crypto';
import { createMemoryStore, type Datastore } from '@weft/datastore';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Workbench } from '../../../test/run.ts';
import { failuresOf, printFailure, type Remark, type Report } from '../../failure.ts';
import { parseOutput } from '../../print/output.ts';
import { write } from '../write/write.ts';
import { get } from './get.ts';
import type { GetOptions } from './options.ts';
import { changes } from './watch.ts';

let workbench: Workbench;
let datastore: string;

const DOCUMENTS = `
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n1, labels: {rack: r1, zone: a}}
spec: {bgp: {asNumber: 64513, ipv4Address: 10.0.0.1/24}}
---
apiVersion: projectcalico.org/v3
kind: Node
metadata: {name: n2, labels: {rack: r2}}
spec: {bgp: {ipv4Address: 10.0.0.2/24}}
---
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: a}
spec: {cidr: 10.1.0.0/16}
---
apiVersion: projectcalico.org/v3
kind: WorkloadEndpoint
metadata: {name: n1-cni-c1-eth0}
spec: {node: n1, orchestrator: cni, containerID: c1, workload: w1, endpoint: eth0, interfaceName: cali1, ipNetworks: [10.1.0.1/32]}
`;

let file: string;

beforeEach(async () => {
  workbench = new Workbench();
  datastore = workbench.path('store.db');
  file = workbench.file('all.yaml', DOCUMENTS);
  await write('apply', { filename: [file], datastore });
});

afterEach(() => workbench.remove());

async function textOf({ text }: Report): Promise<string> {
  return typeof text === 'string' ? text : (await Array.fromAsync(text)).join('\n');
}

/** What is printed, or the problems. */
async function show(word: string | undefined, names: string[], more: Partial<GetOptions>): Promise<string> {
  return get(word, names, { datastore, output: 'ps', ...more }).then(textOf, (error) =>
    failuresOf(error).map(printFailure).join('\n'),
  );
}

describe('formats of get', () => {
  test.each([
    ['name', 'node/n1\nnode/n2'],
    ['jsonpath={.items[*].metadata.name}', 'n1 n2'],
    ['jsonpath={range .items[*]}{.metadata.name}:{.spec.bgp.asNumber}{"\\n"}{end}', 'n1:64513\nn2:\n'],
    ['custom-columns=NAME,WHERE:.metadata.labels.rack', 'NAME   WHERE\nn1     r1\nn2     r2'],
    ['custom-columns=ASN,Z:metadata.labels.zone', 'ASN       Z\n64513     a\n(64512)   <none>'],
  ])('-o %s', async (output, text) => {
    expect(await show('nodes', [], { output })).toBe(text);
  });

  test('a template sees one object when one is named', async () => {
    expect(await show('node', ['n1'], { output: 'jsonpath={.metadata.name}' })).toBe('n1');
    expect(await show('node', ['n1', 'n2'], { output: 'jsonpath={.items[*].metadata.name}' })).toBe('n1 n2');
  });

  test('JSON and YAML of a list are whole documents', async () => {
    const list = JSON.parse(await show('nodes', [], { output: 'json' }));
    expect(list).toMatchObject({ apiVersion: 'projectcalico.org/v3', kind: 'NodeList' });
    expect(list.items.map((item: { metadata: { name: string } }) => item.metadata.name)).toEqual([
      'n1',
      'n2',
    ]);
    expect(JSON.parse(await show('bgppeers', [], { output: 'json' })).items).toEqual([]);
    const again = workbench.file('again.yaml', await show('nodes', [], { output: 'yaml' }));
    expect(await textOf(await write('apply', { filename: [again], datastore }))).toMatch(
      /^node\/n1 unchanged\nnode\/n2 unchanged\n/,
    );
  });

  test.each([
    ['xml', /There is no such output format: -o xml\n {2}Formats are ps, wide/],
    ['go-template={{.kind}}', /Go templates are not supported.*\n {2}Use jsonpath/],
    ['jsonpath={.a', /cannot be read at character 4: a brace is not closed/],
    ['jsonpath=', /The template is empty/],
    ['custom-columns=', /No column is named/],
    [
      'custom-columns=COLOUR',
      /Node has no column of that name: COLOUR\n {2}Its columns are NAMESPACE, NAME, ASN/,
    ],
    ['custom-columns=A:.b[', /cannot be read at character 4/],
    ['yaml=x', /There is no such output format/],
  ])('-o %s is refused', async (output, message) => {
    expect(await show('nodes', [], { output })).toMatch(message);
  });

  test('-f shows the objects of a file: a table for each kind, else one list', async () => {
    expect(await show(undefined, [], { filename: [file] })).toBe(
      'NAME\nn1\nn2\n\nNAME   CIDR          SELECTOR\na      10.1.0.0/16   all()\n\n' +
        'WORKLOAD   NODE   NETWORKS      INTERFACE\nw1         n1     10.1.0.1/32   cali1',
    );
    const list = JSON.parse(await show(undefined, [], { filename: [file], output: 'json' }));
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect(list.items).toHaveLength(4);
  });

  test('--export leaves out what belongs to the cluster', async () => {
    const text = await show('node', ['n1'], { output: 'json', export: true });
    expect(Object.keys(JSON.parse(text).metadata)).toEqual(['name', 'labels']);
    const list = JSON.parse(await show('wep', [], { output: 'json', export: true, allNamespaces: true }));
    expect(list.metadata).toEqual({});
    expect(Object.keys(list.items[0].metadata).toSorted()).toEqual(['name', 'namespace']);
  });
});

describe('-l', () => {
  test.each([
    ['rack=r1', 'node/n1'],
    ['rack==r2', 'node/n2'],
    ['rack!=r1', 'node/n2'],
    ['zone', 'node/n1'],
    ['!zone', 'node/n2'],
    ['rack in (r1, r2),zone', 'node/n1'],
    ['rack notin (r1)', 'node/n2'],
    ["has(zone) && rack == 'r1'", 'node/n1'],
    ['rack=r9', ''],
  ])('%s', async (selector, names) => {
    expect(await show('nodes', [], { selector, output: 'name' })).toBe(names);
  });

  test('refuses what is no selector, and names beside it', async () => {
    expect(await show('nodes', [], { selector: 'a=(b' })).toMatch(
      /The selector cannot be read: .*: -l a=\(b/,
    );
    expect(await show('nodes', ['n1'], { selector: 'a=b' })).toContain(
      'Names and a selector name two things',
    );
  });
});

describe('--watch', () => {
  const node = (name: string, labels = {}) =>
    ({ apiVersion: 'projectcalico.org/v3', kind: 'Node', metadata: { name, labels }, spec: {} }) as const;

  async function start(store: Datastore, more: Partial<GetOptions>, question = {}) {
    const stop = new AbortController();
    const options = { output: 'name', ...more };
    const asked = { kind: 'Node', ...question } as const;
    const lines = changes(store, asked, await parseOutput(options.output), options, stop.signal);
    return { stop, next: async () => (await lines.next()).value as string | Remark | undefined };
  }

  const newStore = (): Datastore => createMemoryStore({ now: () => 0, uuid: randomUUID });

  test('prints what there is, then each change', async () => {
    const store = newStore();
    await store.create(node('n1'));
    const { stop, next } = await start(store, { output: 'ps', outputWatchEvents: true });
    expect(await next()).toBe('EVENT   NAME');
    expect(await next()).toBe('ADDED   n1');
    await store.create(node('n2'));
    expect(await next()).toBe('ADDED   n2');
    const stored = await store.get({ kind: 'Node', name: 'n2' });
    await store.update({ ...stored, metadata: { ...stored?.metadata, labels: { a: 'b' } } } as never);
    expect(await next()).toBe('MODIFIED   n2');
    await store.delete({ kind: 'Node', name: 'n2' });
    expect(await next()).toBe('DELETED   n2');
    stop.abort();
    expect(await next()).toBeUndefined();
  });

  test('an object that is no longer selected is gone', async () => {
    const store = newStore();
    await store.create(node('n1', { rack: 'r1' }));
    await store.create(node('n2', { rack: 'r2' }));
    const { parseSelector } = await import('@weft/resources');
    const selector = parseSelector("rack == 'r1'");
    const question = { selector: selector.ok ? selector.value : undefined };
    const { stop, next } = await start(store, { outputWatchEvents: true }, question);
    expect(await next()).toBe('ADDED node/n1');
    const stored = await store.get({ kind: 'Node', name: 'n1' });
    await store.update({ ...stored, metadata: { ...stored?.metadata, labels: {} } } as never);
    expect(await next()).toBe('DELETED node/n1');
    stop.abort();
  });

  test.each(['json', 'yaml', 'jsonpath={.metadata.name}', 'wide', 'custom-columns=A:.metadata.name'])(
    'prints every change as %s',
    async (output) => {
      const store = newStore();
      await store.create(node('n1'));
      const { stop, next } = await start(store, { output });
      while (!String(await next()).includes('n1'));
      await store.create(node('n2'));
      expect(await next()).toContain('n2');
      stop.abort();
    },
  );
});
