/** All that `ipam check` looks at, read once. */
import type { Datastore, UnreadableObject } from '@weft/datastore';
import type {
  BlockAffinity,
  ClusterInformation,
  IPAMBlock,
  IPAMConfiguration,
  IPAMHandle,
  IPPool,
  Node,
  WorkloadEndpoint,
} from '@weft/resources';
import { readAll } from '../../read-all.ts';

/** The lists, and when they were read. */
export interface Snapshot {
  readonly information: ClusterInformation | undefined;
  readonly configuration: IPAMConfiguration | undefined;
  readonly blocks: readonly IPAMBlock[];
  readonly affinities: readonly BlockAffinity[];
  readonly handles: readonly IPAMHandle[];
  readonly pools: readonly IPPool[];
  readonly nodes: readonly Node[];
  readonly workloads: readonly WorkloadEndpoint[];
  /** Other workloads than Pods have no endpoint in this store (Kubernetes). */
  readonly workloadsArePods: boolean;
  /** What is stored and cannot be read: whoever it stands for is missing in the lists. */
  readonly unreadable: readonly UnreadableObject[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Reads the store. Blocks come before those who use addresses: who takes an address writes the block first, so an
 * address that nobody uses in this snapshot was taken before its user was looked for.
 */
export async function readSnapshot(store: Datastore): Promise<Snapshot> {
  const blocks = await readAll(store, 'IPAMBlock');
  const [information, configuration, affinities, handles, pools, nodes, workloads] = await Promise.all([
    store.get({ kind: 'ClusterInformation', name: 'default' }),
    store.get({ kind: 'IPAMConfiguration', name: 'default' }),
    readAll(store, 'BlockAffinity'),
    readAll(store, 'IPAMHandle'),
    readAll(store, 'IPPool'),
    readAll(store, 'Node'),
    readAll(store, 'WorkloadEndpoint'),
  ]);
  return {
    information,
    configuration,
    blocks: blocks.items,
    affinities: affinities.items,
    handles: handles.items,
    pools: pools.items,
    nodes: nodes.items,
    workloads: workloads.items,
    workloadsArePods: store.ownedElsewhere?.has('WorkloadEndpoint') ?? false,
    unreadable: [blocks, affinities, handles, pools, nodes, workloads].flatMap((all) => all.unreadable),
    now: Date.now(),
  };
}
