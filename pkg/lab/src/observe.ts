/**
 * Looks at a running lab from outside: the datastore, the daemons' control sockets, the hosts' kernels.
 */
import { existsSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { type Datastore, type DatastoreChoice, openDatastore } from '@weft/datastore';
import { type Address, address, type Prefix } from '@weft/ip';
import { labDatastore } from './datastore.ts';
import { hostFiles, namespaceOf } from './names.ts';
import { processesIn } from './processes.ts';
import { requireState } from './state.ts';
import type { Host, HostRole } from './topology.ts';
import { withKernel } from './wiring.ts';

/** A lab as `lab status` shows it. */
export interface LabStatus {
  readonly name: string;
  readonly phase: 'creating' | 'up';
  readonly hosts: readonly HostStatus[];
  readonly pods: readonly PodStatus[];
}

export interface HostStatus {
  readonly name: string;
  readonly runs: HostRole;
  readonly running: boolean;
  readonly addresses: readonly string[];
  readonly blocks: readonly Prefix[];
  readonly sessions: readonly { readonly peer: string; readonly state: string }[];
}

export interface PodStatus {
  readonly name: string;
  readonly host: string;
  readonly addresses: readonly Address[];
}

/** What one host looks like from outside: its own blocks, its sessions, its kernel's routes. */
export interface HostObservation {
  readonly host: string;
  readonly blocks: readonly Prefix[];
  readonly sessions: readonly { readonly peer: string; readonly state: string }[];
  readonly routes: readonly Prefix[];
}

/** Opens the lab's datastore for the time of one call. */
export async function withStore<T>(lab: string, use: (store: Datastore) => Promise<T>): Promise<T> {
  const store = await openDatastore(labDatastore(lab, requireState(lab).topology));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** What convergence is judged by: blocks, sessions and routes of every host that routes. */
export async function observe(lab: string): Promise<HostObservation[]> {
  const { topology } = requireState(lab);
  const blocks = await blocksByHost(lab);
  const routing = topology.hosts.filter((host) => installsRoutes(host.runs));
  return Promise.all(
    routing.map(async (host) => ({
      host: host.name,
      blocks: blocks.get(host.name) ?? [],
      sessions: await sessionsOf(lab, host),
      routes: await withKernel(namespaceOf(lab, host.name), (kernel) =>
        kernel.routes().map((route) => route.destination),
      ),
    })),
  );
}

// GoBGP without zebra keeps its routes to itself.
function installsRoutes(runs: HostRole): boolean {
  return runs === 'weftd' || runs === 'bird' || runs === 'frr';
}

/** The whole lab, for people. */
export async function status(lab: string): Promise<LabStatus> {
  const state = requireState(lab);
  const blocks = await blocksByHost(lab);
  const addresses = await podAddresses(lab);
  const hosts = state.topology.hosts.map(async (host) => ({
    name: host.name,
    runs: host.runs,
    running: host.runs === 'none' || processesIn(namespaceOf(lab, host.name)).length > 0,
    addresses: host.interfaces.flatMap((hostInterface) => hostInterface.addresses),
    blocks: blocks.get(host.name) ?? [],
    sessions: await sessionsOf(lab, host),
  }));
  const pods = state.pods.map((pod) => ({ ...pod, addresses: addresses.get(pod.name) ?? [] }));
  return { name: lab, phase: state.phase, hosts: await Promise.all(hosts), pods };
}

/** The sessions of a host that runs weftd in any role; none when it cannot be asked. */
async function sessionsOf(lab: string, host: Host): Promise<{ peer: string; state: string }[]> {
  const { controlSocket } = hostFiles(lab, host.name);
  if (!isWeftd(host) || !existsSync(controlSocket)) return [];
  try {
    const { peers } = await new ControlClient(controlSocket).bgpPeers();
    return peers.map((peer) => ({ peer: peer.address, state: peer.state }));
  } catch {
    return []; // the daemon is down: `running` says so
  }
}

function isWeftd({ runs }: Host): boolean {
  return runs === 'weftd' || runs === 'route-reflector';
}

/** The confirmed blocks of every node. */
async function blocksByHost(lab: string): Promise<Map<string, Prefix[]>> {
  const { items } = await withStore(lab, (store) => store.list('BlockAffinity'));
  const confirmed = items.filter(({ spec }) => spec.state === 'confirmed');
  const byHost = Map.groupBy(confirmed, ({ spec }) => spec.node);
  return new Map([...byHost].map(([host, affinities]) => [host, affinities.map(({ spec }) => spec.cidr)]));
}

/** The addresses of every pod, by pod name. */
export async function podAddresses(lab: string): Promise<Map<string, Address[]>> {
  const { items } = await withStore(lab, (store) => store.list('WorkloadEndpoint'));
  return new Map(
    items.map(({ spec }) => [
      spec.workload ?? '',
      (spec.ipNetworks ?? []).map((network) => address(network.split('/')[0] ?? '')),
    ]),
  );
}

/** Where a lab's datastore and its daemons' control sockets are, for commands that work on a running lab. */
export async function resolveLab(lab: string): Promise<{
  datastore: DatastoreChoice;
  hosts: { name: string; controlSocket: string; ipamJournal: string; cniSpool: string }[];
}> {
  const { topology } = requireState(lab);
  const hosts = topology.hosts.filter(isWeftd);
  return {
    datastore: labDatastore(lab, topology),
    hosts: hosts.map(({ name }) => {
      const { controlSocket, ipamJournal, cniSpool } = hostFiles(lab, name);
      return { name, controlSocket, ipamJournal, cniSpool };
    }),
  };
}
