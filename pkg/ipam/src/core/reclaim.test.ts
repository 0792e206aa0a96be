import { parseJson, stringifyJson } from '@weft/resources';
import { describe, expect, it } from 'vitest';
import { cluster, configuration, node, pool } from '../../test/support/fixtures.ts';
import { tunnelAttributes, tunnelHandle, workloadAttributes } from './attributes.ts';
import type { AddressUser, Leak } from './leaks.ts';
import {
  isStillLeaked,
  leaksById,
  NO_MEMORY,
  planReclaim,
  type ReclaimMemory,
  type ReclaimPolicy,
  type ReclaimSnapshot,
  type ReclaimStep,
} from './reclaim.ts';

const MINUTE = 60_000;
const POLICY: ReclaimPolicy = { now: 0, graceMs: 15 * MINUTE, mostAddresses: 10_000 };

/** Pods shop/a on node1, shop/b and a tunnel on node2. */
async function twoNodes() {
  const made = await cluster(
    pool('pool4', '10.0.0.0/24', { blockSize: 28 }),
    node('node1'),
    node('node2'),
    configuration({ ipCooldownSeconds: 60 }),
  );
  const { ipam, store, clock } = made;
  const assign = (on: string, pod: string) => {
    const attributes = workloadAttributes({ node: on, namespace: 'shop', pod, now: clock.now });
    return ipam.autoAssign({ node: on, handle: `net.${pod}`, attributes, num4: 1, intendedUse: 'Workload' });
  };
  await assign('node1', 'a');
  await assign('node2', 'b');
  await ipam.autoAssign({
    node: 'node2',
    handle: tunnelHandle('vxlan', 'node2'),
    attributes: tunnelAttributes('vxlan', 'node2'),
    num4: 1,
    intendedUse: 'Tunnel',
  });
  const snapshot = async (nodes: string[], users: AddressUser[]): Promise<ReclaimSnapshot> => ({
    blocks: (await store.list('IPAMBlock')).items,
    affinities: (await store.list('BlockAffinity')).items,
    nodes: new Set(nodes),
    users,
    arePods: true,
    cooldown: { seconds: 60, now: clock.now },
  });
  return { ...made, assign, snapshot };
}

const a: AddressUser = { name: 'shop/a', node: 'node1' };
const b: AddressUser = { name: 'shop/b', node: 'node2' };

const inShort = (steps: readonly ReclaimStep[]) =>
  steps.map((step) => {
    if (step.kind === 'release-addresses')
      return step.leaks.map(({ handle, reason }) => `${handle} ${reason}`);
    return step.kind === 'release-node' ? step.node : `${step.kind} ${JSON.stringify(step.block, text)}`;
  });
const text = (_: string, value: unknown) => (typeof value === 'bigint' ? 'number' : value);

