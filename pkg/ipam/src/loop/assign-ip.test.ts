import { address, prefix } from '@weft/ip';
import { describe, expect, test } from 'vitest';
import { cluster, configuration, contents, node, pool, reservation } from '../../test/support/fixtures.ts';
import { hostOwner } from '../core/owner.ts';

const WANTED = address('10.0.0.5');
const small = pool('pool', '10.0.0.0/29', { blockSize: 30 });

function ask(more: object = {}): { address: typeof WANTED; node: string; handle: string } {
  return { address: WANTED, node: 'node1', handle: 'w', ...more };
}

describe('assigning an address by name (Calico AssignIP)', () => {
  test('claims its block when there is none', async () => {
    const { ipam, store } = await cluster(small, node('node1'));
    expect(await ipam.assignIp(ask())).toMatchObject({
      kind: 'assigned',
      addresses: [{ address: WANTED, block: '10.0.0.4/30', pool: 'pool', reason: 'requested' }],
    });
    expect(await contents(store)).toEqual({
      blocks: { '10.0.0.4/30': 'host:node1' },
      affinities: { 'node1-10-0-0-4-30': 'confirmed' },
      handles: { w: { '10.0.0.4/30': 1 } },
    });
  });

  test('ignores reservations, which are for automatic assignment', async () => {
    const { ipam } = await cluster(small, node('node1'), reservation('10.0.0.0/24'));
    expect((await ipam.assignIp(ask())).kind).toBe('assigned');
  });

  test('says who has an address that is taken, so that a caller recognises itself', async () => {
    const { ipam } = await cluster(small, node('node1'));
    await ipam.assignIp(ask({ attributes: { pod: 'p' } }));
    expect(await ipam.assignIp(ask({ handle: 'other' }))).toMatchObject({
      kind: 'already-assigned',
      held: { handle: 'w', attributes: { pod: 'p', node: 'node1' } },
      message: expect.stringContaining('handle w holds it'),
    });
  });

  test('takes an address that cools down: who names it means it', async () => {
    const { ipam } = await cluster(small, node('node1'));
    await ipam.assignIp(ask());
    await ipam.releaseByHandle('w');
    expect((await ipam.assignIp(ask({ handle: 'restarted' }))).kind).toBe('assigned');
  });

  test('takes it from a block of another node, unless strictAffinity forbids that', async () => {
    const lenient = await cluster(small, node('node1'), node('node2'));
    await lenient.ipam.claimAffinity({ owner: hostOwner('node2'), cidr: prefix('10.0.0.4/30') });
    expect((await lenient.ipam.assignIp(ask())).kind).toBe('assigned');
    const strict = await cluster(
      small,
      node('node1'),
      node('node2'),
      configuration({ strictAffinity: true }),
    );
    await strict.ipam.claimAffinity({ owner: hostOwner('node2'), cidr: prefix('10.0.0.4/30') });
    const outcome = await strict.ipam.assignIp(ask());
    expect(outcome).toMatchObject({
      kind: 'strict-affinity',
      message: expect.stringContaining('belongs to node node2'),
    });
    expect((await contents(strict.store)).handles).toEqual({});
  });

  test.each([
    ['no pool holds it', pool('pool', '10.1.0.0/24'), {}],
    ['pool pool is disabled', pool('pool', '10.0.0.0/24', { disabled: true }), {}],
    [
      'pool pool is for Tunnel only, not for Workload',
      pool('pool', '10.0.0.0/24', { allowedUses: ['Tunnel'] }),
      { intendedUse: 'Workload' },
    ],
  ])('is refused when %s', async (reason, only, more) => {
    const { ipam } = await cluster(only, node('node1'));
    expect(await ipam.assignIp(ask(more))).toMatchObject({ kind: 'no-pool', reasons: [reason] });
  });

  test('is refused where a block of another size is in the way', async () => {
    const { ipam, store } = await cluster(small, node('node1'));
    await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix('10.0.0.4/30') });
    await store.delete({ kind: 'IPPool', name: 'pool' });
    await store.create(pool('pool', '10.0.0.0/29', { blockSize: 29 }));
    expect(await ipam.assignIp(ask())).toMatchObject({
      kind: 'block-overlap',
      reasons: ['block 10.0.0.4/30 lies across the /29 blocks of pool pool'],
    });
  });
});

describe('claiming a block by name (Calico ClaimAffinity)', () => {
  test.each([
    ['10.0.0.0/30', 'claimed'],
    ['10.9.0.0/30', 'no-pool'],
    ['10.0.0.0/31', 'wrong-size'],
    ['10.0.0.4/30', 'claimed-by-other'],
  ])('%s: %s', async (cidr, kind) => {
    const { ipam } = await cluster(small, node('node1'), node('node2'));
    await ipam.claimAffinity({ owner: hostOwner('node2'), cidr: prefix('10.0.0.4/30') });
    expect((await ipam.claimAffinity({ owner: hostOwner('node1'), cidr: prefix(cidr) })).kind).toBe(kind);
  });
});
