/**
 * What a peer is reached by where the routing table does not say it: the link it is on, or a gateway of its own (BGPPeer
 * `reachableBy`). It is there for as long as the session: until the speaker has let go of the peer, whatever the resources say.
 */
import type { Address } from '@weft/ip';
import type { Candidate } from './candidate.ts';

/** By the interface of a peer that is known by its link-local address, or by a gateway that it needs a route by. */
export type WayToPeer =
  | { readonly peer: Address; readonly interface: string }
  | { readonly peer: Address; readonly gateway: Address; readonly askedBy: string };

/** The way to a peer that is asked for; undefined: the routing table knows it. */
export function wayToPeer({ address, askedBy, interface: name, options }: Candidate): WayToPeer | undefined {
  if (name !== undefined) return { peer: address, interface: name };
  const { reachableBy } = options;
  return reachableBy && { peer: address, gateway: reachableBy, askedBy };
}

/** The ways in use to peers that are wanted no more, sorted. */
export function leftoverWays(inUse: readonly WayToPeer[], wanted: ReadonlySet<Address>): WayToPeer[] {
  return [...new Map(inUse.map((way) => [way.peer, way])).values()]
    .filter(({ peer }) => !wanted.has(peer))
    .sort((left, right) => (left.peer < right.peer ? -1 : 1))
    .map((way) =>
      'gateway' in way ? { ...way, askedBy: `the session that ${way.askedBy} asked for` } : way,
    );
}
