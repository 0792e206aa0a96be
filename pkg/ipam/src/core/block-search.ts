/**
 * Where a node finds its next block: the first free piece of its pools in the order of its own walk, or else an
 * empty block that its owner can do without.
 *
 * Source: Calico ipam_block_reader_writer.go, findUsableBlock.
 */
import { addressCount, nthAddress, overlaps, type Prefix, subnetCount } from '@weft/ip';
import {
  type BlockSpec,
  cidrOf,
  claimAgeMs,
  coolingCount,
  freeCount,
  isEmptyBlock,
  ownerOfBlock,
} from './block.ts';
import { blockIndex, fnv1, startIndex, walkBlocks } from './block-walk.ts';
import { isSameOwner, type Owner } from './owner.ts';
import { isBlockOf, type PoolSpace } from './pool-choice.ts';
import type { Reservations } from './reservations.ts';

/** How long a node may keep an empty block before another may take it. Calico's EmptyBlockMinReclaimAge. */
export const MIN_RECLAIM_AGE_MS = 60_000;

/** What the search knows: a snapshot, which may be out of date when the block is claimed. */
export interface SearchInput {
  readonly owner: Owner;
  readonly pools: readonly PoolSpace[];
  /** Every block there is, cooled addresses already collected. */
  readonly blocks: readonly BlockSpec[];
  /** Those that nobody can read, as far as is known; they are not among `blocks`. */
  readonly unreadable: readonly Prefix[];
  readonly reservations: Reservations;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A block worth claiming, and why. */
export type Candidate =
  | { readonly kind: 'free'; readonly cidr: Prefix; readonly pool: PoolSpace }
  | { readonly kind: 'ours'; readonly cidr: Prefix; readonly pool: PoolSpace }
  | {
      /** `misfit`: of another size than the pool's blocks, so it can only be removed, to make room. */
      readonly kind: 'reclaimable' | 'misfit';
      readonly cidr: Prefix;
      readonly pool: PoolSpace;
      /** Undefined when nobody owns the block. */
      readonly from: Owner | undefined;
      /** The block may be taken only while it is still at this number. */
      readonly sequenceNumber: bigint;
    };

/** Finds blocks to claim, best first: one that is free or ours, or else every empty block old enough to take over. */
export function searchBlocks(input: SearchInput): Candidate[] {
  const places = input.pools.map((pool) => placeBlocks(pool, input));
  for (const place of places) {
    const found = firstUsable(place, input);
    if (found) return [found];
  }
  return [
    ...places.flatMap((place) => takeOvers('reclaimable', place, inWalkOrder(place), input)),
    ...places.flatMap((place) => takeOvers('misfit', place, place.misfits, input)),
  ];
}

/** A block with free addresses, whoever owns it. */
export interface Lender {
  readonly cidr: Prefix;
  readonly pool: PoolSpace;
}

/** The existing blocks from which an address can be borrowed, in the order of the node's walk. */
export function borrowableBlocks(input: SearchInput): Lender[] {
  return input.pools.flatMap((pool) =>
    inWalkOrder(placeBlocks(pool, input))
      .filter((block) => freeCount(block, input.reservations) > 0)
      .map((block) => ({ cidr: cidrOf(block), pool })),
  );
}

/** What stands in the way in one pool; the counts are of the blocks that exist. */
export interface PoolTally {
  readonly pool: PoolSpace;
  /** How many blocks the pool divides into. */
  readonly capacity: bigint;
  readonly blocks: number;
  /** Addresses that nobody holds, in blocks of others. */
  readonly freeElsewhere: number;
  readonly cooling: number;
  /** Empty blocks too young to take from their owner. */
  readonly tooYoung: number;
  /** Blocks of another size than the pool's, in the way of its own. */
  readonly misfits: number;
  /** Blocks that nobody can read, as far as is known. */
  readonly unreadable: readonly Prefix[];
}

/** Counts, for the reasons of a refusal, what each pool is full of. */
export function tallyPools(input: SearchInput): PoolTally[] {
  return input.pools.map((pool) => tally(placeBlocks(pool, input), input));
}

/** A pool with the blocks that exist in it. */
interface Place {
  readonly pool: PoolSpace;
  /** Where the node's walk begins. */
  readonly start: bigint;
  readonly byIndex: ReadonlyMap<bigint, BlockSpec>;
  /** Blocks of another size, from before the pool was made anew. */
  readonly misfits: readonly BlockSpec[];
  readonly unreadable: readonly Prefix[];
}

function placeBlocks(pool: PoolSpace, { blocks, owner, now, unreadable }: SearchInput): Place {
  const inside = blocks.filter((block) => overlaps(pool.cidr, cidrOf(block)));
  const fitting = inside.filter((block) => isBlockOf(pool, cidrOf(block)));
  return {
    pool,
    start: startIndex(walkSeed(owner, pool, now), subnetCount(pool.cidr, pool.blockSize)),
    byIndex: new Map(fitting.map((block) => [blockIndex(cidrOf(block), pool.cidr, pool.blockSize), block])),
    misfits: inside.filter((block) => !fitting.includes(block)),
    unreadable: unreadable.filter((cidr) => overlaps(pool.cidr, cidr)),
  };
}

/** Blocks of one address are never shared by two requests, so a new start each time finds a free one sooner. */
function walkSeed(owner: Owner, { blockSize, cidr }: PoolSpace, now: number): number {
  const isSingle = blockSize === (cidr.includes(':') ? 128 : 32);
  return fnv1(owner.name) + (isSingle ? now : 0);
}

function firstUsable(place: Place, { owner, reservations }: SearchInput): Candidate | undefined {
  const { pool, start, byIndex, misfits, unreadable } = place;
  for (const { cidr, index } of walkBlocks(pool.cidr, pool.blockSize, start, reservations)) {
    if (unreadable.some((other) => overlaps(other, cidr))) continue;
    const block = byIndex.get(index);
    if (block) {
      const isOurs = isSameOwner(ownerOfBlock(block), owner);
      if (isOurs && freeCount(block, reservations) > 0) return { kind: 'ours', cidr, pool };
    } else if (!misfits.some((misfit) => overlaps(cidrOf(misfit), cidr)) && hasRoom(cidr, reservations)) {
      return { kind: 'free', cidr, pool };
    }
  }
  return undefined;
}

/** True unless reservations swallow the block together, each of them a part. */
function hasRoom(cidr: Prefix, reservations: Reservations): boolean {
  if (!reservations.touches(cidr)) return true;
  const size = Number(addressCount(cidr));
  return Array.from({ length: size }, (_, ordinal) => nthAddress(cidr, ordinal)).some(
    (address) => !reservations.holds(address),
  );
}

function takeOvers(
  kind: 'reclaimable' | 'misfit',
  { pool }: Place,
  blocks: readonly BlockSpec[],
  input: SearchInput,
): Candidate[] {
  return blocks
    .filter((block) => isSpare(block, input) && claimAgeMs(block, input.now) >= MIN_RECLAIM_AGE_MS)
    .map((block) => ({
      kind,
      cidr: cidrOf(block),
      pool,
      from: ownerOfBlock(block),
      sequenceNumber: block.sequenceNumber,
    }));
}

/** True for a block of another that holds nothing and could serve us. */
function isSpare(block: BlockSpec, { owner, reservations }: SearchInput): boolean {
  return (
    !isSameOwner(ownerOfBlock(block), owner) && isEmptyBlock(block) && freeCount(block, reservations) > 0
  );
}

function inWalkOrder({ byIndex, start }: Place): BlockSpec[] {
  const sorted = [...byIndex].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fromStart = sorted.filter(([index]) => index >= start);
  const beforeStart = sorted.filter(([index]) => index < start);
  return [...fromStart, ...beforeStart].map(([, block]) => block);
}

function tally({ pool, byIndex, misfits, unreadable }: Place, input: SearchInput): PoolTally {
  const blocks = [...byIndex.values()];
  const others = blocks.filter((block) => !isSameOwner(ownerOfBlock(block), input.owner));
  return {
    pool,
    capacity: subnetCount(pool.cidr, pool.blockSize),
    blocks: blocks.length,
    freeElsewhere: sum(others.map((block) => freeCount(block, input.reservations))),
    cooling: sum(blocks.map(coolingCount)),
    tooYoung: blocks.filter(
      (block) => isSpare(block, input) && claimAgeMs(block, input.now) < MIN_RECLAIM_AGE_MS,
    ).length,
    misfits: misfits.length,
    unreadable,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
