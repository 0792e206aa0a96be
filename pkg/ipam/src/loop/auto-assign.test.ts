import { DatastoreError } from '@weft/datastore';
import { prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { ask, fill, snapshotOf } from '../../test/support/asking.ts';
import { cluster, configuration, contents, node, pool, reservation } from '../../test/support/fixtures.ts';
import { hostOwner } from '../core/owner.ts';

const NOTHING = { blocks: {}, affinities: {}, handles: {} };

describe('the first address of a node', () => {
  test('comes from a block it claims; the store then holds block, confirmed affinity and handle', async () => {
    const { ipam, store } = await cluster(pool('pool', '10.0.0.0/26'), node('node1'));
    const outcome = await ipam.autoAssign(ask('node1', 'w', { attributes: { pod: 'p', namespace: 'ns' } }));
    expect(outcome).toMatchObject({
      kind: 'assigned',
      addresses: [{ address: '10.0.0.0', block: '10.0.0.0/26', pool: 'pool', reason: 'new-block' }],
    });
    expect(await contents(store)).toEqual({
      blocks: { '10.0.0.0/26': 'host:node1' },
      affinities: { 'node1-10-0-0-0-26': 'confirmed' },
      handles: { w: { '10.0.0.0/26': 1 } },
    });
    const { items } = await store.list('IPAMBlock');
    expect(items[0]?.spec.attributes).toEqual([
      {
        handle_id: 'w',
        secondary: { node: 'node1', timestamp: '2027-01-15 08:00:00 +0000 UTC', pod: 'p', namespace: 'ns' },
      },
    ]);
  });

  test('costs the cold path once: after that, and with a view, it is three round trips', async () => {
    const { ipam, store, callsOf } = await cluster(pool('pool', '10.0.0.0/26'), node('node1'));
    await fill(ipam, 'node1', 1);
    const calls = await callsOf(
      (watched) => watched.autoAssign(ask('node1', 'next')),
      await snapshotOf(store, 'node1'),
    );
    expect(calls).toEqual(['get IPAMBlock', 'create IPAMHandle', 'update IPAMBlock']);
  });

  test('from a block that this allocator wrote before cost two round trips, and three if it was changed since', async () => {
    const made = await cluster(pool('pool', '10.0.0.0/26'), node('node1'));
    await fill(made.ipam, 'node1', 1);
    const calls = await made.callsOf(
      async (watched) => {
        await watched.autoAssign(ask('node1', 'first'));
        await watched.autoAssign(ask('node1', 'second'));
        await watched.releaseByHandle('second');
        await made.ipam.releaseByHandle('first');
        await watched.autoAssign(ask('node1', 'third'));
      },
      await snapshotOf(made.store, 'node1'),
    );
    expect(calls).toEqual([
      ...['get IPAMBlock', 'create IPAMHandle', 'update IPAMBlock'],
      ...['create IPAMHandle', 'update IPAMBlock'],
      ...['get IPAMHandle', 'update IPAMBlock', 'delete IPAMHandle'],
      ...['create IPAMHandle', 'update IPAMBlock', 'get IPAMBlock', 'update IPAMHandle', 'update IPAMBlock'],
    ]);
  });

  test('of a block that is remembered as full, it is asked whether it still is', async () => {
    const settings = configuration({ strictAffinity: true, ipCooldownSeconds: 0 });
    const made = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'), settings);
    await fill(made.ipam, 'node1', 4);
    await made.allocator().releaseByHandle('w0');
    expect(await made.ipam.autoAssign(ask('node1', 'next'))).toMatchObject({ kind: 'assigned' });
  });
});

describe('a full block', () => {
  test('is followed by a second: the 65th address of a node with /26 blocks', async () => {
    const { ipam, store } = await cluster(pool('pool', '10.0.0.0/24'), node('node1'));
    await fill(ipam, 'node1', 64);
    expect(Object.keys((await contents(store)).blocks)).toHaveLength(1);
    const outcome = await ipam.autoAssign(ask('node1', 'w64'));
    expect(outcome).toMatchObject({ kind: 'assigned', addresses: [{ reason: 'new-block' }] });
    expect(Object.keys((await contents(store)).blocks)).toHaveLength(2);
  });

  test('is followed by one more only, however many ask at once, and nobody writes in vain', async () => {
    const { store, callsOf } = await cluster(pool('pool', '10.0.0.0/24', { blockSize: 27 }), node('node1'));
    const calls = await callsOf(async (ipam) => {
      const asked = Array.from({ length: 40 }, (_, index) => ipam.autoAssign(ask('node1', `w${index}`)));
      const outcomes = await Promise.all(asked);
      expect(outcomes.every(({ kind }) => kind === 'assigned')).toBe(true);
    });
    expect(Object.keys((await contents(store)).blocks)).toHaveLength(2);
    expect(calls.filter((call) => call === 'update IPAMBlock')).toHaveLength(40);
    expect(calls.filter((call) => call === 'create IPAMHandle')).toHaveLength(40);
  });
});

describe('a pool that is used up', () => {
  test('refuses, says why, and leaves neither handle nor affinity behind', async () => {
    const { ipam, store } = await cluster(
      pool('pool', '10.0.0.0/30', { blockSize: 30 }),
      node('node1'),
      node('node2'),
    );
    await fill(ipam, 'node1', 4);
    const before = await contents(store);
    for (const name of ['node1', 'node2']) {
      expect(await ipam.autoAssign(ask(name, 'one-too-many'))).toMatchObject({
        kind: 'exhausted',
        message: `No free IPv4 address for one-too-many on node ${name} (pool pool (10.0.0.0/30): 1 of 1 blocks claimed). Add a pool, or detach workloads that nobody needs.`,
        reasons: ['pool pool (10.0.0.0/30): 1 of 1 blocks claimed'],
      });
    }
    expect(await contents(store)).toEqual(before);
  });

  test('gives an address again when its cooldown of 60 s is over, not before', async () => {
    const { ipam, clock } = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'));
    await fill(ipam, 'node1', 4);
    await ipam.releaseByHandle('w2');
    clock.now += 60_000;
    const early = await ipam.autoAssign(ask('node1', 'early'));
    expect(early).toMatchObject({
      kind: 'exhausted',
      reasons: [expect.stringContaining('cooling down after release: 1')],
    });
    clock.now += 1;
    expect(await ipam.autoAssign(ask('node1', 'late'))).toMatchObject({
      addresses: [{ address: '10.0.0.2' }],
    });
  });

  test('gives it again at once when ipCooldownSeconds is 0', async () => {
    const { ipam } = await cluster(
      pool('pool', '10.0.0.0/30', { blockSize: 30 }),
      node('node1'),
      configuration({ ipCooldownSeconds: 0 }),
    );
    await fill(ipam, 'node1', 4);
    await ipam.releaseByHandle('w2');
    expect(await ipam.autoAssign(ask('node1', 'next'))).toMatchObject({
      addresses: [{ address: '10.0.0.2' }],
    });
  });
});

describe('all or nothing', () => {
  test('IPv4 is given back at once, without cooldown, when IPv6 is used up', async () => {
    const { ipam, store } = await cluster(
      pool('four', '10.0.0.0/30', { blockSize: 30 }),
      pool('six', 'fd00::/128', { blockSize: 128 }),
      node('node1'),
    );
    expect((await ipam.autoAssign(ask('node1', 'both', { num6: 1 }))).kind).toBe('assigned');
    for (let attempt = 0; attempt < 10; attempt++) {
      const outcome = await ipam.autoAssign(ask('node1', 'no-six', { num6: 1 }));
      expect(outcome).toMatchObject({ kind: 'exhausted', message: expect.stringContaining('IPv6') });
    }
    expect((await contents(store)).handles).toEqual({ both: { '10.0.0.0/30': 1, 'fd00::/128': 1 } });
    await fill(ipam, 'node1', 3);
  });

  test('a request for more than there is gets none', async () => {
    const { ipam, store } = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 31 }), node('node1'));
    expect((await ipam.autoAssign(ask('node1', 'five', { num4: 5 }))).kind).toBe('exhausted');
    expect((await contents(store)).handles).toEqual({});
    expect(await ipam.autoAssign(ask('node1', 'four', { num4: 4 }))).toMatchObject({
      kind: 'assigned',
      addresses: [{}, {}, {}, {}],
    });
  });

  test('a failing store passes through, and what was taken before is given back when it answers again', async () => {
    const { allocator, store } = await cluster(
      pool('four', '10.0.0.0/26'),
      pool('six', 'fd00::/64'),
      node('node1'),
    );
    const failOnce = { left: 1 };
    const ipam = allocator(async (call, perform) => {
      const answer = await perform();
      const isIpv6 = call.verb === 'create' && call.name?.startsWith('fd00');
      if (isIpv6 && failOnce.left-- > 0)
        throw new DatastoreError('unavailable', 'The store is away. Try again.');
      return answer;
    });
    await expect(ipam.autoAssign(ask('node1', 'both', { num6: 1 }))).rejects.toThrow('The store is away');
    expect((await contents(store)).handles).toEqual({});
    expect((await ipam.autoAssign(ask('node1', 'both', { num6: 1 }))).kind).toBe('assigned');
  });

  test('a lost answer to the last write leaves nothing behind', async () => {
    const { allocator, store } = await cluster(pool('four', '10.0.0.0/26'), node('node1'));
    const ipam = allocator(async (call, perform) => {
      const answer = await perform();
      const isTaking = call.verb === 'update' && call.kind === 'IPAMBlock';
      if (isTaking && (await taken()) > 0) throw new DatastoreError('unavailable', 'The answer was lost.');
      return answer;
    });
    const taken = async () =>
      (await store.list('IPAMBlock')).items.flatMap(({ spec }) => spec.attributes).length;
    await expect(ipam.autoAssign(ask('node1', 'w'))).rejects.toThrow('The answer was lost');
    expect(await taken()).toBe(0);
    expect((await contents(store)).handles).toEqual({});
  });
});

