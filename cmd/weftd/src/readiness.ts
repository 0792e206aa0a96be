/**
 * Is the node ready for work, and if not, why? Pure.
 */
import type { Health } from '@weft/control';
import type { DataplaneStatus } from '@weft/dataplane';
import type { PeerStatus } from 'bgp-speaker-ts';

/** What readiness is judged by. */
export interface ReadinessFacts {
  /** What is known of the datastore is complete and up to date. */
  readonly inSync: boolean;
  /** Why it is not, when the store is away. */
  readonly storeAway: string | undefined;
  /** What the start waits for; undefined when it is over. */
  readonly awaited: string | undefined;
  /** Why there is no BGP; undefined when there is. */
  readonly noBgpReason: string | undefined;
  /** Why the speaker could not take over what is wanted of it. */
  readonly listenError: string | undefined;
  readonly peers: readonly PeerStatus[];
  /** Absent where no routes are written: a route reflector. */
  readonly dataplane: DataplaneStatus | undefined;
  /** Why address translation is not in the kernel as wanted. */
  readonly natFailure: string | undefined;
}

/**
 * Ready: the datastore is in sync, every wanted route is in the kernel, and at least one session is up where there are
 * peers. Source: Calico's bird-ready, and routes in the kernel beside it.
 */
export function readiness(facts: ReadinessFacts): Health {
  const { awaited, dataplane, inSync, listenError, natFailure, noBgpReason, peers, storeAway } = facts;
  const reasons: string[] = [];
  if (awaited !== undefined) reasons.push(`weftd is starting: ${awaited}`);
  if (storeAway !== undefined) reasons.push(storeAway);
  else if (!inSync) reasons.push('the datastore is not in sync');
  if (noBgpReason !== undefined) reasons.push(`no BGP: ${noBgpReason}`);
  if (listenError !== undefined) reasons.push(`BGP is not configured as wanted: ${listenError}`);
  if (peers.length > 0 && !peers.some(({ state }) => state === 'Established')) {
    reasons.push(`none of ${peers.length} BGP sessions is Established`);
  }
  if (dataplane !== undefined && !dataplane.inSync)
    reasons.push(`${dataplane.toWrite + dataplane.waiting} wanted routes are not in the kernel`);
  if (natFailure !== undefined) reasons.push(`masquerading and published ports: ${natFailure}`);
  return { ok: reasons.length === 0, reasons };
}
