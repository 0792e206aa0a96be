/**
 * A small cluster in memory, with the resources IPAM looks at.
 */
import { createMemoryStore, type Datastore, type OfKind } from '@weft/datastore';
import { type Prefix, prefix } from '@weft/ip';
import type { IPAMConfiguration, IPPool, IPReservation, Kind, Node } from '@weft/resources';
import { createIpam, type Ipam, type IpamView } from '../../src/index.ts';
import { type Around, interceptStore } from './intercepted-store.ts';

const apiVersion = 'projectcalico.org/v3';

/** A pool that serves everybody, but for what is told. */
export function pool(name: string, cidr: string, spec: Partial<IPPool['spec']> = {}): IPPool {
  return {
    apiVersion,
    kind: 'IPPool',
    metadata: { name },
    spec: {
      cidr: prefix(cidr),
      blockSize: cidr.includes(':') ? 122 : 26,
      ipipMode: 'Never',
      vxlanMode: 'Never',
      natOutgoing: false,
      disabled: false,
      disableBGPExport: false,
      nodeSelector: 'all()',
      allowedUses: ['Workload', 'Tunnel'],
      assignmentMode: 'Automatic',
      ...spec,
    },
  };
}

/** A node with labels. */
export function node(name: string, labels: Record<string, string> = {}): Node {
  return { apiVersion, kind: 'Node', metadata: { name, labels }, spec: {} };
}

/** The settings of IPAM, Calico's defaults but for what is told. */
export function configuration(spec: Partial<IPAMConfiguration['spec']>): IPAMConfiguration {
  return {
    apiVersion,
    kind: 'IPAMConfiguration',
    metadata: { name: 'default' },
    spec: { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0, ...spec },
  };
}

/** Reserved ranges. */
export function reservation(...cidrs: string[]): IPReservation {
  return {
    apiVersion,
    kind: 'IPReservation',
    metadata: { name: 'reserved' },
    spec: { reservedCIDRs: cidrs.map((cidr) => prefix(cidr)) },
  };
}

/** A cluster, its clock, and an allocator on it. */
export interface Cluster {
  readonly store: Datastore;
  readonly ipam: Ipam;
  readonly clock: { now: number };
  /** Another allocator, as another process would have it; `around` stands between it and the store. */
  allocator(around?: Around, view?: Partial<IpamView>): Ipam;
  /** The calls `work` makes to the store, as "get IPAMBlock" and so on. */
  callsOf(work: (ipam: Ipam) => Promise<unknown>, view?: Partial<IpamView>): Promise<string[]>;
}

/** Makes a cluster that holds these resources. */
export async function cluster(...resources: readonly OfKind<Kind>[]): Promise<Cluster> {
  const clock = { now: 1_800_000_000_000 };
  let objects = 0;
  const store = createMemoryStore({ now: () => clock.now, uuid: () => `uid-${objects++}` });
  for (const resource of resources) await store.create(resource);
  const allocator = (around: Around = (_, perform) => perform(), view: Partial<IpamView> = {}) =>
    createIpam({ store: interceptStore(store, around), now: () => clock.now, view });
  return {
    store,
    clock,
    ipam: allocator(),
    allocator,
    async callsOf(work, view) {
      const calls: string[] = [];
      const watching: Around = (call, perform) => {
        calls.push(`${call.verb} ${call.kind}`);
        return perform();
      };
      await work(allocator(watching, view));
      return calls;
    },
  };
}

/** All that IPAM keeps in the store, in a form that is easy to compare. */
export async function contents(store: Datastore): Promise<{
  blocks: Record<string, string | undefined>;
  affinities: Record<string, string>;
  handles: Record<string, Readonly<Record<Prefix, number>>>;
}> {
  const [blocks, affinities, handles] = await Promise.all([
    store.list('IPAMBlock'),
    store.list('BlockAffinity'),
    store.list('IPAMHandle'),
  ]);
  return {
    blocks: Object.fromEntries(blocks.items.map(({ spec }) => [spec.cidr, spec.affinity])),
    affinities: Object.fromEntries(affinities.items.map(({ metadata, spec }) => [metadata.name, spec.state])),
    handles: Object.fromEntries(handles.items.map(({ spec }) => [spec.handleID, spec.block])),
  };
}