describe('borrowing', () => {
  const cramped = [pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'), node('node2')];

  test('gives a node an address of another node, routed by its attribute node', async () => {
    const { ipam, store } = await cluster(...cramped);
    await fill(ipam, 'node1', 1);
    expect(await ipam.autoAssign(ask('node2', 'guest'))).toMatchObject({
      kind: 'assigned',
      addresses: [{ address: '10.0.0.1', block: '10.0.0.0/30', reason: 'borrowed' }],
    });
    const { items } = await store.list('IPAMBlock');
    expect(items[0]?.spec).toMatchObject({
      affinity: 'host:node1',
      attributes: [{}, { secondary: { node: 'node2' } }],
    });
    expect((await contents(store)).affinities).toEqual({ 'node1-10-0-0-0-30': 'confirmed' });
  });

  test('is refused under strictAffinity', async () => {
    const { ipam } = await cluster(...cramped, configuration({ strictAffinity: true }));
    await fill(ipam, 'node1', 1);
    const outcome = await ipam.autoAssign(ask('node2', 'guest'));
    expect(outcome).toMatchObject({
      kind: 'exhausted',
      reasons: [
        'pool pool (10.0.0.0/30): 1 of 1 blocks claimed, free in blocks of others: 3',
        'strictAffinity is true, so the node takes no address from blocks of others',
      ],
    });
  });

  test('uses blocks that belong to nobody', async () => {
    const { ipam } = await cluster(...cramped);
    await fill(ipam, 'node1', 1);
    await ipam.releaseAffinity({
      owner: hostOwner('node1'),
      cidr: prefix('10.0.0.0/30'),
      requireEmpty: false,
    });
    expect(await ipam.autoAssign(ask('node2', 'guest'))).toMatchObject({
      addresses: [{ reason: 'borrowed' }],
    });
  });
});

describe('reclaiming', () => {
  test('takes an empty block from its owner after a minute', async () => {
    const { ipam, store, clock } = await cluster(
      pool('pool', '10.0.0.0/30', { blockSize: 30 }),
      node('node1'),
      node('node2'),
      configuration({ strictAffinity: true }),
    );
    await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix('10.0.0.0/30') });
    expect(await ipam.autoAssign(ask('node2', 'w'))).toMatchObject({
      kind: 'exhausted',
      reasons: [expect.stringContaining('empty blocks claimed less than a minute ago: 1'), expect.anything()],
    });
    clock.now += 60_000;
    expect(await ipam.autoAssign(ask('node2', 'w'))).toMatchObject({
      addresses: [{ reason: 'reclaimed-block' }],
    });
    expect(await contents(store)).toMatchObject({
      blocks: { '10.0.0.0/30': 'host:node2' },
      affinities: { 'node2-10-0-0-0-30': 'confirmed' },
    });
  });
});

