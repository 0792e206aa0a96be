/**
 * Neighbour entries of large labs. Linux has one neighbour table for all namespaces of a machine, 1,024 entries long
 * unless told otherwise; fifty hosts that all talk to each other need some five thousand, and then sessions starve.
 * Permanent entries do not count. So in a lab that would come near the limit every host knows the others for good.
 */
import { readFileSync } from 'node:fs';
import { type Address, parseInterfaceAddress } from '@weft/ip';
import type { Change, Kernel } from '@weft/kernel';
import { namespaceOf } from './names.ts';
import type { Host, Topology } from './topology.ts';
import { withKernel } from './wiring.ts';

/** One interface of a host as its neighbours see it. */
interface Station {
  readonly host: string;
  readonly interface: string;
  readonly subnet: string;
  readonly mac: string;
  readonly addresses: readonly Address[];
}

/** Tells the hosts of a large lab their neighbours; does nothing in a small one. To be called when a host has come. */
export async function pinNeighbours(lab: string, topology: Topology): Promise<void> {
  if (entriesNeeded(topology) < entryLimit() / 2) return;
  const stations = (await Promise.all(topology.hosts.map((host) => stationsOf(lab, host)))).flat();
  for (const host of topology.hosts) {
    await withKernel(namespaceOf(lab, host.name), (kernel) =>
      kernel.apply(neighbourChanges(kernel, host.name, stations)),
    );
  }
}

/** Entries of one family when every host talks to every other on its segment. */
function entriesNeeded({ hosts, subnets }: Topology): number {
  return subnets.reduce((sum, { name }) => {
    const members = hosts.filter((host) => host.interfaces.some(({ subnet }) => subnet === name)).length;
    return sum + members * (members - 1);
  }, 0);
}

function entryLimit(): number {
  return Number(readFileSync('/proc/sys/net/ipv4/neigh/default/gc_thresh3', 'utf8'));
}

function stationsOf(lab: string, host: Host): Promise<Station[]> {
  return withKernel(namespaceOf(lab, host.name), (kernel) => {
    const macs = new Map(kernel.links().map(({ name, mac }) => [name, mac]));
    return host.interfaces.map(({ name, subnet, addresses }) => ({
      host: host.name,
      interface: name,
      subnet,
      mac: macs.get(name) ?? '',
      addresses: addresses.flatMap((text) => {
        const parsed = parseInterfaceAddress(text);
        return parsed.ok ? [parsed.value.address] : [];
      }),
    }));
  });
}

function neighbourChanges(kernel: Kernel, host: string, stations: readonly Station[]): Change[] {
  const indexes = new Map(kernel.links().map(({ name, index }) => [name, index]));
  const own = stations.filter((station) => station.host === host);
  return own.flatMap(({ subnet, interface: name }) => {
    const interfaceIndex = indexes.get(name) ?? 0;
    const others = stations.filter((station) => station.subnet === subnet && station.host !== host);
    return others.flatMap(({ addresses, mac }) =>
      addresses.map(
        (address): Change => ({ op: 'replace-neighbour', neighbour: { interfaceIndex, address, mac } }),
      ),
    );
  });
}
