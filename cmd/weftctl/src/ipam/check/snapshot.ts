/** All that `ipam check` looks at, read once. */
import { type Datastore, pagesOf, type UnreadableObject } from '@weft/datastore';
import type {
  BlockAffinity,
  ClusterInformation,
  IPAMBlock,
  IPAMConfiguration,
  IPAMHandle,
  IPPool,
  Kind,
  Node,
  ResourceOf,
  WorkloadEndpoint,
} from '@weft/resources';

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
  const unreadable: UnreadableObject[] = [];
  const blocks = await readAll(store, 'IPAMBlock', unreadable);
  const [information, configuration, affinities, handles, pools, nodes, workloads] = await Promise.all([
    store.get({ kind: 'ClusterInformation', name: 'default' }),
    store.get({ kind: 'IPAMConfiguration', name: 'default' }),
    readAll(store, 'BlockAffinity', unreadable),
    readAll(store, 'IPAMHandle', unreadable),
    readAll(store, 'IPPool', unreadable),
    readAll(store, 'Node', unreadable),
    readAll(store, 'WorkloadEndpoint', unreadable),
  ]);
  const now = Date.now();
  return {
    information,
    configuration,
    blocks,
    affinities,
    handles,
    pools,
    nodes,
    workloads,
    unreadable,
    now,
  };
}

const PAGE_OBJECTS = 1000;

async function readAll<K extends Kind>(
  store: Datastore,
  kind: K,
  unreadable: UnreadableObject[],
): Promise<ResourceOf<K>[]> {
  const items: ResourceOf<K>[] = [];
  for await (const page of pagesOf(store, kind, PAGE_OBJECTS)) {
    items.push(...page.items);
    unreadable.push(...page.unreadable);
  }
  return items;
}
