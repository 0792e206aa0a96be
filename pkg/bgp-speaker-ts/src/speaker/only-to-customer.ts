/**
 * Roles and the Only to Customer attribute: a route that once went down or sideways never goes up again.
 *
 * Source: RFC 9234 §5. What happens to the attribute, by our role towards the external peer:
 *
 *     we are                received with it       received without     sent with it     sent without
 *     ────────────────────  ─────────────────────  ───────────────────  ───────────────  ─────────────
 *     provider              leak                   —                    unchanged        our AS added
 *     route-server          leak                   —                    unchanged        our AS added
 *     customer              unchanged              their AS added       not sent         —
 *     route-server-client   unchanged              their AS added       not sent         —
 *     peer                  leak, unless theirs    their AS added       not sent         our AS added
 *
 * A leak stays in the Adj-RIB-In and is never selected. Without a role, and between internal peers, the attribute passes
 * unchanged; nothing here ever changes or removes one that is there. Our role counts, whether the peer announces one or
 * not (§4.2). The AS numbers are those of the OPENs, so a local AS is ours.
 */

import type { Role } from '../wire/capability/capability.ts';

/** A session with a role. */
export interface RoleSession {
  /** Ours. */
  readonly role: Role;
  readonly peerAsn: number;
}

/** Says whether a received route was leaked to us. */
export function isLeak({ role, peerAsn }: RoleSession, otc: number | undefined): boolean {
  if (otc === undefined) return false;
  return isAbove(role) || (role === 'peer' && otc !== peerAsn);
}

/** Gives the value to attach to a received route, if one is to be attached. */
export function otcOnImport({ role, peerAsn }: RoleSession, otc: number | undefined): number | undefined {
  return otc === undefined && !isAbove(role) ? peerAsn : undefined;
}

/** Says whether sending a route would leak it. */
export function wouldLeak(role: Role, otc: number | undefined): boolean {
  return otc !== undefined && !isAbove(role);
}

/** Gives the value a route without the attribute is sent with, if any. */
export function otcOnExport(role: Role, localAsn: number): number | undefined {
  return isAbove(role) || role === 'peer' ? localAsn : undefined;
}

/** The peer is below us: routes go down to it, and only its own and its customers' come up. */
function isAbove(role: Role): boolean {
  return role === 'provider' || role === 'route-server';
}
