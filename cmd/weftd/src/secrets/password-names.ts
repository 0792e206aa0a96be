/** Which Secrets hold passwords of BGP sessions. */
import type { BGPConfiguration, BGPPeer } from '@weft/resources';

/**
 * The names of all that BGPPeers and the cluster's BGPConfiguration refer to. Also of peers that are another node's: this node may
 * be their other end.
 */
export function passwordNames(
  peers: Iterable<BGPPeer>,
  configuration: BGPConfiguration | undefined,
): ReadonlySet<string> {
  const sources = [configuration?.spec.nodeMeshPassword, ...[...peers].map(({ spec }) => spec.password)];
  return new Set(sources.flatMap((source) => source?.secretKeyRef?.name ?? []));
}
