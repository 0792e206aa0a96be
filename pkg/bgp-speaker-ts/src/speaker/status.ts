/**
 * Neighbours as seen from outside.
 */

import { formatIpv4 } from '../rib/tables.ts';
import type { Family } from '../wire/family.ts';
import { describeBfd } from './bfd.ts';
import type { PeerFamilyStatus, PeerStatus } from './config.ts';
import type { SpeakerCore } from './core.ts';
import type { Neighbour } from './neighbour.ts';

/** Describes a neighbour as it is now. */
export function describeNeighbour(core: SpeakerCore, neighbour: Neighbour): PeerStatus {
  const { config, session } = neighbour;
  const negotiated = session?.negotiated;
  return {
    address: neighbour.address,
    template: config.template,
    asn: neighbour.asn,
    description: config.description,
    state: neighbour.state,
    stateSince: neighbour.stateSince,
    peerType: negotiated?.peerType,
    peerIdentifier: negotiated === undefined ? undefined : formatIpv4(negotiated.peerIdentifier),
    holdTimeSeconds: negotiated?.holdTimeSeconds,
    establishedCount: neighbour.establishedCount,
    lastError: neighbour.lastError,
    staleUntil: neighbour.staleDeadline?.at,
    updatesReceived: neighbour.updatesReceived,
    updateBytesSent: neighbour.updateBytesSent,
    outstandingBytes: neighbour.outstandingBytes,
    bfd: describeBfd(neighbour),
    families: config.families.map((family) => describeFamily(core, neighbour, family)),
  };
}

function describeFamily(
  core: SpeakerCore,
  { index, session, longLived }: Neighbour,
  family: Family,
): PeerFamilyStatus {
  const counts = core.tables.ribs[family].countsOf(index);
  const place = session?.groups.get(family);
  return {
    family,
    received: counts.received,
    rejected: counts.rejected,
    stale: counts.stale,
    longLivedUntil: longLived.get(family)?.endsAt,
    advertised: place?.group.adjRibOut.countFor(index) ?? 0,
    endOfRibReceived: session?.endOfRibReceived.has(family) ?? false,
    endOfRibSent: place?.member.endOfRibDue === false,
    stream: place?.member.stream ?? 'none',
  };
}
