/**
 * What `calculate` decides from: resources of the datastore and facts of this node, as they are now.
 */
import type { Address } from '@weft/ip';
import type {
  BGPConfiguration,
  BGPFilter,
  BGPPeer,
  BlockAffinity,
  IPPool,
  Node,
  Resource,
  WorkloadEndpoint,
} from '@weft/resources';
import type { FelixSettings } from './felix-settings.ts';
import type { LinkRouter, LocalFacts } from './local-facts.ts';
import type { Service } from './services/service.ts';
import type { WayToPeer } from './sessions/way-to-peer.ts';
import type { Place } from './tunnels/place.ts';

/**
 * Annotation of a Node that is run by weftd; any value counts. Between two such nodes one session carries both
 * families; a node of Calico has a session for each. weftd writes it before it takes part in BGP.
 */
export const WEFT_DAEMON_ANNOTATION = 'weft.dev/daemon';

/**
 * How a speaker gets its BGP Identifier. `auto`: the IPv4 address of the node, or a hash of its name where it has none; `hash`:
 * always the hash. An address, of IPv4: that. Source: Calico's CALICO_ROUTER_ID.
 */
export type RouterId = 'auto' | 'hash' | Address;

/** What the operator of this daemon may set. */
export interface CalcSettings {
  /** Hold time proposed to peers; 0 or 3…65535. */
  readonly holdTimeSeconds: number;
  /** How long peers are asked to keep our routes while weftd is away, 0…4095. */
  readonly gracefulRestartTimeSeconds: number;
  readonly routerId: RouterId;
  /** Peers are to avoid this node, because it is about to go (RFC 8326). */
  readonly isDraining: boolean;
  /** The operator wants no BGP here: pods are carried by tunnels alone. Source: Calico's backend `vxlan`. */
  readonly withoutBgp?: true;
}

/** The settings when nobody sets any. */
export const DEFAULT_SETTINGS: CalcSettings = {
  holdTimeSeconds: 90,
  gracefulRestartTimeSeconds: 120,
  routerId: 'auto',
  isDraining: false,
};

/** A snapshot. Neither the order of the arrays matters nor whether an object is there twice. */
export interface CalcInput {
  readonly nodeName: string;
  /** SHA-256 of the node name: where a router id is made up, it is made of this. */
  readonly nodeNameDigest: Uint8Array;
  readonly nodes: readonly Node[];
  readonly pools: readonly IPPool[];
  readonly bgpConfigurations: readonly BGPConfiguration[];
  readonly bgpPeers: readonly BGPPeer[];
  readonly bgpFilters: readonly BGPFilter[];
  /** Those of this node; others are ignored. */
  readonly blockAffinities: readonly BlockAffinity[];
  /** Where IPAM's blocks are, of all nodes; none while no pool encapsulates. Undefined: nobody knows, which is not "none". */
  readonly places: readonly Place[] | undefined;
  /** Of Kubernetes; none while no range of service addresses is to be announced. */
  readonly services: readonly Service[];
  /** Those of this node; others are ignored. */
  readonly endpoints: readonly WorkloadEndpoint[];
  /** Values of the secrets that BGP passwords refer to, by `secretName/key`. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly settings: CalcSettings;
  /** What FelixConfiguration says on this node. */
  readonly felix: FelixSettings;
  readonly facts: LocalFacts;
  /** Who is on the interfaces that BGPPeers name, at most one on each; absent: nobody. */
  readonly linkRouters?: readonly LinkRouter[];
  /** Ways to the peers the speaker has by now, wanted or kept; absent: it has none of these. */
  readonly waysInUse?: readonly WayToPeer[];
}

/** The input with every object once. */
export function withoutRepeats(input: CalcInput): CalcInput {
  return {
    ...input,
    nodes: once(input.nodes),
    pools: once(input.pools),
    bgpConfigurations: once(input.bgpConfigurations),
    bgpPeers: once(input.bgpPeers),
    bgpFilters: once(input.bgpFilters),
    blockAffinities: once(input.blockAffinities),
    services: [...new Map(input.services.map((service) => [service.name, service])).values()],
    endpoints: once(input.endpoints),
  };
}

function once<T extends Resource>(items: readonly T[]): readonly T[] {
  const byName = new Map(items.map((item) => [`${item.metadata.namespace} ${item.metadata.name}`, item]));
  return byName.size === items.length ? items : [...byName.values()];
}
