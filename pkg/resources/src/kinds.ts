/**
 * All kinds. Adding one: a file in `kinds/`, a row here, `npm run generate`.
 */
import type { Kind } from './generated/types.ts';
import type { KindDefinition } from './kind-definition.ts';
import { bgpConfiguration } from './kinds/bgp-configuration.ts';
import { bgpFilter } from './kinds/bgp-filter.ts';
import { bgpPeer } from './kinds/bgp-peer.ts';
import { blockAffinity } from './kinds/block-affinity.ts';
import { calicoNodeStatus } from './kinds/calico-node-status.ts';
import { clusterInformation } from './kinds/cluster-information.ts';
import { felixConfiguration } from './kinds/felix-configuration.ts';
import { ipPool } from './kinds/ip-pool.ts';
import { ipReservation } from './kinds/ip-reservation.ts';
import { ipamBlock } from './kinds/ipam-block.ts';
import { ipamConfiguration } from './kinds/ipam-configuration.ts';
import { ipamHandle } from './kinds/ipam-handle.ts';
import { node } from './kinds/node.ts';
import { workloadEndpoint } from './kinds/workload-endpoint.ts';
import { editorSchema } from './schema/editor-schema.ts';
import type { JsonSchema } from './schema/json-schema.ts';

/** Every kind by name. */
export const kinds: { readonly [K in Kind]: KindDefinition<K> } = {
  BGPConfiguration: bgpConfiguration,
  BGPFilter: bgpFilter,
  BGPPeer: bgpPeer,
  BlockAffinity: blockAffinity,
  CalicoNodeStatus: calicoNodeStatus,
  ClusterInformation: clusterInformation,
  FelixConfiguration: felixConfiguration,
  IPAMBlock: ipamBlock,
  IPAMConfiguration: ipamConfiguration,
  IPAMHandle: ipamHandle,
  IPPool: ipPool,
  IPReservation: ipReservation,
  Node: node,
  WorkloadEndpoint: workloadEndpoint,
};

/** The names of all kinds, sorted. */
export const kindNames: readonly Kind[] = Object.keys(kinds) as Kind[];

const byAlias = new Map<string, Kind>(
  kindNames.flatMap((kind) => {
    const { plural, aliases } = kinds[kind];
    return [kind.toLowerCase(), plural, ...aliases].map((alias) => [alias, kind] as const);
  }),
);

/** The kind a user means by "ippools", "pool" or "IPPool", in any case; undefined when there is none. */
export function kindByAlias(text: string): Kind | undefined {
  return byAlias.get(text.toLowerCase());
}

/** True when the text is the exact name of a kind. */
export function isKind(text: unknown): text is Kind {
  return typeof text === 'string' && Object.hasOwn(kinds, text);
}

/** The definition of a kind, its type parameter kept. */
export function definitionOf<K extends Kind>(kind: K): KindDefinition<K> {
  return kinds[kind];
}

/** The JSON Schema of a kind, for editors: the fields a user may write, with descriptions and defaults. */
export function jsonSchemaOf(kind: Kind): JsonSchema {
  return editorSchema(kinds[kind].schema);
}
