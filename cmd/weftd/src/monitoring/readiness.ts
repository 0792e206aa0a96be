/**
 * Is the node ready for work, and if not, why? Pure.
 */
import type { Health } from '@weft/control';
import type { DataplaneStatus, TunnelStatus } from '@weft/dataplane';
import type { PeerStatus } from 'bgp-speaker-ts';

/** What readiness is judged by. */
export interface ReadinessFacts {
  /** What is known of the datastore is complete and up to date. */
  readonly inSync: boolean;
  /** Why it is not, when the store is away. */
  readonly storeAway: string | undefined;
  /** What the start waits for; undefined when it is over. */
  readonly awaited: string | undefined;
  /** Why there is no BGP; undefined when there is, and when nobody wants any. */
  readonly noBgpReason: string | undefined;
  /** Why the speaker could not take over what is wanted of it. */
  readonly listenError: string | undefined;
  readonly peers: readonly Pick<PeerStatus, 'state'>[];
  /** The speaker has just started: now every session counts, later one is enough. */
  readonly isSettling: boolean;
  /** Peers have not sent all their routes yet, and the time to wait for them is not over. */
  readonly awaitsRoutes: boolean;
  /** Absent where no routes are written: a route reflector. */
  readonly dataplane: DataplaneStatus | undefined;
  /** Why address translation is not in the kernel as wanted. */
  readonly natFailure: string | undefined;
  /** Tunnel devices that are wanted. */
  readonly tunnels: readonly TunnelStatus[];
}

/**
 * Ready: the datastore is in sync, every wanted route is in the kernel, and at least one session is up where there are
 * peers; just after the start every session, with all routes of its peer, so that an upgrade goes from node to node no faster
 * than routing follows. Source: Calico's bird-ready, and routes in the kernel beside it.
 */
export function readiness(facts: ReadinessFacts): Health {
  const { awaited, dataplane, inSync, listenError, natFailure, noBgpReason, storeAway } = facts;
  const reasons: string[] = [];
  if (awaited !== undefined) reasons.push(`weftd is starting: ${awaited}`);
  if (storeAway !== undefined) reasons.push(storeAway);
  else if (!inSync) reasons.push('the datastore is not in sync');
  if (noBgpReason !== undefined) reasons.push(`no BGP: ${noBgpReason}`);
  if (listenError !== undefined) reasons.push(`BGP is not configured as wanted: ${listenError}`);
  reasons.push(...sessionReasons(facts));
  const missing = dataplane === undefined ? 0 : missingRoutes(dataplane);
  if (missing > 0) reasons.push(`${missing} wanted routes are not in the kernel`);
  if (natFailure !== undefined) reasons.push(`the table of nftables: ${natFailure}`);
  reasons.push(...facts.tunnels.flatMap(tunnelReasons));
  return { ok: reasons.length === 0, reasons };
}

/** A kernel that has no such tunnels will never have: plain routes count there for good. */
function tunnelReasons({ failure, name }: TunnelStatus): string[] {
  return failure === undefined || failure.errno === 'EOPNOTSUPP'
    ? []
    : [`the tunnel ${name}: ${failure.reason}`];
}

function sessionReasons({ awaitsRoutes, isSettling, peers }: ReadinessFacts): string[] {
  const down = peers.filter(({ state }) => state !== 'Established').length;
  if (peers.length > 0 && down === peers.length)
    return [`none of ${peers.length} BGP sessions is Established`];
  if (!isSettling) return [];
  return [
    ...(down > 0
      ? [`BGP has just started, and ${down} of ${peers.length} sessions are not Established`]
      : []),
    ...(awaitsRoutes ? ['BGP has just started, and peers have not sent all their routes'] : []),
  ];
}

/** Containers end at any time, and their runtimes say so later or, as `ctr run -d`, never: no reason to call the node unready. */
function missingRoutes({ toWrite, waiting, ended }: DataplaneStatus): number {
  return toWrite + waiting - ended;
}
