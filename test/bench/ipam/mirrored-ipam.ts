/** An allocator as a daemon has it: its facts come from a mirror, and every conflict it runs into is counted. */
import { type Datastore, mirror, type OfKind, type WriteOutcome } from '@weft/datastore';
import { createIpam, type Ipam, isSameOwner, ownerOfAffinity } from '@weft/ipam';
import type { IPPool, Kind } from '@weft/resources';

const kinds = ['IPPool', 'IPReservation', 'IPAMConfiguration', 'Node', 'BlockAffinity'] as const;

/** One allocator, or several on one connection and one mirror. */
export interface MirroredIpam {
  readonly allocator: () => Ipam;
  /** Writes so far that found another writer's work. */
  readonly conflicts: () => number;
  close(): Promise<void>;
}

/** Waits until the mirror has everything. */
export async function mirroredIpam(store: Datastore): Promise<MirroredIpam> {
  const followed = mirror(store, kinds, () => {});
  await followed.whenInSync();
  let conflicts = 0;
  const counted = async <K extends Kind>(write: Promise<WriteOutcome<K>>): Promise<WriteOutcome<K>> => {
    const outcome = await write;
    if (outcome.kind !== 'written') conflicts++;
    return outcome;
  };
  const counting: Datastore = {
    get: (key) => store.get(key),
    list: (kind, options) => store.list(kind, options),
    create: (resource) => counted(store.create(resource)),
    update: (resource) => counted(store.update(resource)),
    delete: (key, revision) => counted(store.delete(key, revision)),
    watch: (kind, since, signal) => store.watch(kind, since, signal),
    close: () => store.close(),
  };
  const view = {
    pools: () => [...followed.objects('IPPool').values()],
    reservations: () => [...followed.objects('IPReservation').values()],
    configuration: () => followed.objects('IPAMConfiguration').get('default'),
    node: (name: string) => followed.objects('Node').get(name),
    affinities: (owner: Parameters<typeof isSameOwner>[0]) =>
      [...followed.objects('BlockAffinity').values()].filter((one) =>
        isSameOwner(ownerOfAffinity(one), owner),
      ),
  };
  return {
    allocator: () => createIpam({ store: counting, now: Date.now, view }),
    conflicts: () => conflicts,
    close: async () => {
      await followed.close();
      await store.close();
    },
  };
}

/** A pool of a /16 in blocks of 64, nodes, and no cooldown. */
export async function furnish(store: Datastore, nodes: readonly string[]): Promise<void> {
  const apiVersion = 'projectcalico.org/v3';
  const pool = {
    apiVersion,
    kind: 'IPPool',
    metadata: { name: 'pool' },
    spec: { cidr: '10.0.0.0/16', blockSize: 26, nodeSelector: 'all()', allowedUses: ['Workload', 'Tunnel'] },
  } as unknown as OfKind<'IPPool'> & IPPool;
  await store.create(pool);
  for (const name of nodes) await store.create({ apiVersion, kind: 'Node', metadata: { name }, spec: {} });
  const spec = { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, ipCooldownSeconds: 0 };
  await store.create({ apiVersion, kind: 'IPAMConfiguration', metadata: { name: 'default' }, spec });
}
