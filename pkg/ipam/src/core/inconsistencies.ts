/**
 * What a crash between two writes leaves behind, found in a snapshot of all blocks, affinities and handles.
 *
 * The three lists are never from one moment, so a finding may be an operation under way. Repairing it is safe all the
 * same: repairs use the compare-and-swap orders of the operations themselves.
 */
import type { Prefix } from '@weft/ip';
import type { BlockAffinity, IPAMBlock, IPAMHandle, IPPool } from '@weft/resources';
import { blockOfAffinity, ownerOfAffinity, stateOf } from './affinity.ts';
import { type BlockSpec, countsByHandle, isEmptyBlock, ownerOfBlock } from './block.ts';
import { checkBlock } from './block-check.ts';
import { type Cooldown, collectCooled } from './block-release.ts';
import { isEmptyHandle } from './handle.ts';
import { affinityText, describeOwner, isSameOwner, type Owner } from './owner.ts';
import { isBlockOf, poolSpace } from './pool-choice.ts';

/** Something that two objects tell differently. `message` says what is wrong, with which object, and the repair. */
export type Inconsistency = { readonly message: string } & (
  | {
      /** A claim or its end was left half-way: repair finishes the one or the other. */
      readonly kind: 'affinity-unsettled';
      readonly owner: Owner;
      readonly block: Prefix;
      readonly state: 'pending' | 'pendingDeletion';
    }
  /** A confirmed claim to a block that is not there, or not the claimant's. */
  | { readonly kind: 'affinity-stale'; readonly owner: Owner; readonly block: Prefix }
  /** A block names an owner that has no affinity, so nobody advertises it. */
  | { readonly kind: 'block-without-affinity'; readonly owner: Owner; readonly block: Prefix }
  /** An empty block that no pool is cut into, as a pool's deletion cut off can leave: it only draws a route. */
  | { readonly kind: 'block-outside-pools'; readonly owner: Owner; readonly block: Prefix }
  /** Nobody owns the block and nobody uses it. */
  | { readonly kind: 'block-abandoned'; readonly block: Prefix }
  /** A handle counts more or fewer addresses than the block holds for it. */
  | { readonly kind: 'handle-count'; readonly handle: string; readonly block: Prefix }
  /** A handle without any address. */
  | { readonly kind: 'handle-empty'; readonly handle: string }
  /** A block that breaks its own invariants; no repair is known. */
  | { readonly kind: 'block-invalid'; readonly block: Prefix; readonly problems: readonly string[] }
);

/** All there is of IPAM in a datastore. */
export interface IpamSnapshot {
  /** Every IPPool, enabled or not. */
  readonly pools: readonly IPPool[];
  readonly blocks: readonly IPAMBlock[];
  readonly affinities: readonly BlockAffinity[];
  readonly handles: readonly IPAMHandle[];
}

/** Everything in the snapshot that does not agree. */
export function findInconsistencies(snapshot: IpamSnapshot, cooldown: Cooldown): Inconsistency[] {
  const live = snapshot.blocks.filter(({ spec }) => !spec.deleted);
  const problems = new Map(live.map(({ spec }) => [spec.cidr, checkBlock(spec)]));
  const sound = live.filter(({ spec }) => problems.get(spec.cidr)?.length === 0);
  const blocks = new Map(sound.map(({ spec }) => [spec.cidr, collectCooled(spec, cooldown)]));
  const broken = new Set(live.map(({ spec }) => spec.cidr).filter((cidr) => !blocks.has(cidr)));
  const affinities = snapshot.affinities.filter(({ spec }) => !spec.deleted && !broken.has(spec.cidr));
  return [
    ...[...broken].map((block) => invalid(block, problems.get(block) ?? [])),
    ...affinities.flatMap((affinity) => judgeAffinity(affinity, blocks.get(blockOfAffinity(affinity)))),
    ...[...blocks.values()].flatMap((block) => judgeBlock(block, affinities, snapshot.pools)),
    ...judgeHandles(snapshot.handles, blocks, broken),
  ];
}

function invalid(block: Prefix, problems: readonly string[]): Inconsistency {
  const message = `Block ${block} contradicts itself: ${problems.join('; ')}. Restore it from a copy of the datastore.`;
  return { kind: 'block-invalid', block, problems, message };
}

