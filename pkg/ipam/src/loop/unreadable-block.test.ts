/** What an allocator does where nobody can read a block: it goes around it, and nothing is made in its place. */
import { address, type Prefix, prefix } from '@weft/ip';
import type { IPAMConfiguration } from '@weft/resources';
import { beforeEach, expect, test } from 'vitest';
import { ask, fill } from '../../test/support/asking.ts';
import { type Cluster, cluster, configuration, contents, node, pool } from '../../test/support/fixtures.ts';
import type { Around } from '../../test/support/intercepted-store.ts';
import { unreadableBlocks } from '../../test/support/unreadable-blocks.ts';
import { withState } from '../core/affinity.ts';

const LOW = prefix('10.0.0.0/30');
const HIGH = prefix('10.0.0.4/30');

let bad: Set<Prefix>;
beforeEach(() => {
  bad = new Set();
});

/** Two nodes and two blocks of four addresses. */
const small = (...more: IPAMConfiguration[]): Promise<Cluster> =>
  cluster(pool('pool', '10.0.0.0/29', { blockSize: 30 }), node('node1'), node('node2'), ...more);

/** Gives a node its first address, after which its block cannot be read; returns that block, and the other. */
async function withBadBlockOf(name: string, { ipam }: Cluster): Promise<{ own: Prefix; other: Prefix }> {
  const first = await ipam.autoAssign(ask(name, 'first'));
  if (first.kind !== 'assigned') throw new Error(first.message);
  const own = first.addresses[0]?.block as Prefix;
  bad.add(own);
  return { own, other: own === LOW ? HIGH : LOW };
}

test("an address comes from a new block where the node's own cannot be read, which stays as it is", async () => {
  const made = await small();
  const { other, own } = await withBadBlockOf('node1', made);
  const before = await contents(made.store);
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'next'));
  expect(outcome).toMatchObject({ addresses: [{ block: other, reason: 'new-block' }] });
  const after = await contents(made.store);
  expect(after.blocks).toEqual({ ...before.blocks, [other]: 'host:node1' });
  expect(Object.values(after.affinities)).toEqual(['confirmed', 'confirmed']);
  expect(after.handles).toEqual({ first: { [own]: 1 }, next: { [other]: 1 } });
});

test('and from another block of the node where it has one', async () => {
  const made = await small();
  const { other } = await withBadBlockOf('node1', made);
  await fill(made.ipam, 'node1', 4);
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'next'));
  expect(outcome).toMatchObject({ addresses: [{ block: other, reason: 'own-block' }] });
});

test("no claim is left on another's block that cannot be read, where the search finds a gap", async () => {
  const made = await small();
  const { other } = await withBadBlockOf('node2', made);
  const before = await contents(made.store);
  for (let index = 0; index < 4; index++) {
    const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', `w${index}`));
    expect(outcome).toMatchObject({ addresses: [{ block: other }] });
  }
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'none'));
  expect(outcome.kind).toBe('exhausted');
  const { affinities, blocks } = await contents(made.store);
  expect(Object.keys(affinities)).toHaveLength(2);
  expect(blocks).toEqual({ ...before.blocks, [other]: 'host:node1' });
});

test('a claim on it that was left half-way waits until it can be read', async () => {
  const made = await small();
  const { other, own } = await withBadBlockOf('node1', made);
  const [affinity] = (await made.store.list('BlockAffinity')).items;
  if (!affinity) throw new Error('no affinity');
  await made.store.update(withState(affinity, 'pending'));
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'next'));
  expect(outcome).toMatchObject({ addresses: [{ block: other }] });
  const { items } = await made.store.list('BlockAffinity');
  const states = Object.fromEntries(items.map(({ spec }) => [spec.cidr, spec.state]));
  expect(states).toEqual({ [own]: 'pending', [other]: 'confirmed' });
});

test('a refusal names it', async () => {
  const made = await cluster(pool('pool', '10.0.0.0/30', { blockSize: 30 }), node('node1'));
  await withBadBlockOf('node1', made);
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'next'));
  expect(outcome).toMatchObject({
    kind: 'exhausted',
    reasons: [expect.stringMatching(/read.*: 10.0.0.0\/30/)],
  });
  expect((await contents(made.store)).handles).toEqual({ first: { '10.0.0.0/30': 1 } });
});

test('it counts among the blocks that a node may own', async () => {
  const made = await small(configuration({ maxBlocksPerHost: 1, strictAffinity: true }));
  await withBadBlockOf('node1', made);
  const outcome = await made.allocator(unreadableBlocks(bad)).autoAssign(ask('node1', 'next'));
  expect(outcome.kind).toBe('block-limit');
});

test('a handle counts rather too much in a block that becomes unreadable while an address is taken from it', async () => {
  const made = await small();
  await fill(made.ipam, 'node1', 1);
  const around = unreadableBlocks(bad);
  const spoiling: Around = async (call, perform) => {
    if (call.verb !== 'update' || call.kind !== 'IPAMBlock' || bad.size > 0) return around(call, perform);
    bad.add(call.name === '10-0-0-0-30' ? LOW : HIGH);
    return { kind: 'conflict' } as Awaited<ReturnType<typeof perform>>;
  };
  const outcome = await made.allocator(spoiling).autoAssign(ask('node1', 'next'));
  const [spoiled] = bad;
  const other = spoiled === LOW ? HIGH : LOW;
  expect(outcome).toMatchObject({ addresses: [{ block: other }] });
  expect((await contents(made.store)).handles.next).toEqual({ [spoiled as Prefix]: 1, [other]: 1 });
});

test('an address of it that is asked for by name is refused by the name of the block', async () => {
  const made = await small();
  await withBadBlockOf('node1', made);
  const [own] = bad;
  const named = address(own === LOW ? '10.0.0.3' : '10.0.0.7');
  const allocator = made.allocator(unreadableBlocks(bad));
  const asking = allocator.assignIp({ node: 'node1', handle: 'named', address: named });
  await expect(asking).rejects.toThrow(/IPAMBlock "10-0-0-/);
});
