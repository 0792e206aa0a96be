import { prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { cluster, contents, node, pool } from '../../test/support/fixtures.ts';
import type { Around } from '../../test/support/intercepted-store.ts';
import { type AffinityState, newAffinity, withState } from '../core/affinity.ts';
import { newBlock, withoutOwner } from '../core/block.ts';
import { configOf } from '../core/config.ts';
import { hostOwner } from '../core/owner.ts';
import { reservationsOf } from '../core/reservations.ts';
import { claimBlock } from './claim-block.ts';
import { createContext } from './context.ts';

const CIDR = prefix('10.0.0.0/26');
/** Beyond 2^53, and below what the clock of the test gives to new blocks. */
const OLD = 10n ** 18n;
const NODE1 = hostOwner('node1');
const POOL = pool('pool', '10.0.0.0/24', { blockSize: 26 });
const rules = { config: configOf(undefined), reservations: reservationsOf([]) };

type BlockState = 'no block' | 'ours' | "another's" | "nobody's";

function block(state: BlockState): IPAMBlock[] {
  if (state === 'no block') return [];
  const owner = state === 'ours' ? NODE1 : hostOwner('node2');
  const spec = newBlock({ cidr: CIDR, owner, now: 0, sequenceNumber: OLD });
  return [
    {
      apiVersion: 'projectcalico.org/v3',
      kind: 'IPAMBlock',
      metadata: { name: '10-0-0-0-26' },
      spec: state === "nobody's" ? withoutOwner(spec) : spec,
    },
  ];
}

function affinity(state: AffinityState | 'no affinity'): BlockAffinity[] {
  return state === 'no affinity' ? [] : [withState(newAffinity(NODE1, CIDR), state)];
}

/** Each row: affinity and block before; the answer; and after: the affinity's state, and what became of the block. */
const table: [AffinityState | 'no affinity', BlockState, string, AffinityState | undefined, string][] = [
  ['no affinity', 'no block', 'claimed', 'confirmed', 'new'],
  ['no affinity', 'ours', 'claimed', 'confirmed', 'written once'],
  ['no affinity', "another's", 'lost', undefined, 'as it was'],
  ['no affinity', "nobody's", 'lost', undefined, 'as it was'],
  ['pending', 'no block', 'claimed', 'confirmed', 'new'],
  ['pending', 'ours', 'claimed', 'confirmed', 'written once'],
  ['pending', "another's", 'lost', undefined, 'as it was'],
  ['pending', "nobody's", 'lost', undefined, 'as it was'],
  ['confirmed', 'no block', 'claimed', 'confirmed', 'new'],
  ['confirmed', 'ours', 'claimed', 'confirmed', 'as it was'],
  ['confirmed', "another's", 'lost', undefined, 'as it was'],
  ['confirmed', "nobody's", 'lost', undefined, 'as it was'],
  ['pendingDeletion', 'no block', 'claimed', 'confirmed', 'new'],
  ['pendingDeletion', 'ours', 'claimed', 'confirmed', 'written once'],
  ['pendingDeletion', "another's", 'lost', undefined, 'as it was'],
  ['pendingDeletion', "nobody's", 'lost', undefined, 'as it was'],
];

describe('claiming a block (Calico getPendingAffinity, claimAffineBlock, getBlockFromAffinity)', () => {
  test.each(table)('affinity: %s, block: %s ─▶ %s', async (before, blockState, kind, after, number) => {
    const { store, clock } = await cluster(POOL, ...affinity(before), ...block(blockState));
    const context = createContext({ store, now: () => clock.now });
    const result = await claimBlock(context, rules, { owner: NODE1, cidr: CIDR, mayCreate: true });
    expect(result.kind).toBe(kind);
    expect((await contents(store)).affinities['node1-10-0-0-0-26']).toBe(after);
    const stored = (await store.list('IPAMBlock')).items[0]?.spec.sequenceNumber as bigint;
    const written = stored === OLD ? 'as it was' : stored === OLD + 1n ? 'written once' : 'new';
    expect(written).toBe(number);
  });

  test.each(table)('settling, affinity: %s, block: %s makes no block', async (before, blockState) => {
    const { store, clock } = await cluster(POOL, ...affinity(before), ...block(blockState));
    const context = createContext({ store, now: () => clock.now });
    const result = await claimBlock(context, rules, { owner: NODE1, cidr: CIDR, mayCreate: false });
    const expected = blockState === 'ours' ? 'claimed' : blockState === 'no block' ? 'no-block' : 'lost';
    expect(result.kind).toBe(expected);
    const { affinities, blocks } = await contents(store);
    expect(Object.values(affinities)).toEqual(blockState === 'ours' ? ['confirmed'] : []);
    expect(Object.keys(blocks)).toHaveLength(blockState === 'no block' ? 0 : 1);
  });

  test('the affinity is not confirmed while the block is being made', async () => {
    const { store, clock } = await cluster(POOL, ...affinity('confirmed'));
    const seen: unknown[] = [];
    const create: typeof store.create = async (resource) => {
      if (resource.kind === 'IPAMBlock') seen.push((await contents(store)).affinities);
      return store.create(resource);
    };
    const watched = Object.assign(Object.create(store), { create, get: store.get.bind(store) });
    watched.update = store.update.bind(store);
    watched.list = store.list.bind(store);
    const context = createContext({ store: watched, now: () => clock.now });
    await claimBlock(context, rules, { owner: NODE1, cidr: CIDR, mayCreate: true });
    expect(seen).toEqual([{ 'node1-10-0-0-0-26': 'pending' }]);
  });

  test.each([
    ['is gone', undefined],
    ['is disabled, as one is that is being deleted', { disabled: true }],
    ['is cut into other blocks', { blockSize: 27 }],
  ])('a claim that was decided before its pool %s leaves nothing', async (_, spec) => {
    const { store, clock } = await cluster(...(spec ? [pool('pool', '10.0.0.0/24', spec)] : []));
    const context = createContext({ store, now: () => clock.now, view: { pools: () => [POOL] } });
    const result = await claimBlock(context, rules, { owner: NODE1, cidr: CIDR, mayCreate: true });
    expect(result.kind).toBe('no-pool');
    expect(await contents(store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });

  test('a claim that is taken back while another process confirms it is not left confirmed', async () => {
    const made = await cluster(POOL, node('node1'));
    const [atConfirm, mayConfirm] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow: Around = async (call, perform) => {
      if (call.verb === 'update' && call.kind === 'BlockAffinity') {
        atConfirm.resolve();
        await mayConfirm.promise;
      }
      return perform();
    };
    const claim = { owner: NODE1, cidr: CIDR };
    const confirming = made.allocator(slow).claimAffinity(claim);
    await atConfirm.promise;
    await made.store.delete({ kind: 'IPPool', name: 'pool' });
    const takingBack: Around = async (call, perform) => {
      if (call.verb !== 'delete' || call.kind !== 'BlockAffinity') return perform();
      mayConfirm.resolve();
      expect(await confirming).toMatchObject({ kind: 'no-pool' });
      return perform();
    };
    const view = { pools: () => [POOL] };
    expect(await made.allocator(takingBack, view).claimAffinity(claim)).toMatchObject({ kind: 'no-pool' });
    expect(await contents(made.store)).toEqual({ blocks: {}, affinities: {}, handles: {} });
  });
});
