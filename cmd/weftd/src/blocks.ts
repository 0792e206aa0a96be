/** The blocks of all nodes as the control API shows them: read from the datastore when somebody asks, since nothing else needs them. */
import type { BlockStatus } from '@weft/control';
import type { Datastore } from '@weft/datastore';
import { containsPrefix } from '@weft/ip';
import { ownerOfBlock } from '@weft/ipam';
import type { IPAMBlock, IPPool } from '@weft/resources';

/** Every block, sorted by CIDR as text. Throws DatastoreError. */
export async function blockStatuses(store: Datastore, pools: readonly IPPool[]): Promise<BlockStatus[]> {
  const { items } = await store.list('IPAMBlock');
  return items
    .map((block) => blockStatus(block, pools))
    .sort((left, right) => (left.cidr < right.cidr ? -1 : 1));
}

function blockStatus({ spec }: IPAMBlock, pools: readonly IPPool[]): BlockStatus {
  const pool = pools.find((candidate) => containsPrefix(candidate.spec.cidr, spec.cidr));
  const owner = ownerOfBlock(spec);
  return {
    cidr: spec.cidr,
    ...(pool && { pool: pool.metadata.name }),
    ...(owner && { node: owner.name }),
    size: spec.allocations.length,
    used: spec.allocations.filter((allocation) => allocation !== null).length,
  };
}