describe('a plan', () => {
  it('has nothing to do while every pod lives', async () => {
    const { snapshot } = await twoNodes();
    expect(planReclaim(await snapshot(['node1', 'node2'], [a, b]), POLICY, NO_MEMORY).steps).toEqual([]);
  });

  it('takes an address back that looked leaked twice, as far apart as the grace period', async () => {
    const { snapshot } = await twoNodes();
    const gone = await snapshot(['node1', 'node2'], [b]);
    const first = planReclaim(gone, POLICY, NO_MEMORY);
    expect([first.steps, first.candidates.length]).toEqual([[], 1]);
    const early = planReclaim(gone, { ...POLICY, now: 15 * MINUTE - 1 }, first.memory);
    expect(early.steps).toEqual([]);
    const second = planReclaim(gone, { ...POLICY, now: 15 * MINUTE }, first.memory);
    expect(inShort(second.steps)).toEqual([['net.a workload-gone']]);
  });

  it('takes all from a dead node at once: its addresses, its tunnels, its blocks', async () => {
    const { snapshot } = await twoNodes();
    const { steps } = planReclaim(await snapshot(['node1'], [a]), POLICY, NO_MEMORY);
    expect(inShort(steps)).toEqual([
      ['net.b node-gone'],
      [`${tunnelHandle('vxlan', 'node2')} node-gone`],
      'node2',
    ]);
  });

  it('leaves a dead node its tunnels and its blocks while anything there may be in use', async () => {
    const { ipam, snapshot } = await twoNodes();
    const stillThere = await snapshot(['node1'], [a, b]);
    expect(planReclaim(stillThere, POLICY, NO_MEMORY).steps).toEqual([]);
    await ipam.autoAssign({
      node: 'node2',
      handle: 'docker',
      attributes: { node: 'node2', workload: 'db' },
      num4: 1,
      intendedUse: 'Workload',
    });
    const { steps } = planReclaim(await snapshot(['node1'], [a]), POLICY, NO_MEMORY);
    expect(inShort(steps)).toEqual([['net.b node-gone']]);
  });

  it('takes back so many addresses at most, and keeps the node for which some remain', async () => {
    const { snapshot } = await twoNodes();
    const { steps } = planReclaim(await snapshot(['node1'], [a]), { ...POLICY, mostAddresses: 1 }, NO_MEMORY);
    expect(inShort(steps)).toEqual([['net.b node-gone']]);
  });

  it('waits for nothing and takes nothing with a grace period of 0, but from dead nodes', async () => {
    const { snapshot } = await twoNodes();
    const off = { ...POLICY, graceMs: 0 };
    const first = planReclaim(await snapshot(['node1', 'node2'], []), off, NO_MEMORY);
    const much = { ...off, now: 1e12 };
    const later = planReclaim(await snapshot(['node1', 'node2'], []), much, first.memory);
    expect([later.steps, later.candidates.length]).toEqual([[], 2]);
    const dead = planReclaim(await snapshot(['node1'], [a]), much, first.memory);
    expect(inShort(dead.steps)).toContain('node2');
  });

  it('frees what has cooled down in a block that nobody writes', async () => {
    const { ipam, clock, snapshot } = await twoNodes();
    await ipam.releaseByHandle('net.b');
    const all = ['node1', 'node2'];
    expect(planReclaim(await snapshot(all, [a]), POLICY, NO_MEMORY).steps).toEqual([]);
    clock.now += 2 * MINUTE;
    const { steps } = planReclaim(await snapshot(all, [a]), POLICY, NO_MEMORY);
    expect(steps).toMatchObject([{ kind: 'free-cooled' }]);
    if (steps[0]?.kind !== 'free-cooled') throw new Error('seen above');
    expect(await ipam.freeCooled(steps[0].block)).toEqual({ kind: 'freed' });
    expect(await ipam.freeCooled(steps[0].block)).toEqual({ kind: 'nothing-to-free' });
    expect(planReclaim(await snapshot(all, [a]), POLICY, NO_MEMORY).steps).toEqual([]);
  });

  it('is the same again from the same snapshot, policy and memory as JSON', async () => {
    const { snapshot } = await twoNodes();
    const seen = await snapshot(['node1'], []);
    const memory: ReclaimMemory = planReclaim(seen, POLICY, NO_MEMORY).memory;
    const recorded = stringifyJson({
      ...seen,
      nodes: [...seen.nodes],
      memory: { leaksSince: [...memory.leaksSince], idleSince: [...memory.idleSince] },
    });
    const {
      nodes,
      memory: kept,
      ...read
    } = parseJson(recorded) as never as typeof seen & {
      memory: { leaksSince: [string, number][]; idleSince: [string, number][] };
    };
    const again = planReclaim(
      { ...read, nodes: new Set(nodes) },
      { ...POLICY, now: 15 * MINUTE },
      {
        leaksSince: new Map(kept.leaksSince),
        idleSince: new Map(kept.idleSince),
      },
    );
    expect(again).toEqual(planReclaim(seen, { ...POLICY, now: 15 * MINUTE }, memory));
    expect(again.steps).not.toEqual([]);
  });
});

describe('a second look', () => {
  const leaksOf = (steps: readonly ReclaimStep[], handle: string): readonly Leak[] =>
    steps
      .flatMap((step) => (step.kind === 'release-addresses' ? step.leaks : []))
      .filter((leak) => leak.handle === handle);

  it('agrees while nothing changed, and not when the pod, the node or the holder is another', async () => {
    const { ipam, assign, clock, snapshot } = await twoNodes();
    const { steps } = planReclaim(await snapshot(['node1'], [a]), POLICY, NO_MEMORY);
    const leaks = leaksOf(steps, 'net.b');
    const agrees = async (nodes: string[], users: AddressUser[]) =>
      isStillLeaked(leaks, leaksById(await snapshot(nodes, users)));
    expect(await agrees(['node1'], [a])).toBe(true);
    expect(await agrees(['node1'], [a, b])).toBe(false);
    expect(await agrees(['node1', 'node2'], [a])).toBe(false);
    await ipam.releaseByHandle('net.b');
    clock.now += 2 * MINUTE;
    await assign('node2', 'b');
    expect(await agrees(['node1'], [a])).toBe(false);
  });
});
