/** What changes in the store, or is not known yet, while an address is assigned. */
import type { Datastore } from '@weft/datastore';
import { address, type Prefix, prefix } from '@weft/ip';
import type { IPAMBlock } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { ask, fill, snapshotOf } from '../../test/support/asking.ts';
import { cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import type { Around } from '../../test/support/intercepted-store.ts';
import { withoutOwner } from '../core/block.ts';
import { hostOwner } from '../core/owner.ts';
import type { Ipam } from '../index.ts';

/** Runs `event` once, before the first call of that kind. */
function before(text: string, event: () => Promise<unknown>): Around {
  let isOver = false;
  return async (call, perform) => {
    if (!isOver && `${call.verb} ${call.kind}` === text) {
      isOver = true;
      await event();
    }
    return perform();
  };
}

/** Leaves an empty block that belongs to nobody, as a crash or an older version can. */
async function emptied(ipam: Ipam, store: Datastore, cidr: Prefix): Promise<IPAMBlock[]> {
  await ipam.claimAffinity({ owner: hostOwner('node1'), cidr });
  const [block] = (await store.list('IPAMBlock')).items;
  if (block) await store.update({ ...block, spec: withoutOwner(block.spec) });
  await store.delete({ kind: 'BlockAffinity', name: 'node1-10-0-0-0-30' });
  return (await store.list('IPAMBlock')).items;
}

describe('a view that is behind', () => {
  const small = [pool('pool', '10.0.0.0/29', { blockSize: 30 }), node('node1'), node('node2')];

  test('and does not know the block of the node yet makes it claim no second one', async () => {
    const { ipam, store, allocator } = await cluster(...small);
    const early = await snapshotOf(store, 'node1');
    await fill(ipam, 'node1', 1);
    const outcome = await allocator(undefined, early).autoAssign(ask('node1', 'next'));
    expect(outcome).toMatchObject({ addresses: [{ reason: 'own-block' }] });
    expect(Object.keys((await contents(store)).blocks)).toHaveLength(1);
  });

  test('and still counts a lost block as its own takes nothing from it', async () => {
    const { ipam, store, clock, allocator } = await cluster(
      ...small,
      configuration({ strictAffinity: true }),
    );
    const cidr = prefix('10.0.0.4/30');
    await ipam.claimAffinity({ owner: hostOwner('node1'), cidr });
    const early = await snapshotOf(store, 'node1');
    await ipam.releaseAffinity({ owner: hostOwner('node1'), cidr, requireEmpty: true });
    clock.now += 120_000;
    await ipam.claimAffinity({ owner: hostOwner('node2'), cidr });
    const outcome = await allocator(undefined, early).autoAssign(ask('node1', 'w'));
    expect(outcome).toMatchObject({ addresses: [{ block: '10.0.0.0/30', reason: 'new-block' }] });
  });
});

describe('a claim that was left half-way', () => {
  test.each(['pending', 'pendingDeletion'] as const)(
    'in state %s is finished before its block is used',
    async (state) => {
      const { ipam, store } = await cluster(pool('pool', '10.0.0.0/29', { blockSize: 30 }), node('node1'));
      await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix('10.0.0.4/30') });
      const affinity = await store.get({ kind: 'BlockAffinity', name: 'node1-10-0-0-4-30' });
      if (affinity) await store.update({ ...affinity, spec: { ...affinity.spec, state } });
      expect(await ipam.autoAssign(ask('node1', 'w'))).toMatchObject({
        addresses: [{ block: '10.0.0.4/30' }],
      });
      expect((await contents(store)).affinities).toEqual({ 'node1-10-0-0-4-30': 'confirmed' });
    },
  );
});

