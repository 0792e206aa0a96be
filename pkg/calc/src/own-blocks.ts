/**
 * The IPAM blocks of this node, and which of them are its own to announce.
 */
import type { Prefix } from '@weft/ip';
import type { BlockAffinity } from '@weft/resources';
import type { CalcInput } from './input.ts';

/** Blocks by what their affinity says. */
export interface OwnBlocks {
  /** Sorted by text. */
  readonly confirmed: readonly Prefix[];
  /** Claimed or being given up: not ours as far as routing goes. Source: Calico, affinity states. */
  readonly others: readonly { readonly block: Prefix; readonly reason: string }[];
}

/** Sorts the affinities of this node. */
export function ownBlocks({ blockAffinities, nodeName }: CalcInput): OwnBlocks {
  const own = blockAffinities.filter((affinity) => isOfNode(affinity, nodeName));
  const confirmed = new Set(
    own.filter(({ spec }) => spec.state === 'confirmed').map(({ spec }) => spec.cidr),
  );
  const others = own.filter(({ spec }) => !confirmed.has(spec.cidr));
  return {
    confirmed: [...confirmed].sort(),
    others: others
      .map(({ spec }) => ({ block: spec.cidr, reason: whyNot(spec.state) }))
      .sort((left, right) => (left.block < right.block ? -1 : 1)),
  };
}

function isOfNode({ spec }: BlockAffinity, nodeName: string): boolean {
  return spec.node === nodeName && spec.type === 'host' && spec.deleted !== true;
}

function whyNot(state: BlockAffinity['spec']['state']): string {
  return state === 'pending'
    ? 'the claim on the block is pending: another node may still get it'
    : 'the block is being given up';
}
