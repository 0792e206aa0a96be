/**
 * The order in which a copy writes the kinds: what is referred to before what refers to it, IPAM after all that holds
 * addresses, and within IPAM handle before affinity before block, as an allocation writes them. A copy that dies
 * halfway then leaves what a repair knows: handles and affinities that promise more than the blocks hold.
 */
import { type Kind, kindNames } from '@weft/resources';

const first: readonly Kind[] = [
  'IPPool',
  'IPReservation',
  'BGPFilter',
  'BGPConfiguration',
  'BGPPeer',
  'Node',
];

/** ClusterInformation comes last: its `datastoreReady` tells everybody to begin. */
const last: readonly Kind[] = [
  'WorkloadEndpoint',
  'IPAMConfiguration',
  'IPAMHandle',
  'BlockAffinity',
  'IPAMBlock',
  'ClusterInformation',
];

/** All kinds, in that order. */
export const copyOrder: readonly Kind[] = kindNames.toSorted((a, b) => rank(a) - rank(b));

function rank(kind: Kind): number {
  if (first.includes(kind)) return first.indexOf(kind) - first.length;
  return last.indexOf(kind) + 1;
}
