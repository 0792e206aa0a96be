/**
 * Which of two connections between the same two speakers stays.
 *
 * RFC 4271 §6.8: compare the BGP Identifiers as numbers; the connection that the speaker with the higher one opened
 * stays. RFC 6286 §2.3: when they are equal (two ASes may use the same), the higher AS number decides.
 * We do: the same, with one case added that the RFC does not name. When the peer opened both, the newer one stays: the
 * peer has given up the older, or would not have opened another.
 */

import type { Negotiated } from './types.ts';

/** Who opened a connection. */
export type Initiator = 'local' | 'remote';

/** Chooses between the connection that is there and the one whose OPEN has just come. */
export function resolveCollision(
  existing: Initiator,
  newcomer: Initiator,
  negotiated: Negotiated,
): 'keep-existing' | 'keep-newcomer' {
  if (existing === newcomer) return 'keep-newcomer';
  return newcomer === winningInitiator(negotiated) ? 'keep-newcomer' : 'keep-existing';
}

function winningInitiator(negotiated: Negotiated): Initiator {
  const { localIdentifier, peerIdentifier, localAsn, peerAsn } = negotiated;
  if (localIdentifier !== peerIdentifier) return localIdentifier > peerIdentifier ? 'local' : 'remote';
  return localAsn > peerAsn ? 'local' : 'remote';
}
