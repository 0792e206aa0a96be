import type { OfKind } from '@weft/datastore';
import { address, prefix } from '@weft/ip';
import type { Kind } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import { hostOwner } from '../core/owner.ts';

const BLOCK = prefix('10.0.0.0/30');
const NODE1 = hostOwner('node1');

/** A node with one block and two workloads; "pair" holds two addresses. */
async function inhabited(...more: readonly OfKind<Kind>[]): Promise<Cluster> {
  const made = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'), ...more);
  const request = { node: 'node1', intendedUse: 'Workload' } as const;
  await made.ipam.autoAssign({ ...request, handle: 'single', num4: 1 });
  await made.ipam.autoAssign({ ...request, handle: 'pair', num4: 2 });
  return made;
}

describe('releasing by handle (Calico ReleaseByHandle)', () => {
  test('frees all it holds and removes the handle', async () => {
    const { ipam, store } = await inhabited();
    expect(await ipam.releaseByHandle('pair')).toEqual({
      kind: 'released',
      addresses: ['10.0.0.1', '10.0.0.2'],
    });
    expect((await contents(store)).handles).toEqual({ single: { [BLOCK]: 1 } });
  });

  test('a second time finds nothing, and says so without failing', async () => {
    const { ipam } = await inhabited();
    await ipam.releaseByHandle('pair');
    expect(await ipam.releaseByHandle('pair')).toMatchObject({ kind: 'unknown-handle' });
  });

  test('is four round trips: handle, block, block, handle', async () => {
    const { callsOf } = await inhabited();
    const calls = await callsOf((ipam) => ipam.releaseByHandle('pair'));
    expect(calls.filter((call) => /Block|Handle/.test(call))).toEqual([
      'get IPAMHandle',
      'get IPAMBlock',
      'update IPAMBlock',
      'delete IPAMHandle',
    ]);
  });

  test('removes a handle that a crash left without addresses', async () => {
    const { ipam, store } = await inhabited();
    await store.create({
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPAMHandle',
      metadata: { name: 'ghost' },
      spec: { handleID: 'ghost', block: { [BLOCK]: 1, '10.0.9.0/30': 2 }, deleted: false },
    });
    expect(await ipam.releaseByHandle('ghost')).toEqual({ kind: 'released', addresses: [] });
    expect(Object.keys((await contents(store)).handles)).toEqual(['pair', 'single']);
  });

  test('finds the handle whatever its letters: names are lower case, IDs are not', async () => {
    const { ipam, store } = await inhabited();
    await ipam.autoAssign({ node: 'node1', handle: 'Net.ABC', num4: 1, intendedUse: 'Workload' });
    expect((await contents(store)).handles).toHaveProperty('Net.ABC');
    expect(await ipam.releaseByHandle('Net.ABC')).toMatchObject({ addresses: ['10.0.0.3'] });
  });

  test('removes a block that belongs to nobody with its last address', async () => {
    const { ipam, store } = await inhabited(configuration({ ipCooldownSeconds: 0 }));
    await ipam.releaseAffinity({ owner: NODE1, cidr: BLOCK, requireEmpty: false });
    await ipam.releaseByHandle('pair');
    expect((await contents(store)).blocks).toEqual({ [BLOCK]: undefined });
    await ipam.releaseByHandle('single');
    expect(await contents(store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });

  test('gives up the emptied block of a pool that no longer selects the node', async () => {
    const { ipam, store } = await inhabited(configuration({ ipCooldownSeconds: 0 }));
    const current = await store.get({ kind: 'IPPool', name: 'pool' });
    if (current) await store.update({ ...current, spec: { ...current.spec, disabled: true } });
    await ipam.releaseByHandle('pair');
    expect(Object.keys((await contents(store)).blocks)).toHaveLength(1);
    await ipam.releaseByHandle('single');
    expect(await contents(store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });

  test('keeps the emptied block of a node that is gone: who removes nodes removes their blocks', async () => {
    const { ipam, store } = await cluster(
      pool('pool', '10.0.0.0/30', { blockSize: 30, nodeSelector: 'rack == "a"' }),
      node('node1', { rack: 'a' }),
      configuration({ ipCooldownSeconds: 0 }),
    );
    await ipam.autoAssign({ node: 'node1', handle: 'w', num4: 1, intendedUse: 'Workload' });
    await store.delete({ kind: 'Node', name: 'node1' });
    await ipam.releaseByHandle('w');
    expect((await contents(store)).blocks).toEqual({ [BLOCK]: 'host:node1' });
  });

  test('keeps the emptied block of a pool that selects the node', async () => {
    const { ipam, store } = await inhabited(configuration({ ipCooldownSeconds: 0 }));
    await ipam.releaseByHandle('pair');
    await ipam.releaseByHandle('single');
    expect((await contents(store)).blocks).toEqual({ [BLOCK]: 'host:node1' });
  });

  test('removes the virtual block of LoadBalancer services as soon as it is empty', async () => {
    const { ipam, store } = await cluster(
      pool('lb', '10.9.0.0/26', { allowedUses: ['LoadBalancer'] }),
      configuration({ ipCooldownSeconds: 0 }),
    );
    await ipam.autoAssign({ node: '', handle: 'lb-x', num4: 1, intendedUse: 'LoadBalancer' });
    await ipam.releaseByHandle('lb-x');
    expect(await contents(store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });
});

describe('releasing by address (Calico ReleaseIPs)', () => {
  async function kinds(made: Cluster, ...requests: Parameters<Cluster['ipam']['releaseIps']>[0][number][]) {
    return (await made.ipam.releaseIps(requests)).map(({ kind }) => kind);
  }

  test('takes one address from a handle and leaves it the other', async () => {
    const made = await inhabited();
    expect(await kinds(made, { address: address('10.0.0.1') })).toEqual(['released']);
    expect((await contents(made.store)).handles).toEqual({ single: { [BLOCK]: 1 }, pair: { [BLOCK]: 1 } });
  });

  test('judges each address by itself, and answers in order', async () => {
    const made = await inhabited();
    const results = await made.ipam.releaseIps([
      { address: address('10.0.0.3') },
      { address: address('10.0.0.0'), handle: 'pair' },
      { address: address('10.0.0.1'), handle: 'pair' },
      { address: address('192.0.2.1') },
    ]);
    expect(results.map(({ kind }) => kind)).toEqual([
      'not-assigned',
      'reassigned',
      'released',
      'not-assigned',
    ]);
    expect(results[1]?.message).toBe(
      'Did not release 10.0.0.0: it belongs to handle single by now. Look again: weftctl get ipamblocks -o yaml.',
    );
    expect((await contents(made.store)).handles).toEqual({ single: { [BLOCK]: 1 }, pair: { [BLOCK]: 1 } });
  });

  test('with the number of an earlier allocation leaves the next holder alone (ABA)', async () => {
    const made = await inhabited(configuration({ ipCooldownSeconds: 0 }));
    const request = { node: 'node1', handle: 'pair', address: address('10.0.0.1') };
    const [before] = (await made.store.list('IPAMBlock')).items;
    const sequenceNumber = before?.spec.sequenceNumberForAllocation['1'] as bigint;
    await made.ipam.releaseByHandle('pair');
    await made.ipam.assignIp(request);
    expect(await kinds(made, { ...request, sequenceNumber })).toEqual(['reassigned']);
    const [after] = (await made.store.list('IPAMBlock')).items;
    const current = after?.spec.sequenceNumberForAllocation['1'] as bigint;
    expect(await kinds(made, { ...request, sequenceNumber: current })).toEqual(['released']);
  });

  test('twice is harmless: an address that cools down is not assigned', async () => {
    const made = await inhabited();
    const request = { address: address('10.0.0.0') };
    expect(await kinds(made, request)).toEqual(['released']);
    expect(await kinds(made, request)).toEqual(['not-assigned']);
  });

  test('finds the block of an address whose pool is gone', async () => {
    const made = await inhabited();
    await made.store.delete({ kind: 'IPPool', name: 'pool' });
    expect(await kinds(made, { address: address('10.0.0.0') })).toEqual(['released']);
  });
});

describe('giving up a block (Calico releaseBlockAffinity)', () => {
  test('keeps it when it must be empty and is not', async () => {
    const { ipam, store } = await inhabited();
    const before = await contents(store);
    const outcome = await ipam.releaseAffinity({ owner: NODE1, cidr: BLOCK, requireEmpty: true });
    expect(outcome.kind).toBe('kept');
    expect(await contents(store)).toEqual(before);
  });

  test('otherwise leaves a used block to nobody, addresses untouched', async () => {
    const { ipam, store } = await inhabited();
    expect(await ipam.releaseAffinity({ owner: NODE1, cidr: BLOCK, requireEmpty: false })).toMatchObject({
      kind: 'released',
    });
    expect(await contents(store)).toMatchObject({
      blocks: { [BLOCK]: undefined },
      affinities: {},
      handles: { pair: { [BLOCK]: 2 } },
    });
  });

  test('removes an affinity to a block of another', async () => {
    const { ipam, store } = await inhabited();
    await store.create({
      apiVersion: 'projectcalico.org/v3',
      kind: 'BlockAffinity',
      metadata: { name: 'node2-10-0-0-0-30' },
      spec: { state: 'confirmed', node: 'node2', type: 'host', cidr: BLOCK, deleted: false },
    });
    const outcome = await ipam.releaseAffinity({
      owner: hostOwner('node2'),
      cidr: BLOCK,
      requireEmpty: false,
    });
    expect(outcome.kind).toBe('not-affine');
    expect(Object.keys((await contents(store)).affinities)).toEqual(['node1-10-0-0-0-30']);
  });

  test('confirms again a block in use that an earlier release only marked', async () => {
    const { ipam, store } = await inhabited();
    const marked = await store.get({ kind: 'BlockAffinity', name: 'node1-10-0-0-0-30' });
    if (marked) await store.update({ ...marked, spec: { ...marked.spec, state: 'pendingDeletion' } });
    await ipam.releaseAffinity({ owner: NODE1, cidr: BLOCK, requireEmpty: true });
    expect((await contents(store)).affinities).toEqual({ 'node1-10-0-0-0-30': 'confirmed' });
  });
});