describe('what changes between looking and taking', () => {
  const cidr = prefix('10.0.0.0/30');
  const cramped = [pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'), node('node2')];

  test('a spare block that its owner gave up and claimed again stays with it', async () => {
    const strict = configuration({ strictAffinity: true });
    const { ipam, allocator, clock } = await cluster(...cramped, strict);
    const wanted = { owner: hostOwner('node1'), cidr, requireEmpty: true };
    await ipam.claimAffinity(wanted);
    clock.now += 120_000;
    const claimAgain = before('get IPAMBlock', async () => {
      await ipam.releaseAffinity(wanted);
      await ipam.claimAffinity(wanted);
    });
    expect((await allocator(claimAgain).autoAssign(ask('node2', 'w'))).kind).toBe('exhausted');
  });

  test('an empty block of nobody that somebody takes from is not removed', async () => {
    const { ipam, allocator, store } = await cluster(...cramped, configuration({ ipCooldownSeconds: 0 }));
    const [only] = await emptied(ipam, store, cidr);
    const takeFirst = before('get IPAMBlock', () =>
      ipam.assignIp({ address: address('10.0.0.1'), node: 'node1', handle: 'first' }),
    );
    expect(await allocator(takeFirst).autoAssign(ask('node2', 'w'))).toMatchObject({ kind: 'assigned' });
    expect((await contents(store)).handles).toEqual({ first: { [cidr]: 1 }, w: { [cidr]: 1 } });
    expect(only?.spec.affinity).toBeUndefined();
    expect(await ipam.inspect()).toEqual([]);
  });

  test('a block that fills up leaves nothing of it in the handle', async () => {
    const { ipam, allocator, store } = await cluster(
      pool('pool', '10.0.0.0/29', { blockSize: 30 }),
      node('node1'),
    );
    await fill(ipam, 'node1', 3);
    const takeLast = before('update IPAMBlock', () => ipam.autoAssign(ask('node1', 'last')));
    const outcome = await allocator(takeLast).autoAssign(ask('node1', 'w'));
    expect(outcome).toMatchObject({ kind: 'assigned', addresses: [{ reason: 'new-block' }] });
    const [given] = outcome.kind === 'assigned' ? outcome.addresses : [];
    expect((await contents(store)).handles.w).toEqual({ [given?.block as string]: 1 });
  });

  test.each([
    { ofRequest: 1, ofSettings: 0, limit: 1 },
    { ofRequest: 2, ofSettings: 1, limit: 1 },
    { ofRequest: 1, ofSettings: 2, limit: 1 },
    { ofRequest: 0, ofSettings: 2, limit: 2 },
    { ofRequest: 30, ofSettings: 0, limit: 30 },
    { ofRequest: 0, ofSettings: 0, limit: 20 },
  ])('a limit of $ofRequest blocks asked for and of $ofSettings set means $limit', async (row) => {
    const settings = configuration({ strictAffinity: true, maxBlocksPerHost: row.ofSettings });
    const { ipam } = await cluster(pool('pool', '10.0.0.0/26', { blockSize: 32 }), node('node1'), settings);
    const request = { node: 'node1', intendedUse: 'Workload', maxBlocks: row.ofRequest } as const;
    for (let count = 0; count < row.limit; count++)
      expect(await ipam.autoAssign({ ...request, handle: `w${count}`, num4: 1 })).toMatchObject({
        kind: 'assigned',
      });
    const refusal = await ipam.autoAssign({ ...request, handle: 'one-too-many', num4: 1 });
    expect(refusal).toMatchObject({ kind: 'block-limit' });
  });

  test('an address that comes free in an own block is not called borrowed', async () => {
    const settings = configuration({ ipCooldownSeconds: 0, maxBlocksPerHost: 1 });
    const { ipam, allocator } = await cluster(...cramped, settings);
    await fill(ipam, 'node1', 4);
    const free = before('list IPAMBlock', () => ipam.releaseByHandle('w3'));
    const outcome = await allocator(free).autoAssign(ask('node1', 'w4'));
    expect(outcome).toMatchObject({ addresses: [{ reason: 'own-block' }] });
  });
});

describe('a store that repeats a write by itself and meets its own first one', () => {
  test('costs no second address', async () => {
    const { allocator, store } = await cluster(pool('pool', '10.0.0.0/26'), node('node1'));
    const ipam = allocator(async (call, perform) => {
      const answer = await perform();
      return call.verb === 'update' && call.kind === 'IPAMBlock'
        ? ({ kind: 'conflict' } as typeof answer)
        : answer;
    });
    expect((await ipam.autoAssign(ask('node1', 'w'))).kind).toBe('assigned');
    const { items } = await store.list('IPAMBlock');
    expect(items[0]?.spec.unallocated).toHaveLength(63);
  });
});
