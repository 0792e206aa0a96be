/** What a migration file holds, and in which order. Source: calicoctl datastore migrate export. */
import type { Kind } from '@weft/resources';

/** Kinds that are written as lists (workloads are none: in Kubernetes they follow from Pods), in calicoctl's order but for those weft does not know. */
export const LISTED_KINDS: readonly Kind[] = [
  'IPPool',
  'BGPPeer',
  'Node',
  'BGPConfiguration',
  'FelixConfiguration',
  'IPReservation',
  'BGPFilter',
];

/** Kinds that stand in the part of IPAM, and the member each has there. */
export const IPAM_MEMBERS: Readonly<Partial<Record<Kind, string>>> = {
  BlockAffinity: 'block_affinities',
  IPAMBlock: 'blocks',
  IPAMHandle: 'handles',
};
