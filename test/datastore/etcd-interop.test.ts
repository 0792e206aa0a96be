/** One etcd shared with Calico: its values of several versions are read, and what weft writes is what Calico would write. */
import type { Datastore, ResourceKey } from '@weft/datastore';
import { openEtcd } from '@weft/datastore/etcd';
import type { BlockAffinity, IPAMBlock, IPAMConfiguration, IPAMHandle, IPPool } from '@weft/resources';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startEtcd, type TestEtcd } from '../harness/etcd.ts';

const BLOCK = '/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-30';
const AFFINITY = '/calico/ipam/v2/host/node1/ipv4/block/10.0.0.0-30';
const CONFIG = '/calico/ipam/v2/config';

let etcd: TestEtcd;
let store: Datastore;
let unreadable: [ResourceKey, string][];

beforeAll(async () => {
  etcd = await startEtcd();
});
beforeEach(async () => {
  await etcd.clear();
  unreadable = [];
  store = await openEtcd(etcd.choice, { onUnreadable: (key, reason) => unreadable.push([key, reason]) });
  onTestFinished(() => store.close());
});
afterAll(() => etcd.dispose());

const v3 = 'projectcalico.org/v3';
const affinity = {
  apiVersion: v3,
  kind: 'BlockAffinity',
  metadata: { name: 'node1-10-0-0-0-30' },
  spec: { state: 'confirmed', node: 'node1', type: 'host', cidr: '10.0.0.0/30', deleted: false },
} as BlockAffinity;
const block = {
  apiVersion: v3,
  kind: 'IPAMBlock',
  metadata: { name: '10-0-0-0-30' },
  spec: {
    cidr: '10.0.0.0/30',
    affinity: 'host:node1',
    affinityClaimTime: '2026-08-22T06:33:20Z',
    allocations: [0, null, null, null],
    unallocated: [1, 2, 3],
    attributes: [{ handle_id: 'h1', secondary: { namespace: 'ns', node: 'node1', pod: 'p' } }],
    sequenceNumber: 1787380400123456789n,
    sequenceNumberForAllocation: { 0: 1787380400123456780n },
    deleted: false,
    strictAffinity: false,
  },
} as unknown as IPAMBlock;

describe('what weft writes', () => {
  it('has Calico’s keys and bytes', async () => {
    await store.create(affinity);
    await store.create(block);
    await store.create({
      apiVersion: v3,
      kind: 'IPAMHandle',
      metadata: { name: 'h1' },
      spec: { handleID: 'h1', block: { '10.0.0.0/30': 1 }, deleted: false },
    } as IPAMHandle);
    await store.create({
      apiVersion: v3,
      kind: 'IPAMConfiguration',
      metadata: { name: 'default' },
      spec: { strictAffinity: true, autoAllocateBlocks: true, maxBlocksPerHost: 20 },
    } as IPAMConfiguration);
    const keys = await etcd.keys();
    const values = Object.fromEntries(
      await Promise.all(keys.map(async (key) => [key, await etcd.value(key)] as const)),
    );
    expect(values).toEqual({
      [BLOCK]:
        '{"cidr":"10.0.0.0/30","affinity":"host:node1","affinity_claim_time":"2026-08-22T06:33:20Z","allocations":[0,null,null,null],"unallocated":[1,2,3],"attributes":[{"handle_id":"h1","secondary":{"namespace":"ns","node":"node1","pod":"p"}}],"sequenceNumber":1787380400123456789,"sequenceNumberForAllocation":{"0":1787380400123456780},"deleted":false}',
      [CONFIG]: '{"strict_affinity":true,"auto_allocate_blocks":true,"maxBlocksPerHost":20}',
      '/calico/ipam/v2/handle/h1': '{"block":{"10.0.0.0/30":1},"deleted":false}',
      [AFFINITY]: '{"state":"confirmed","deleted":false}',
    });
  });

  it('of a v3 object is the object, with uid and time, and without the revision', async () => {
    const outcome = await store.create({
      apiVersion: v3,
      kind: 'IPPool',
      metadata: { name: 'p', labels: { a: 'b' } },
      spec: { cidr: '10.0.0.0/16', blockSize: 26 },
    } as unknown as IPPool);
    if (outcome.kind !== 'written') throw new Error(outcome.kind);
    const { uid, creationTimestamp } = outcome.resource.metadata;
    const value = '/calico/resources/v3/projectcalico.org/ippools/p';
    expect(await etcd.value(value)).toBe(
      `{"kind":"IPPool","apiVersion":"projectcalico.org/v3","metadata":{"name":"p","uid":"${uid}","creationTimestamp":"${creationTimestamp}","labels":{"a":"b"}},"spec":{"cidr":"10.0.0.0/16","blockSize":26}}`,
    );
    await store.update(outcome.resource);
    expect(await etcd.value(value)).toContain(`"uid":"${uid}","creationTimestamp":"${creationTimestamp}"`);
    expect(await etcd.value(value)).not.toContain('resourceVersion');
  });
});

