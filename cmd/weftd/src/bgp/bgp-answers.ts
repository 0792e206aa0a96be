/**
 * What the speaker says, in the words of the control API. Pure but for the speaker it is given.
 */
import type { SessionDecision } from '@weft/calc';
import {
  type BgpPeer,
  type BgpPeers,
  Listing,
  type Page,
  type PageQuery,
  type RibPath,
  type RibRoute,
} from '@weft/control';
import type { ExplainedPath, Explanation, LocRibChange, PeerStatus } from 'bgp-speaker-ts';
import type { Bgp } from './bgp.ts';

/** The speaker and its peers; without a speaker AS 0 and no peers. */
export function bgpPeers(
  server: Bgp | undefined,
  sessions: readonly SessionDecision[],
  startedAt: string,
): BgpPeers {
  const peers = (server?.peers() ?? []).map((peer) => toPeer(peer, sessions, server, startedAt));
  return {
    asn: server?.config.asn ?? 0,
    bgpIdentifier: server?.config.identifier ?? '0.0.0.0',
    peers: peers.sort(byAddress),
  };
}

/** The Loc-RIB in pages. */
export function ribPages(server: () => Bgp | undefined): (query: PageQuery) => Page<RibRoute> {
  const listing = new Listing(
    (): Iterable<LocRibChange> => server()?.locRib() ?? [],
    ({ prefix }) => prefix,
  );
  return (query) => {
    const page = listing.page(query);
    return {
      ...page,
      items: page.items.flatMap(({ prefix }) => toRibRoute(server()?.explain(prefix)) ?? []),
    };
  };
}

function byAddress(left: BgpPeer, right: BgpPeer): number {
  return left.address < right.address ? -1 : 1;
}

function toPeer(
  peer: PeerStatus,
  sessions: readonly SessionDecision[],
  server: Bgp | undefined,
  startedAt: string,
): BgpPeer {
  const decision = sessions.find(
    (candidate) => candidate.kind === 'session' && candidate.peer === peer.address,
  );
  const established = peer.state === 'Established';
  const total = (count: 'received' | 'advertised'): number =>
    peer.families.reduce((sum, family) => sum + family[count], 0);
  const config = server?.config.peers.find(({ address }) => address === peer.address);
  return {
    address: config?.interface === undefined ? peer.address : `${peer.address}%${config.interface}`,
    port: config?.port ?? 179,
    asn: peer.asn ?? 0,
    type: decision?.type ?? 'global',
    node: decision?.kind === 'session' ? decision.node : undefined,
    state: peer.state,
    since: server?.wallClock(peer.stateSince).toISOString() ?? startedAt,
    info: infoOf(peer, decision, server),
    families: established ? peer.families.map(({ family }) => family) : [],
    counters: {
      updatesReceived: peer.updatesReceived,
      prefixesReceived: total('received'),
      prefixesAdvertised: total('advertised'),
      established: peer.establishedCount,
    },
    bfd: toBfd(peer, server),
  };
}

function toBfd({ bfd }: PeerStatus, server: Bgp | undefined): BgpPeer['bfd'] {
  if (bfd === undefined || server === undefined) return undefined;
  const { detectionTimeMs, diagnostic, state, stateSince } = bfd;
  return {
    state,
    since: server.wallClock(stateSince).toISOString(),
    diagnostic: state === 'Up' ? undefined : diagnostic,
    detectionTimeMs,
  };
}

/** Why a session is there that no resource asks for, before what its state says. */
function infoOf(
  { lastError, state }: PeerStatus,
  decision: SessionDecision | undefined,
  server: Bgp | undefined,
): string {
  if (decision?.kind === 'session' && decision.keptUntil !== undefined && server !== undefined)
    return `kept until ${server.wallClock(decision.keptUntil).toISOString()} at the latest: ${decision.reason}`;
  return state === 'Established' ? '' : (lastError ?? '');
}

/** The best path with its attributes, and what decided against the others. */
function toRibRoute(explanation: Explanation | undefined): RibRoute | undefined {
  const best = explanation?.paths.find((path) => path.best);
  if (explanation === undefined || best === undefined) return undefined;
  return {
    prefix: explanation.prefix,
    best: toRibPath(best),
    paths: explanation.paths.length,
    senders: [...new Set(explanation.paths.flatMap(({ peer }) => peer ?? []))],
    reason: reasonOf(explanation),
  };
}

/** A path as the control API shows it. */
export function toRibPath({ attributes, peer, stale }: ExplainedPath): RibPath {
  const { asPath, communities = [], largeCommunities = [], localPref, med, nextHop, origin } = attributes;
  return {
    peer,
    nextHop,
    origin,
    asPath,
    localPreference: localPref,
    med,
    communities: [...communities, ...largeCommunities],
    stale,
  };
}

function reasonOf({ paths }: Explanation): string {
  const steps = paths.flatMap(({ lost }) => (lost?.kind === 'decision' ? [lost.step] : []));
  return steps.length === 0 ? 'only path' : [...new Set(steps)].join(', ');
}
