/**
 * How full the pools are, by node: the numbers of Calico's kube-controllers, counted in the blocks. Pure.
 */
import {
  type Address,
  addressCount,
  containsAddress,
  containsPrefix,
  networkAddress,
  type Prefix,
  prefix,
} from '@weft/ip';
import { allocationAt, type BlockSpec, ownerOfBlock } from '@weft/ipam';
import type { IPPool } from '@weft/resources';

/** Numbers of one pool on one node. */
export interface NodeFigures {
  readonly pool: string;
  readonly node: string;
  readonly allocations: number;
  readonly borrowed: number;
  readonly blocks: number;
  readonly candidates: number;
}

/** Numbers of one pool. */
export interface PoolFigures {
  readonly pool: string;
  readonly size: number;
  readonly reserved: number;
}

/** Where a block or an address belongs that lies in no pool; who owns a block that nobody owns; where an address is held that does not say. */
const NO_POOL = 'no_ippool';
const NO_OWNER = 'no_affinity';
const NO_NODE = 'unknown_node';

/** What is counted. */
export interface Counted {
  readonly pools: readonly IPPool[];
  readonly blocks: readonly BlockSpec[];
  /** Every node has a row in every pool, so that a ratio of two numbers is never missing. */
  readonly nodes: Iterable<string>;
  readonly candidates: readonly { readonly address: Address; readonly node: string | undefined }[];
}

/** The name of the pool an address lies in. */
export function poolOf(pools: readonly IPPool[], address: Address): string {
  return pools.find(({ spec }) => containsAddress(spec.cidr, address))?.metadata.name ?? NO_POOL;
}

/** Counts by pool and node. */
export function nodeFigures({ pools, blocks, nodes, candidates }: Counted): NodeFigures[] {
  const tally = new Tally();
  for (const node of nodes) for (const { metadata } of pools) tally.add(metadata.name, node, {});
  for (const block of blocks.filter(({ deleted }) => !deleted)) {
    const pool = poolOf(pools, networkAddress(block.cidr));
    const owner = ownerOfBlock(block);
    const ownerName = owner?.type === 'host' ? owner.name : NO_OWNER;
    tally.add(pool, ownerName, { blocks: 1 });
    for (const ordinal of block.allocations.keys()) {
      const allocation = allocationAt(block, ordinal);
      if (!allocation || allocation.releasedAt !== undefined) continue;
      const { node } = allocation.attributes;
      const borrowed = node !== undefined && node !== ownerName ? 1 : 0;
      tally.add(pool, node ?? NO_NODE, { allocations: 1, borrowed });
    }
  }
  for (const { address, node = NO_NODE } of candidates)
    tally.add(poolOf(pools, address), node, { candidates: 1 });
  return tally.rows();
}

/** The sizes of the pools, and how much of each is reserved. */
export function poolFigures(pools: readonly IPPool[], reserved: readonly string[]): PoolFigures[] {
  const ranges = outermost(reserved.map(prefix));
  return pools.map(({ metadata: { name }, spec: { cidr } }) => {
    const whole = ranges.some((range) => containsPrefix(range, cidr));
    const inside = ranges.filter((range) => containsPrefix(cidr, range));
    const size = Number(addressCount(cidr));
    const count = inside.reduce((sum, range) => sum + Number(addressCount(range)), 0);
    return { pool: name, size, reserved: whole ? size : count };
  });
}

/** Without those that lie in another one, and each once. */
function outermost(ranges: readonly Prefix[]): Prefix[] {
  const unique = [...new Set(ranges)];
  return unique.filter((range) => !unique.some((other) => other !== range && containsPrefix(other, range)));
}

type Counts = { -readonly [Name in Exclude<keyof NodeFigures, 'pool' | 'node'>]: number };

/** Sums by pool and node. */
class Tally {
  readonly #counts = new Map<
    string,
    { readonly pool: string; readonly node: string; readonly counts: Counts }
  >();

  add(pool: string, node: string, more: Partial<Counts>): void {
    const key = `${pool} ${node}`;
    const empty = { allocations: 0, borrowed: 0, blocks: 0, candidates: 0 };
    const entry = this.#counts.get(key) ?? { pool, node, counts: empty };
    this.#counts.set(key, entry);
    for (const name of Object.keys(more) as (keyof Counts)[]) entry.counts[name] += more[name] ?? 0;
  }

  rows(): NodeFigures[] {
    return [...this.#counts.values()].map(({ pool, node, counts }) => ({ pool, node, ...counts }));
  }
}
