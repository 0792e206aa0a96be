/**
 * A Node as BGP sees it: addresses, AS number, cluster, port.
 */
import { type Address, addressFromBytes, type Family } from '@weft/ip';
import {
  type BGPConfiguration,
  type BgpSettings,
  effectiveBgpSettings,
  type Labels,
  type Node,
  nodeAddress,
} from '@weft/resources';
import { type CalcInput, type RouterId, WEFT_DAEMON_ANNOTATION } from './input.ts';

/** A node that may take part in BGP. */
export interface BgpNode {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: Readonly<Partial<Record<Family, Address>>>;
  /** The addresses with the length of their subnet, as the Node has them: "10.0.0.1/24". */
  readonly interfaceAddresses: Readonly<Partial<Record<Family, string>>>;
  readonly asn: number;
  /** Cluster it reflects routes for (RFC 4456). */
  readonly clusterId: Address | undefined;
  /** TCP port it listens on. */
  readonly port: number;
  /** Run by weftd, not by Calico. */
  readonly isWeft: boolean;
}

/** The families in the order in which they are looked at. */
export const FAMILY_NUMBERS: readonly Family[] = [4, 6];

/** The cluster's BGP settings for each node. */
export interface BgpCluster {
  /** What holds on this node. */
  readonly settings: BgpSettings;
  readonly nodes: readonly BgpNode[];
  /** Annotations of the cluster's BGPConfiguration: knobs of the mesh that Calico has no field for. */
  readonly meshAnnotations: Readonly<Record<string, string>>;
  /** This node, if its Node is there. */
  readonly own: BgpNode | undefined;
  readonly nodeOfAddress: ReadonlyMap<Address, BgpNode>;
}

/** Reads the nodes and the settings, nodes sorted by name. */
export function bgpCluster({
  bgpConfigurations,
  nodeName,
  nodes: given,
}: Pick<CalcInput, 'bgpConfigurations' | 'nodeName' | 'nodes'>): BgpCluster {
  const settingsOf = settingsReader(bgpConfigurations);
  const nodes = given
    .map((node) => bgpNode(node, settingsOf(node.metadata.name)))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return {
    settings: settingsOf(nodeName),
    nodes,
    meshAnnotations:
      bgpConfigurations.find(({ metadata }) => metadata.name === 'default')?.metadata.annotations ?? {},
    own: nodes.find(({ name }) => name === nodeName),
    nodeOfAddress: new Map(
      nodes.flatMap((node) => Object.values(node.addresses).map((address) => [address, node] as const)),
    ),
  };
}

/** Most nodes have no BGPConfiguration of their own and share the settings of the cluster. */
function settingsReader(configurations: readonly BGPConfiguration[]): (nodeName: string) => BgpSettings {
  const byName = new Map(configurations.map((item) => [item.metadata.name, item]));
  const cluster = byName.get('default');
  const shared = effectiveBgpSettings(cluster, undefined);
  return (nodeName) => {
    const own = byName.get(`node.${nodeName}`);
    return own === undefined ? shared : effectiveBgpSettings(cluster, own);
  };
}

function bgpNode(node: Node, { asNumber, listenPort }: BgpSettings): BgpNode {
  const { metadata, spec } = node;
  const ipv4 = nodeAddress(node, 4);
  const ipv6 = nodeAddress(node, 6);
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    addresses: { ...(ipv4 && { 4: ipv4 }), ...(ipv6 && { 6: ipv6 }) },
    interfaceAddresses: {
      ...(spec.bgp?.ipv4Address && { 4: spec.bgp.ipv4Address }),
      ...(spec.bgp?.ipv6Address && { 6: spec.bgp.ipv6Address }),
    },
    asn: spec.bgp?.asNumber ?? asNumber,
    clusterId: spec.bgp?.routeReflectorClusterID,
    port: listenPort,
    isWeft: metadata.annotations?.[WEFT_DAEMON_ANNOTATION] !== undefined,
  };
}

/**
 * The BGP Identifier of a speaker.
 *
 * @param wanted what its operator says
 * @param digest SHA-256 of its name
 * @param ipv4 the address it goes by, where it has one
 */
export function routerId(wanted: RouterId, digest: Uint8Array, ipv4: Address | undefined): Address {
  if (wanted === 'hash') return hashed(digest);
  if (wanted !== 'auto') return wanted;
  // Departs from Calico, where a node without IPv4 has to be told to hash.
  return ipv4 ?? hashed(digest);
}

/**
 * The first four bytes, the first of them below 224 so that it does not look like a multicast address. Source: Calico,
 * CALICO_ROUTER_ID=hash.
 */
function hashed(nodeNameDigest: Uint8Array): Address {
  const [first = 0, ...rest] = nodeNameDigest.subarray(0, 4);
  return addressFromBytes(Uint8Array.from([first > 223 ? first - 32 : first, ...rest]));
}
