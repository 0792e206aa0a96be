import type { Datastore } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { createIpam } from '@weft/ipam';
import { afterEach, describe, expect, test } from 'vitest';
import { createAll, hold, inStore, memoryStore, node, pool } from '../../test/cluster.ts';
import { dyingAfter } from '../../test/dying-store.ts';
import { Workbench } from '../../test/run.ts';
import { setDatastoreReady } from '../datastore/cluster-information.ts';
import { failuresOf, printFailure } from '../failure.ts';
import { splitPool } from './split.ts';
import { partName } from './split-plan.ts';

const bench: Workbench[] = [];

function workbench(): Workbench {
  const made = new Workbench();
  bench.push(made);
  return made;
}

afterEach(() => {
  for (const made of bench.splice(0)) made.remove();
});

/** A locked memory store with a pool that has every field set, and an address in use. */
async function cluster(): Promise<Datastore> {
  const store = memoryStore();
  const wide = pool('wide', '10.0.0.0/16', {
    natOutgoing: true,
    nodeSelector: "rack == 'a'",
    disableBGPExport: true,
  });
  await createAll(store, node('n1'), {
    ...wide,
    metadata: { name: 'wide', labels: { team: 'x' }, annotations: { note: 'y' } },
  });
  await createAll(store, pool('other', '10.1.0.0/16'));
  await hold(createIpam({ store, now: Date.now }), 'n1', 'a', '10.0.130.1');
  await setDatastoreReady(store, false);
  return store;
}

async function pools(store: Datastore): Promise<Record<string, string>> {
  const { items } = await store.list('IPPool');
  return Object.fromEntries(items.map(({ metadata, spec }) => [metadata.name, spec.cidr]));
}

const SPLIT = {
  other: '10.1.0.0/16',
  'split-wide-0': '10.0.0.0/18',
  'split-wide-1': '10.0.64.0/18',
  'split-wide-2': '10.0.128.0/18',
  'split-wide-3': '10.0.192.0/18',
};

