import type { IPPool } from '@weft/resources';
import { describe, expect, test } from 'vitest';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import { deletePool, POOL_DELETION_PAUSE_MS } from './delete-pool.ts';

async function twoPools(): Promise<Cluster> {
  const made = await cluster(
    pool('old', '10.0.0.0/28', { blockSize: 30 }),
    pool('other', '10.0.1.0/28', { blockSize: 30 }),
    node('node1'),
    configuration({ ipCooldownSeconds: 0 }),
  );
  const request = { node: 'node1', num4: 1, intendedUse: 'Workload' } as const;
  await made.ipam.autoAssign({ ...request, handle: 'stays', pools4: ['old'] });
  await made.ipam.claimAffinity({ owner: { type: 'host', name: 'node1' }, cidr: '10.0.0.0/30' as never });
  await made.ipam.autoAssign({ ...request, handle: 'elsewhere', pools4: ['other'] });
  return made;
}

/** Deletes the pool; `during` happens in the pause. */
function remove({ store, clock }: Cluster, name: string, during = async (): Promise<unknown> => undefined) {
  return deletePool({ store, now: () => clock.now, pause: during }, name);
}

describe('deletePool', () => {
  test('leaves no affinity and no empty block, and only blocks in use, which go with their last address', async () => {
    const made = await twoPools();
    const outcome = await remove(made, 'old');
    expect(outcome).toMatchObject({ kind: 'deleted', inUse: [expect.any(String)] });
    expect(outcome.message).toContain('1 block is in use');
    const left = await contents(made.store);
    expect(Object.keys(left.affinities)).toHaveLength(1);
    expect(Object.values(left.blocks).toSorted()).toEqual(['host:node1', undefined]);
    await made.ipam.releaseByHandle('stays');
    expect(Object.values((await contents(made.store)).blocks)).toEqual(['host:node1']);
    expect(await made.ipam.inspect()).toEqual([]);
  });

  test('leaves no block for addresses that only cool down', async () => {
    const made = await cluster(pool('old', '10.0.0.0/28', { blockSize: 30 }), node('node1'));
    await made.ipam.autoAssign({ node: 'node1', num4: 1, intendedUse: 'Workload', handle: 'gone' });
    await made.ipam.releaseByHandle('gone');
    expect(Object.keys((await contents(made.store)).blocks)).toHaveLength(1);
    expect(await remove(made, 'old')).toMatchObject({ kind: 'deleted', inUse: [] });
    expect(Object.keys((await contents(made.store)).blocks)).toEqual([]);
  });

  test('disables the pool and waits before it takes blocks away, so that allocations under way can finish', async () => {
    const made = await twoPools();
    const seen: unknown[] = [];
    await deletePool(
      {
        store: made.store,
        now: () => made.clock.now,
        pause: async (ms) => {
          const resource = await made.store.get({ kind: 'IPPool', name: 'old' });
          seen.push(ms, resource?.spec.disabled, Object.keys((await contents(made.store)).affinities).length);
        },
      },
      'old',
    );
    expect(seen).toEqual([POOL_DELETION_PAUSE_MS, true, 3]);
  });

  test('takes a block away that was claimed in the pause by somebody with old news', async () => {
    const made = await twoPools();
    const stale = made.allocator(undefined, { pools: () => [pool('old', '10.0.0.0/28', { blockSize: 30 })] });
    await remove(made, 'old', () =>
      stale.claimAffinity({ owner: { type: 'host', name: 'node1' }, cidr: '10.0.0.12/30' as never }),
    );
    expect(Object.keys((await contents(made.store)).affinities)).toHaveLength(1);
  });

  test('starts over when somebody enables the pool meanwhile, and never deletes a pool it did not look at', async () => {
    const made = await twoPools();
    let pauses = 0;
    const outcome = await remove(made, 'old', async () => {
      if (pauses++ > 0) return;
      const resource = (await made.store.get({ kind: 'IPPool', name: 'old' })) as IPPool;
      await made.store.update({ ...resource, spec: { ...resource.spec, disabled: false } });
    });
    expect([outcome.kind, pauses]).toEqual(['deleted', 2]);
  });

  test('says so when there is no such pool', async () => {
    const made = await twoPools();
    expect(await remove(made, 'nobody')).toEqual({
      kind: 'not-found',
      message: 'There is no pool nobody: nothing to delete.',
    });
  });
});
