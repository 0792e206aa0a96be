/**
 * How full the pools are: what `ipam show` prints, counted from pools, blocks and reservations. Pure.
 *
 * An address can be in use and reserved (it was assigned before it was reserved, or by name), so the parts need not
 * add up to the whole. Free is what is neither.
 *
 * Source: Calico ipam.go, GetUtilization and countPoolSpace.
 */
import { addressCount, comparePrefixes, containsPrefix, overlaps, type Prefix } from '@weft/ip';
import {
  addressAt,
  type BlockSpec,
  type Cooldown,
  collectCooled,
  coolingCount,
  freeCount,
  poolSpace,
  type Reservations,
  reservationsOf,
} from '@weft/ipam';
import type { IPAMBlock, IPPool, IPReservation } from '@weft/resources';

/** The addresses of one range. */
export interface Usage {
  readonly cidr: Prefix;
  readonly total: bigint;
  /** Assigned, or cooling down after a release. */
  readonly inUse: bigint;
  /** Of those in use: released and waiting for the end of their cooldown. */
  readonly coolingDown: bigint;
  readonly reserved: bigint;
  readonly free: bigint;
}

/** The addresses of one block. */
export interface BlockUsage extends Usage {
  /** `host:NODE` or `virtual:NAME`; null when nobody owns the block. */
  readonly affinity: string | null;
}

/** The addresses of one pool. */
export interface PoolUsage extends Usage {
  readonly name: string;
  readonly blocks: readonly BlockUsage[];
}

/** All pools, and the blocks that lie in none. */
export interface Utilization {
  readonly pools: readonly PoolUsage[];
  readonly blocksWithoutPool: readonly BlockUsage[];
}

/** Counts. A block belongs to the first pool it overlaps. */
export function utilizationOf(
  pools: readonly IPPool[],
  blocks: readonly IPAMBlock[],
  reservations: readonly IPReservation[],
  cooldown: Cooldown,
): Utilization {
  const reserved = reservationsOf(reservations);
  const ranges = largestOnly(reservations.flatMap(({ spec }) => (spec.reservedCIDRs ?? []) as Prefix[]));
  const usages = blocks
    .filter(({ spec }) => !spec.deleted)
    .map(({ spec }) => blockUsage(collectCooled(spec, cooldown), reserved));
  const spaces = pools.map(poolSpace);
  const inPool = Map.groupBy(usages, (usage) => spaces.find(({ cidr }) => overlaps(cidr, usage.cidr)));
  return {
    pools: spaces.map((space) => poolUsage(space, inPool.get(space) ?? [], ranges)),
    blocksWithoutPool: inPool.get(undefined) ?? [],
  };
}

function blockUsage(block: BlockSpec, reservations: Reservations): BlockUsage {
  const cidr = block.cidr as Prefix;
  const total = addressCount(cidr);
  return {
    cidr,
    affinity: block.affinity ?? null,
    total,
    inUse: total - BigInt(block.unallocated.length),
    coolingDown: BigInt(coolingCount(block)),
    reserved: reservations.touches(cidr) ? reservedIn(block, reservations) : 0n,
    free: BigInt(freeCount(block, reservations)),
  };
}

function reservedIn(block: BlockSpec, reservations: Reservations): bigint {
  const held = block.allocations.filter((_, ordinal) => reservations.holds(addressAt(block, ordinal)));
  return BigInt(held.length);
}

function poolUsage(
  { name, cidr }: { readonly name: string; readonly cidr: Prefix },
  blocks: readonly BlockUsage[],
  reservations: readonly Prefix[],
): PoolUsage {
  const total = addressCount(cidr);
  const reserved = sum(reservations.map((range) => sharedCount(range, cidr)));
  const unclaimed = total - sum(blocks.map((block) => block.total));
  const reservedUnclaimed = reserved - sum(blocks.map((block) => block.reserved));
  const freeUnclaimed = unclaimed - reservedUnclaimed;
  return {
    name,
    cidr,
    total,
    inUse: sum(blocks.map(({ inUse }) => inUse)),
    coolingDown: sum(blocks.map(({ coolingDown }) => coolingDown)),
    reserved,
    // A block may be larger than a pool that was made anew: then there is nothing outside its blocks.
    free: sum(blocks.map(({ free }) => free)) + (freeUnclaimed > 0n ? freeUnclaimed : 0n),
    blocks: blocks.toSorted((a, b) => comparePrefixes(a.cidr, b.cidr)),
  };
}

/** The ranges that lie in no other, each once: what is left does not overlap, since prefixes never overlap in part. */
function largestOnly(ranges: readonly Prefix[]): Prefix[] {
  const unique = [...new Set(ranges)];
  return unique.filter((range) => !unique.some((other) => other !== range && containsPrefix(other, range)));
}

function sharedCount(range: Prefix, pool: Prefix): bigint {
  if (!overlaps(range, pool)) return 0n;
  return addressCount(containsPrefix(pool, range) ? range : pool);
}

function sum(counts: readonly bigint[]): bigint {
  return counts.reduce((total, count) => total + count, 0n);
}
