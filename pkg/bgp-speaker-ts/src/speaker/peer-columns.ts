/**
 * What decisions need to know of a peer, written into the columns of the peer table.
 */

import type { Negotiated } from '../fsm/types.ts';
import type { SpeakerCore } from './core.ts';
import { clusterIdFor } from './export-profile.ts';
import type { Neighbour } from './neighbour.ts';
import { isInternal } from './session-config.ts';

/** Writes the columns of a peer; says whether reflection changed for its routes. */
export function describePeer({ config, tables }: SpeakerCore, neighbour: Neighbour): boolean {
  const { index, config: peer, session } = neighbour;
  const { peers } = tables;
  const external = session === undefined ? !isInternal(config, peer) : isExternal(session.negotiated);
  const client = peer.routeReflectorClient === true && !external;
  const clusterId = client ? clusterIdFor(config, peer) : 0;
  const changed = peers.clients[index] !== Number(client) || peers.clusterIds[index] !== clusterId;
  peers.external[index] = Number(external);
  peers.clients[index] = Number(client);
  peers.behindUs[index] = Number(peer.behindUs === true);
  peers.clusterIds[index] = clusterId;
  return changed;
}

function isExternal({ peerType }: Negotiated): boolean {
  return peerType === 'external';
}
