/** Reads from the datastore what explanations start from. */
import type { Datastore } from '@weft/datastore';
import type { Names } from './target.ts';

/** One reading of all kinds, as they are now. */
export async function readNames(store: Datastore): Promise<Names> {
  const [nodes, pools, blocks, affinities, workloads, bgpPeers] = await Promise.all([
    store.list('Node'),
    store.list('IPPool'),
    store.list('IPAMBlock'),
    store.list('BlockAffinity'),
    store.list('WorkloadEndpoint'),
    store.list('BGPPeer'),
  ]);
  return {
    nodes: nodes.items,
    pools: pools.items,
    blocks: blocks.items,
    affinities: affinities.items,
    workloads: workloads.items,
    bgpPeers: bgpPeers.items,
  };
}