describe('what Calico has written', () => {
  it('in the time of v3.28: no claim time, no labels, null for what is empty', async () => {
    await etcd.put(
      BLOCK,
      '{"cidr":"10.0.0.0/30","affinity":"host:node1","allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":null,"sequenceNumber":1787380400123456789,"sequenceNumberForAllocation":null,"deleted":false}',
    );
    await etcd.put(AFFINITY, '');
    const read = await store.get({ kind: 'IPAMBlock', name: '10-0-0-0-30' });
    expect(read?.spec).toMatchObject({
      affinity: 'host:node1',
      attributes: [],
      sequenceNumber: 1787380400123456789n,
      sequenceNumberForAllocation: {},
    });
    expect(read?.spec).not.toHaveProperty('affinityClaimTime');
    const { items } = await store.list('BlockAffinity');
    expect(items).toMatchObject([
      { metadata: { name: 'node1-10-0-0-0-30' }, spec: { state: 'confirmed', type: 'host' } },
    ]);
  });

  it('lets one key among many be found by name: virtual owners, nodes with hyphens, IPv6', async () => {
    const keys = [
      'virtual/load-balancer/ipv4/block/10.0.0.0-30',
      'host/a-b/ipv6/block/fd00:10::-122',
      'host/a-b',
    ];
    for (const key of keys) await etcd.put(`/calico/ipam/v2/${key}`, '{"state":"confirmed","deleted":false}');
    const get = (name: string) => store.get({ kind: 'BlockAffinity', name });
    expect((await get('load-balancer-10-0-0-0-30'))?.spec).toMatchObject({
      type: 'virtual',
      node: 'load-balancer',
    });
    expect((await get('a-b-fd00-10---122'))?.spec).toMatchObject({ node: 'a-b', cidr: 'fd00:10::/122' });
    const removed = await store.delete({ kind: 'BlockAffinity', name: 'load-balancer-10-0-0-0-30' });
    expect(removed.kind).toBe('written');
    expect((await store.list('BlockAffinity')).items).toHaveLength(1);
    expect(await etcd.keys()).toContain('/calico/ipam/v2/host/a-b');
  });

  it('has handles in capital letters, which are found by their names, changed and removed', async () => {
    const key = '/calico/ipam/v2/handle/ipip-tunnel-addr-NodeA';
    await etcd.put(key, '{"block":{"10.0.0.0/30":1},"deleted":false}');
    const handle = await store.get({ kind: 'IPAMHandle', name: 'ipip-tunnel-addr-nodea' });
    expect(handle).toMatchObject({
      metadata: { name: 'ipip-tunnel-addr-nodea' },
      spec: { handleID: 'ipip-tunnel-addr-NodeA' },
    });
    if (!handle) return;
    const outcome = await store.update({ ...handle, spec: { ...handle.spec, block: { '10.0.0.0/30': 2 } } });
    expect(outcome.kind).toBe('written');
    expect(await etcd.value(key)).toBe('{"block":{"10.0.0.0/30":2},"deleted":false}');
    await etcd.put('/calico/ipam/v2/handle/Later', '{"block":{},"deleted":false}');
    await store.list('IPAMHandle');
    for (const name of ['ipip-tunnel-addr-nodea', 'later'])
      expect((await store.delete({ kind: 'IPAMHandle', name })).kind).toBe('written');
    expect(await etcd.keys()).toEqual([]);
  });

  it('is a configuration in which what is absent is false, whereas without one nothing is there', async () => {
    expect(await store.get({ kind: 'IPAMConfiguration', name: 'default' })).toBeUndefined();
    await etcd.put(CONFIG, '{}');
    await etcd.put(
      '/calico/resources/v3/projectcalico.org/ipamconfigurations/default',
      '{"kind":"IPAMConfiguration"}',
    );
    const { items } = await store.list('IPAMConfiguration');
    expect(items).toMatchObject([{ spec: { strictAffinity: false, autoAllocateBlocks: false } }]);
  });

  it('gets another identity when it is made again, though no value holds one', async () => {
    const first = await store.create(affinity);
    await store.delete({ kind: 'BlockAffinity', name: 'node1-10-0-0-0-30' });
    const second = await store.create(affinity);
    if (first.kind !== 'written' || second.kind !== 'written') throw new Error('not written');
    expect(second.resource.metadata.uid).not.toBe(first.resource.metadata.uid);
    const updated = await store.update({
      ...second.resource,
      spec: { ...second.resource.spec, state: 'pendingDeletion' },
    });
    expect(updated).toMatchObject({ resource: { metadata: { uid: second.resource.metadata.uid } } });
  });
});