function judgeAffinity(affinity: BlockAffinity, block: BlockSpec | undefined): Inconsistency[] {
  const cidr = blockOfAffinity(affinity);
  const owner = ownerOfAffinity(affinity);
  const state = stateOf(affinity);
  const claim = `The affinity of ${describeOwner(owner)} to block ${cidr}`;
  if (state !== 'confirmed') {
    const message = `${claim} is ${state}: an operation is under way or was cut off. Repair finishes it.`;
    return [{ kind: 'affinity-unsettled', owner, block: cidr, state, message }];
  }
  if (block && isSameOwner(ownerOfBlock(block), owner)) return [];
  const why = block ? `the block belongs to ${describeOwner(ownerOfBlock(block))}` : 'there is no such block';
  return [
    { kind: 'affinity-stale', owner, block: cidr, message: `${claim} is stale: ${why}. Repair removes it.` },
  ];
}

function judgeBlock(
  block: BlockSpec,
  affinities: readonly BlockAffinity[],
  pools: readonly IPPool[],
): Inconsistency[] {
  const owner = ownerOfBlock(block);
  const { cidr } = block;
  if (!owner) {
    if (!isEmptyBlock(block)) return [];
    const message = `Block ${cidr} is empty and belongs to nobody. Repair removes it.`;
    return [{ kind: 'block-abandoned', block: cidr, message }];
  }
  if (isEmptyBlock(block) && !pools.some((pool) => isBlockOf(poolSpace(pool), cidr))) {
    const message = `Block ${cidr} of ${describeOwner(owner)} is empty and fits no pool. Repair removes it.`;
    return [{ kind: 'block-outside-pools', owner, block: cidr, message }];
  }
  const isClaimed = affinities.some(
    (affinity) => blockOfAffinity(affinity) === cidr && isSameOwner(ownerOfAffinity(affinity), owner),
  );
  if (isClaimed) return [];
  const message = `Block ${cidr} names ${affinityText(owner)}, which has no affinity to it. Repair restores the affinity.`;
  return [{ kind: 'block-without-affinity', owner, block: cidr, message }];
}

function judgeHandles(
  resources: readonly IPAMHandle[],
  blocks: ReadonlyMap<Prefix, BlockSpec>,
  broken: ReadonlySet<Prefix>,
): Inconsistency[] {
  const handles = resources.filter(({ spec }) => !spec.deleted);
  const counted = pairs(handles.map(({ spec }) => [spec.handleID, Object.entries(spec.block)]));
  const held = pairs(
    [...blocks].flatMap(([cidr, block]) =>
      [...countsByHandle(block)].map(([id, count]) => [id, [[cidr, count]]]),
    ),
  );
  const differing = [...new Map([...counted, ...held]).values()].filter(
    ({ key, block }) => !broken.has(block) && counted.get(key)?.count !== held.get(key)?.count,
  );
  return [
    ...handles.filter(isEmptyHandle).map(({ spec }) => emptyHandle(spec.handleID)),
    ...differing.map(({ key, handle, block }) =>
      miscounted(handle, block, counted.get(key)?.count ?? 0, held.get(key)?.count ?? 0),
    ),
  ];
}

/** A handle's addresses in one block, by a key made of both. */
interface HandleInBlock {
  readonly key: string;
  readonly handle: string;
  readonly block: Prefix;
  readonly count: number;
}

function pairs(
  entries: readonly (readonly [string, readonly (readonly [string, number])[]])[],
): Map<string, HandleInBlock> {
  const all = entries.flatMap(([handle, counts]) =>
    counts.map(([block, count]) => ({ key: `${block} ${handle}`, handle, block: block as Prefix, count })),
  );
  return new Map(all.map((entry) => [entry.key, entry]));
}

function emptyHandle(handle: string): Inconsistency {
  const message = `Handle ${handle} holds no address. Repair removes it.`;
  return { kind: 'handle-empty', handle, message };
}

function miscounted(handle: string, block: Prefix, counted: number, held: number): Inconsistency {
  const message = `Handle ${handle} counts ${counted} addresses of block ${block}, which holds ${held} for it. Repair makes the handle agree.`;
  return { kind: 'handle-count', handle, block, message };
}
