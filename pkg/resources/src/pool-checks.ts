/**
 * What a pool must not do to what is there already. Pure: the caller brings the other objects.
 */
import { overlaps, type Prefix, prefixLength } from '@weft/ip';
import type { IPPool } from './generated/types.ts';
import type { ValidationIssue } from './issue.ts';

/**
 * Every conflict of a pool with the other pools, and with the blocks that exist. A pool of the same name among the
 * others is the one being replaced. Source: Calico refuses such pools at creation.
 */
export function checkPoolAgainst(
  pool: IPPool,
  otherPools: readonly IPPool[],
  blocks: readonly Prefix[] = [],
): ValidationIssue[] {
  const others = otherPools.filter((other) => other.metadata.name !== pool.metadata.name);
  return [...overlapIssues(pool, others), ...blockIssues(pool, blocks)];
}

function overlapIssues({ spec }: IPPool, others: readonly IPPool[]): ValidationIssue[] {
  return others
    .filter((other) => overlaps(spec.cidr, other.spec.cidr))
    .map((other) => ({
      path: 'spec.cidr',
      reason: `${spec.cidr} overlaps ${other.spec.cidr} of the IPPool ${other.metadata.name}`,
      hint: `choose a range outside ${other.spec.cidr}, or delete that pool first`,
    }));
}

function blockIssues({ spec }: IPPool, blocks: readonly Prefix[]): ValidationIssue[] {
  const other = blocks.find((block) => overlaps(spec.cidr, block) && prefixLength(block) !== spec.blockSize);
  if (other === undefined) return [];
  return [
    {
      path: 'spec.blockSize',
      reason: `the block ${other} exists in ${spec.cidr}, and it is not a /${spec.blockSize}`,
      hint: `use block size ${prefixLength(other)}, or release the addresses of that block first`,
    },
  ];
}
