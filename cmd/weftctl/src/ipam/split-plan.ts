/**
 * Splitting a pool into equal parts, as a decision on what is in the store. Pure.
 *
 * The parts are made beside the pool, which keeps working, and the pool goes last: its blocks have the same size and
 * lie at the same places in the parts, so it does not matter meanwhile which of the two an address is taken from.
 * Wherever a run is cut off, what is there says how far it came, and the same command finishes it.
 *
 * Departs from calicoctl: that disables the pool first, so that a run cut off leaves a cluster that hands out no
 * addresses, and the parts of a pool that was disabled come out enabled.
 */
import { isDeepStrictEqual } from 'node:util';
import { nthSubnet, overlaps, type Prefix, prefixLength, subnetCount } from '@weft/ip';
import { poolSpace } from '@weft/ipam';
import type { IPPool } from '@weft/resources';

/** What to split, and into how many parts. */
export interface SplitRequest {
  /** The pool by name or by CIDR. */
  readonly pool: { readonly name: string } | { readonly cidr: Prefix };
  readonly parts: number;
}

/** What is to be done. */
export type SplitPlan =
  | {
      readonly kind: 'split';
      readonly pool: IPPool;
      /** All parts, in order. */
      readonly parts: readonly IPPool[];
      /** Those that an earlier run has not made. */
      readonly missing: readonly IPPool[];
    }
  /** An earlier run came to its end. */
  | { readonly kind: 'done'; readonly parts: readonly IPPool[] }
  | { readonly kind: 'refused'; readonly what: string; readonly object: string; readonly hint: string };

/** How long a resource's name may be. */
const LONGEST_NAME = 253;

/** Decides what is left to do. */
export function planSplit(pools: readonly IPPool[], request: SplitRequest): SplitPlan {
  const pool = pools.find((candidate) => isMeant(candidate, request));
  if (!pool) return finished(pools, request);
  const { cidr, blockSize } = poolSpace(pool);
  const length = prefixLength(cidr) + Math.log2(request.parts);
  if (length > blockSize)
    return refused(
      `${request.parts} parts of ${cidr} would be smaller than its blocks (/${blockSize})`,
      pool,
      `It can be split into ${2 ** Math.max(blockSize - prefixLength(cidr), 0)} parts at most.`,
    );
  const parts = partsOf(pool, length, request.parts);
  const stranger = pools.find((other) => other !== pool && isInTheWay(other, pool, parts));
  if (stranger)
    return refused(
      `Another pool is in the way: IPPool "${stranger.metadata.name}" (${stranger.spec.cidr})`,
      pool,
      `If it is a part from an earlier split into another number, or was changed since, delete it: weftctl delete ippool ${stranger.metadata.name}.`,
    );
  const names = new Set(pools.map(({ metadata }) => metadata.name));
  return { kind: 'split', pool, parts, missing: parts.filter(({ metadata }) => !names.has(metadata.name)) };
}

/** The name of a part; too long a name of the pool is cut. */
export function partName(pool: string, index: number): string {
  const room = LONGEST_NAME - `split--${index}`.length;
  return `split-${pool.slice(0, room)}-${index}`;
}

function isMeant({ metadata, spec }: IPPool, { pool }: SplitRequest): boolean {
  return 'name' in pool ? metadata.name === pool.name : spec.cidr === pool.cidr;
}

/** All fields are the pool's but name and CIDR; identity and status are each part's own. */
function partsOf({ apiVersion, kind, metadata, spec }: IPPool, length: number, count: number): IPPool[] {
  const { name, labels, annotations } = metadata;
  return Array.from({ length: count }, (_, index) => ({
    apiVersion,
    kind,
    metadata: { name: partName(name, index), ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: { ...spec, cidr: nthSubnet(spec.cidr, length, index) },
  }));
}

/** A pool that would overlap a part and is not that part, or has its name. */
function isInTheWay(other: IPPool, pool: IPPool, parts: readonly IPPool[]): boolean {
  const part = parts.find(({ metadata }) => metadata.name === other.metadata.name);
  return part
    ? !isDeepStrictEqual(essence(part), essence(other))
    : overlaps(poolSpace(other).cidr, poolSpace(pool).cidr);
}

function essence({ metadata: { labels = {}, annotations = {} }, spec }: IPPool): object {
  return { labels, annotations, spec: { ...spec } };
}

/** With the pool gone, its parts say whether it was split as asked. */
function finished(pools: readonly IPPool[], { pool, parts: count }: SplitRequest): SplitPlan {
  const parts = 'name' in pool ? partsByName(pools, pool.name, count) : partsByCidr(pools, pool.cidr, count);
  if (parts) return { kind: 'done', parts };
  const object = 'name' in pool ? `IPPool "${pool.name}"` : pool.cidr;
  return { kind: 'refused', what: 'There is no such pool', object, hint: 'weftctl get ippools lists them.' };
}

function partsByName(pools: readonly IPPool[], name: string, count: number): IPPool[] | undefined {
  const parts = Array.from({ length: count }, (_, index) =>
    pools.find(({ metadata }) => metadata.name === partName(name, index)),
  ).filter((part) => part !== undefined);
  const lengths = new Set(parts.map(({ spec }) => prefixLength(spec.cidr)));
  return parts.length === count && lengths.size === 1 ? parts : undefined;
}

function partsByCidr(pools: readonly IPPool[], cidr: Prefix, count: number): IPPool[] | undefined {
  const length = prefixLength(cidr) + Math.log2(count);
  if (length > (cidr.includes(':') ? 128 : 32) || subnetCount(cidr, length) !== BigInt(count))
    return undefined;
  const parts = Array.from({ length: count }, (_, index) =>
    pools.find(
      ({ metadata, spec }) =>
        spec.cidr === nthSubnet(cidr, length, index) &&
        metadata.name.startsWith('split-') &&
        metadata.name.endsWith(`-${index}`),
    ),
  ).filter((part) => part !== undefined);
  return parts.length === count ? parts : undefined;
}

function refused(what: string, { metadata }: IPPool, hint: string): SplitPlan {
  return { kind: 'refused', what, object: `IPPool "${metadata.name}"`, hint };
}
