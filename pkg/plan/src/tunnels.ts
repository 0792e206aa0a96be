/** Blocks of encapsulated pools: their routes come from IPAM, and stay whatever becomes of BGP. */
import { encapsulationOf } from '@weft/calc';
import { type Address, type Prefix, PrefixTrie } from '@weft/ip';
import type { BlockAffinity, IPPool } from '@weft/resources';
import type { ClusterResources } from '@weft/simulation';

/** The blocks that tunnels carry, of nodes that there are, with the names of these. */
export function tunneledBlocks({ blockAffinities, nodes, pools }: ClusterResources): PrefixTrie<string> {
  const names = new Set(nodes.map(({ metadata }) => metadata.name));
  const poolAt = new PrefixTrie<IPPool>();
  for (const pool of pools) poolAt.set(pool.spec.cidr, pool);
  const blocks = new PrefixTrie<string>();
  for (const { spec } of blockAffinities) {
    const pool = poolAt.longestMatch(spec.cidr)?.value;
    const isCarried = pool !== undefined && encapsulationOf(pool) !== undefined;
    if (isCarried && isHeld(spec) && names.has(spec.node)) blocks.set(spec.cidr, spec.node);
  }
  return blocks;
}

function isHeld({ deleted, state, type }: BlockAffinity['spec']): boolean {
  return !deleted && state === 'confirmed' && type === 'host';
}

/** Whether all that the node holds is carried by tunnels; false for one that holds nothing. */
export function isAllTunneled(
  node: string,
  { blockAffinities }: ClusterResources,
  tunneled: PrefixTrie<string>,
): boolean {
  const own = blockAffinities.filter(({ spec }) => spec.node === node && !spec.deleted);
  return own.length > 0 && own.every(({ spec }) => tunneled.get(spec.cidr) === node);
}

/** Whether an address or a block lies in a block that tunnels carry. */
export function isTunneled(tunneled: PrefixTrie<string>, destination: Address | Prefix): boolean {
  return tunneled.longestMatch(destination) !== undefined;
}

/** What a pool asks for, in words. */
export function encapsulationText(pool: IPPool): string {
  const asked = encapsulationOf(pool);
  return asked === undefined ? 'no encapsulation' : `${asked.kind.toUpperCase()} ${asked.mode}`;
}
