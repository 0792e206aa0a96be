/** Who uses which address, according to workloads and nodes. Pure. */
import { type Address, networkAddress } from '@weft/ip';
import type { Node, WorkloadEndpoint } from '@weft/resources';

/** Somebody who uses an address, in calicoctl's words: `Workload(default/w1)`, `Node(n1)`. */
export interface Owner {
  readonly address: Address;
  readonly name: string;
}

/** Every address of every workload. */
export function workloadOwners(workloads: readonly WorkloadEndpoint[]): Owner[] {
  return workloads.flatMap(({ metadata, spec }) =>
    (spec.ipNetworks ?? []).map((network) => ({
      address: networkAddress(network),
      name: `Workload(${metadata.namespace}/${metadata.name})`,
    })),
  );
}

/** Every tunnel's address of every node, of both families (calicoctl looks at three of the five). */
export function nodeOwners(nodes: readonly Node[]): Owner[] {
  return nodes.flatMap((node) =>
    tunnelAddresses(node).map((address) => ({ address, name: `Node(${node.metadata.name})` })),
  );
}

function tunnelAddresses({ spec }: Node): Address[] {
  return [
    spec.ipv4VXLANTunnelAddr,
    spec.ipv6VXLANTunnelAddr,
    spec.wireguard?.interfaceIPv4Address,
    spec.wireguard?.interfaceIPv6Address,
    spec.bgp?.ipv4IPIPTunnelAddr,
  ].filter((address) => address !== undefined);
}

/** The names of those who use each address. */
export function ownersByAddress(owners: readonly Owner[]): Map<Address, string[]> {
  const grouped = Map.groupBy(owners, ({ address }) => address);
  return new Map([...grouped].map(([address, group]) => [address, group.map(({ name }) => name)]));
}