describe('limits', () => {
  const roomy = [pool('pool', '10.0.0.0/28', { blockSize: 30 }), node('node1'), node('node2')];

  test('maxBlocksPerHost refuses a third block under strictAffinity', async () => {
    const { ipam } = await cluster(...roomy, configuration({ strictAffinity: true, maxBlocksPerHost: 2 }));
    await fill(ipam, 'node1', 8);
    expect(await ipam.autoAssign(ask('node1', 'w8'))).toMatchObject({
      kind: 'block-limit',
      reasons: ['the limit is 2 blocks (maxBlocksPerHost)', 'pool pool (10.0.0.0/28): 2 of 4 blocks claimed'],
    });
  });

  test('at the limit a node borrows when it may', async () => {
    const { ipam } = await cluster(...roomy, configuration({ maxBlocksPerHost: 2 }));
    await fill(ipam, 'node2', 1, 'other');
    await fill(ipam, 'node1', 8);
    expect(await ipam.autoAssign(ask('node1', 'w8'))).toMatchObject({ addresses: [{ reason: 'borrowed' }] });
  });

  test('without autoAllocateBlocks a node uses only what it was given', async () => {
    const settings = configuration({ strictAffinity: true, autoAllocateBlocks: false });
    const { ipam } = await cluster(...roomy, settings);
    expect(await ipam.autoAssign(ask('node1', 'w'))).toMatchObject({
      kind: 'exhausted',
      reasons: expect.arrayContaining(['autoAllocateBlocks is false, so the node claims no new block']),
    });
    await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix('10.0.0.0/30') });
    expect(await ipam.autoAssign(ask('node1', 'w'))).toMatchObject({ addresses: [{ reason: 'own-block' }] });
  });

  test('reserved addresses are not given out', async () => {
    const { ipam } = await cluster(
      pool('pool', '10.0.0.0/30', { blockSize: 30 }),
      node('node1'),
      reservation('10.0.0.0/31'),
    );
    await fill(ipam, 'node1', 2);
    expect((await ipam.autoAssign(ask('node1', 'w2'))).kind).toBe('exhausted');
  });
});

