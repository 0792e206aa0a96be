/** Resources of a small cluster, for tests of the commands that work on IPAM. */
import { createMemoryStore, type Datastore, type OfKind, openEmbedded } from '@weft/datastore';
import { type Prefix, prefix } from '@weft/ip';
import { createIpam, type Ipam } from '@weft/ipam';
import type { IPPool, IPReservation, Kind, Node, WorkloadEndpoint } from '@weft/resources';

const apiVersion = 'projectcalico.org/v3';

/** A pool that serves everybody, but for what is told. */
export function pool(name: string, cidr: string, spec: Partial<IPPool['spec']> = {}): OfKind<'IPPool'> {
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

/** A node. */
export function node(name: string, spec: Node['spec'] = {}): OfKind<'Node'> {
  return { apiVersion, kind: 'Node', metadata: { name }, spec };
}

/** A workload of a node with these addresses. */
export function workload(name: string, nodeName: string, ...addresses: string[]): OfKind<'WorkloadEndpoint'> {
  return {
    apiVersion,
    kind: 'WorkloadEndpoint',
    metadata: { name, namespace: 'default' },
    spec: {
      orchestrator: 'k8s',
      node: nodeName,
      pod: name,
      endpoint: 'eth0',
      interfaceName: `cali${name}`,
      ipNetworks: addresses.map((address) => `${address}/${address.includes(':') ? 128 : 32}` as Prefix),
    },
  } satisfies WorkloadEndpoint as OfKind<'WorkloadEndpoint'>;
}

/** Reserved ranges. */
export function reservation(...cidrs: string[]): OfKind<'IPReservation'> {
  return {
    apiVersion,
    kind: 'IPReservation',
    metadata: { name: 'reserved' },
    spec: { reservedCIDRs: cidrs.map((cidr) => prefix(cidr)) },
  } satisfies IPReservation as OfKind<'IPReservation'>;
}

/** An empty store in memory. */
export function memoryStore(): Datastore {
  return createMemoryStore({ now: Date.now, uuid: () => crypto.randomUUID() });
}

/** A store for the time of `use`, with an allocator on it; the file is made when it is missing. */
export async function inStore<Result>(
  path: string,
  use: (store: Datastore, ipam: Ipam) => Promise<Result>,
): Promise<Result> {
  const store = await openEmbedded({ path, create: true });
  try {
    return await use(store, createIpam({ store, now: Date.now }));
  } finally {
    await store.close();
  }
}

/** Stores new objects. */
export async function createAll(store: Datastore, ...resources: readonly OfKind<Kind>[]): Promise<void> {
  for (const resource of resources) {
    const { kind } = await store.create(resource);
    if (kind !== 'written') throw new Error(`${resource.kind} ${resource.metadata.name}: ${kind}`);
  }
}

/** Gives a pod of a node this address, long ago unless told. */
export async function hold(
  ipam: Ipam,
  nodeName: string,
  pod: string,
  address: string,
  timestamp = '2026-01-01 00:00:00 +0000 UTC',
): Promise<void> {
  const outcome = await ipam.assignIp({
    node: nodeName,
    handle: `k8s-pod-network.${pod}`,
    attributes: { node: nodeName, pod, namespace: 'default', timestamp },
    intendedUse: 'Workload',
    address: address as never,
  });
  if (outcome.kind !== 'assigned') throw new Error(outcome.message);
}