describe('what nobody can read', () => {
  it.each([
    ['no JSON', 'nonsense'],
    ['a list', '[]'],
    [
      'a value of a wrong type',
      '{"kind":"IPPool","apiVersion":"projectcalico.org/v3","metadata":{},"spec":{"cidr":7}}',
    ],
  ])('%s: is told of once and does not stop a list or a watch', async (_, value) => {
    const key = { kind: 'IPPool', name: 'bad' } as const;
    const { revision } = await store.list('IPPool');
    await etcd.put('/calico/resources/v3/projectcalico.org/ippools/bad', value);
    const stop = new AbortController();
    const events = store.watch('IPPool', revision, stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ kind: 'delete', key });
    stop.abort();
    expect((await store.list('IPPool')).items).toEqual([]);
    expect(unreadable).toEqual([[key, expect.stringMatching(/./)]]);
    await expect(store.get(key)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('ippools/bad'),
    });
    expect((await store.delete(key)).kind).toBe('written');
    expect(await etcd.keys()).toEqual([]);
  });
});

describe('many objects', () => {
  it('are listed in pages, sorted as one, while keys of other programs lie among them', async () => {
    const count = 1203;
    const names = Array.from({ length: count }, (_, index) => `p${String(index).padStart(4, '0')}`);
    const pool = (name: string) => ({
      apiVersion: v3,
      kind: 'IPPool',
      metadata: { name },
      spec: { cidr: '10.0.0.0/16' },
    });
    await etcd.put('/calico/resources/v3/projectcalico.org/ippools/p0499/other', '{}');
    await Promise.all(names.map((name) => store.create(pool(name) as unknown as IPPool)));
    expect((await store.list('IPPool')).items.map(({ metadata }) => metadata.name)).toEqual(names);
    const paged: string[] = [];
    for await (const { items } of store.pages?.('IPPool', 100) ?? [])
      paged.push(...items.map(({ metadata }) => metadata.name));
    expect(paged).toEqual(names);
  });
});