describe('who may ask', () => {
  test('a node that is not in the datastore is refused', async () => {
    const { ipam, store } = await cluster(pool('pool', '10.0.0.0/26'));
    expect(await ipam.autoAssign(ask('ghost', 'w'))).toMatchObject({ kind: 'node-missing' });
    expect(await contents(store)).toEqual(NOTHING);
  });

  test('a node that no pool selects is told why of each pool', async () => {
    const { ipam } = await cluster(
      pool('a', '10.0.0.0/26', { nodeSelector: 'rack == "b"' }),
      pool('b', '10.0.1.0/26', { disabled: true }),
      node('node1', { rack: 'a' }),
    );
    expect(await ipam.autoAssign(ask('node1', 'w'))).toMatchObject({
      kind: 'no-pool',
      reasons: ['pool a does not select node node1 (nodeSelector rack == "b")', 'pool b is disabled'],
    });
  });

  test('addresses of LoadBalancer services come from blocks of no node', async () => {
    const { ipam, store } = await cluster(pool('lb', '10.9.0.0/26', { allowedUses: ['LoadBalancer'] }));
    const request = {
      node: '',
      handle: 'lb-x',
      num4: 1,
      intendedUse: 'LoadBalancer',
      attributes: { service: 's' },
    } as const;
    expect((await ipam.autoAssign(request)).kind).toBe('assigned');
    const { items } = await store.list('IPAMBlock');
    expect(items[0]?.spec).toMatchObject({
      affinity: 'virtual:load-balancer',
      attributes: [{ handle_id: 'lb-x', secondary: { service: 's' } }],
    });
  });

  test('a node gives up empty blocks of pools that no longer select it when it claims another', async () => {
    const moved = pool('moved', '10.0.0.0/26');
    const { ipam, store } = await cluster(moved, pool('stays', '10.1.0.0/26'), node('node1'));
    await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix('10.0.0.0/26') });
    const current = await store.get({ kind: 'IPPool', name: 'moved' });
    if (current) await store.update({ ...current, spec: { ...current.spec, nodeSelector: '!all()' } });
    await fill(ipam, 'node1', 1);
    expect((await contents(store)).blocks).toEqual({ '10.1.0.0/26': 'host:node1' });
  });
});
