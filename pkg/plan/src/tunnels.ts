/** Blocks of encapsulated pools: their routes come from IPAM, by a tunnel or straight to a node of the same subnet. */
import { type DesiredState, encapsulationOf } from '@weft/calc';
import { type Address, type Prefix, PrefixTrie } from '@weft/ip';
import { type IPPool, type Node, nodeAddress } from '@weft/resources';
import { type ClusterResources, encapsulatedPlaces } from '@weft/simulation';

/** The blocks and borrowed addresses that tunnels carry, of nodes that there are, with the names of these. */
export function tunneledBlocks(resources: ClusterResources): PrefixTrie<string> {
  const names = new Set(resources.nodes.map(({ metadata }) => metadata.name));
  const blocks = new PrefixTrie<string>();
  for (const { nodeName, prefix } of encapsulatedPlaces(resources))
    if (names.has(nodeName)) blocks.set(prefix, nodeName);
  return blocks;
}

/** Whether all that the node holds is carried by tunnels; false for one that holds nothing. */
export function isAllTunneled(
  node: string,
  { blockAffinities }: ClusterResources,
  tunneled: PrefixTrie<string>,
): boolean {
  const own = blockAffinities.filter(({ spec }) => spec.node === node && !spec.deleted);
  return own.length > 0 && own.every(({ spec }) => tunneled.get(spec.cidr) === node);
}

/** Whether an address or a block lies in a block that tunnels carry. */
export function isTunneled(tunneled: PrefixTrie<string>, destination: Address | Prefix): boolean {
  return tunneled.longestMatch(destination) !== undefined;
}

/** What a pool asks for, in words. */
export function encapsulationText(pool: IPPool): string {
  const asked = encapsulationOf(pool);
  return asked === undefined ? 'no encapsulation' : `${asked.kind.toUpperCase()} ${asked.mode}`;
}

/**
 * The routes that IPAM decides, with their ways: `vxlan.calico to node2` through a tunnel, or the next hop, as BGP has it, to a
 * node of the same subnet.
 */
export function tunnelWays(
  { routes }: Pick<DesiredState, 'routes'>,
  tunneled: PrefixTrie<string>,
): Map<Prefix, string> {
  const ways = new Map<Prefix, string>();
  for (const { class: routeClass, destination, via } of routes) {
    const [hop] = via;
    if (routeClass === 'same-subnet') ways.set(destination, hop?.gateway ?? '');
    if (routeClass === 'vxlan' || routeClass === 'ipip')
      ways.set(destination, `${hop?.interface} to ${tunneled.get(destination)}`);
  }
  return ways;
}

/**
 * The nodes as they are once each has written the addresses of its tunnels, which it does by itself. One that has none yet stands
 * there with its own address: which one it gets changes no way.
 */
export function withTunnelAddresses(resources: ClusterResources): ClusterResources {
  if (resources.pools.every((pool) => encapsulationOf(pool) === undefined)) return resources;
  return { ...resources, nodes: resources.nodes.map(withTunnelAddress) };
}

function withTunnelAddress(node: Node): Node {
  const { bgp } = node.spec;
  const ipv4 = nodeAddress(node, 4);
  const ipv6 = nodeAddress(node, 6);
  return {
    ...node,
    spec: {
      ...(ipv4 && { ipv4VXLANTunnelAddr: ipv4 }),
      ...(ipv6 && { ipv6VXLANTunnelAddr: ipv6 }),
      ...node.spec,
      ...(bgp && { bgp: { ...(ipv4 && { ipv4IPIPTunnelAddr: ipv4 }), ...bgp } }),
    },
  };
}