describe('ipam split', () => {
  test('makes equal parts with all fields of the pool, and removes it', async () => {
    const store = await cluster();
    const before = await store.get({ kind: 'IPPool', name: 'wide' });
    const text = await splitPool(store, { pool: { name: 'wide' }, parts: 4 });
    expect(await pools(store)).toEqual(SPLIT);
    expect(text.split('\n').slice(0, 2)).toEqual([
      'IP Pool wide was successfully split into 4 smaller pools.',
      'split-wide-0 has CIDR 10.0.0.0/18.',
    ]);
    const part = await store.get({ kind: 'IPPool', name: 'split-wide-2' });
    expect(part?.spec).toEqual({ ...before?.spec, cidr: '10.0.128.0/18' });
    expect(part?.metadata).toMatchObject({ labels: { team: 'x' }, annotations: { note: 'y' } });
    expect(part?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  test('addresses stay with their holders, and the parts hand out what is free', async () => {
    const store = await cluster();
    await splitPool(store, { pool: { cidr: prefix('10.0.0.0/16') }, parts: 2 });
    const ipam = createIpam({ store, now: Date.now });
    expect(await ipam.inspect()).toEqual([]);
    await expect(hold(ipam, 'n1', 'b', '10.0.130.1')).rejects.toThrow(/handle k8s-pod-network.a holds it/);
    await hold(ipam, 'n1', 'b', '10.0.130.2');
  });

  test.each([0, 1, 2, 3, 4, 5])('cut off after %i writes, another run finishes it', async (writes) => {
    const store = await cluster();
    const request = { pool: { name: 'wide' }, parts: 4 } as const;
    const run = splitPool(dyingAfter(store, writes), request);
    if (writes < 5) await expect(run).rejects.toThrow('The test cut');
    else await run;
    const ipam = createIpam({ store, now: Date.now });
    await expect(hold(ipam, 'n1', `during-${writes}`, '10.0.130.9')).resolves.toBeUndefined();
    const text = await splitPool(store, request);
    expect(text).toContain(writes < 5 ? 'successfully split' : 'was split earlier');
    expect(await pools(store)).toEqual(SPLIT);
    expect(await ipam.inspect()).toEqual([]);
  });

  test('done, it is found by CIDR too', async () => {
    const store = await cluster();
    await splitPool(store, { pool: { name: 'wide' }, parts: 4 });
    const again = await splitPool(store, { pool: { cidr: prefix('10.0.0.0/16') }, parts: 4 });
    expect(again).toContain('was split earlier');
  });

  test.each<[string, (store: Datastore) => Promise<unknown>, number, RegExp]>([
    ['no lock', (store) => setDatastoreReady(store, true), 2, /not locked.*weftctl datastore migrate lock/s],
    ['parts smaller than a block', async () => {}, 2048, /smaller than its blocks.*1024 parts at most/s],
    [
      'a pool inside',
      (store) => createAll(store, pool('inner', '10.0.4.0/24')),
      2,
      /in the way: IPPool "inner"/,
    ],
    [
      'a part that was changed',
      (store) => createAll(store, pool('split-wide-1', '10.0.128.0/17')),
      2,
      /in the way: IPPool "split-wide-1"/,
    ],
    [
      'another number half done',
      (store) => splitPool(dyingAfter(store, 2), { pool: { name: 'wide' }, parts: 8 }).catch(() => {}),
      2,
      /in the way: IPPool "split-wide-0"/,
    ],
  ])('refuses, and changes nothing: %s', async (_, prepare, parts, message) => {
    const store = await cluster();
    await prepare(store);
    const before = await pools(store);
    const error = await splitPool(store, { pool: { name: 'wide' }, parts }).catch((thrown) => thrown);
    expect(failuresOf(error).map(printFailure).join('\n')).toMatch(message);
    expect(await pools(store)).toEqual(before);
  });

  test('a pool that never was is not one that was split', async () => {
    const store = await cluster();
    const error = await splitPool(store, { pool: { name: 'gone' }, parts: 2 }).catch((thrown) => thrown);
    expect(failuresOf(error)[0]?.what).toBe('There is no such pool');
  });

  test('names stay within the limit', () => {
    expect(partName('p'.repeat(253), 0)).toHaveLength(253);
    expect(partName('p'.repeat(253), 12)).toHaveLength(253);
    expect(partName('p', 12)).toBe('split-p-12');
  });
});

describe('ipam split on the command line', { timeout: 30_000 }, () => {
  test('lock, split, unlock', async () => {
    const place = workbench();
    await inStore(place.path('store.db'), (store) => createAll(store, pool('p', '10.0.0.0/24')));
    expect(await place.run(['ipam', 'split', '2', '--name', 'p'])).toMatchObject({ code: 1, stdout: '' });
    expect(await place.run(['datastore', 'migrate', 'lock'])).toEqual({
      code: 0,
      stdout: 'Datastore locked.\n',
      stderr: '',
    });
    const { code, stdout } = await place.run(['ipam', 'split', '2', '--cidr', '10.0.0.0/24']);
    expect({ code, first: stdout.split('\n')[0] }).toEqual({
      code: 0,
      first: 'IP Pool p was successfully split into 2 smaller pools.',
    });
    expect(await place.run(['datastore', 'migrate', 'unlock'])).toMatchObject({
      code: 0,
      stdout: 'Datastore unlocked.\n',
    });
    const { stdout: information } = await place.run(['get', 'clusterinformation', 'default', '-o', 'json']);
    expect(JSON.parse(information).spec).toEqual({
      clusterGUID: expect.stringMatching(/^[0-9a-f]{32}$/),
      datastoreReady: true,
    });
  });

  test.each([
    ['no pool', ['2'], /No pool is named/],
    ['three parts', ['3', '--name', 'p'], /power of two: 3/],
    ['one part', ['1', '--name', 'p'], /power of two: 1/],
    ['words', ['two', '--name', 'p'], /power of two: two/],
    ['no number', ['--name', 'p'], /missing required argument/],
    ['both names', ['2', '--name', 'p', '--cidr', '10.0.0.0/24'], /cannot be used with/],
    ['a CIDR that is none', ['2', '--cidr', '10.0.0.0/33'], /This is no CIDR/],
  ])('%s is exit code 2', async (_, args, message) => {
    const { code, stderr } = await workbench().run(['ipam', 'split', ...args]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
