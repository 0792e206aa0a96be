/**
 * Rules every route passes, whatever the configuration says; `explain` shows them by these names.
 */

import { Mark } from '../rib/attribute-store.ts';

/** Names of the rules. */
export type BuiltInRule =
  /** NO_ADVERTISE: told to nobody (RFC 1997). */
  | 'no-advertise'
  /** NO_EXPORT, and NO_EXPORT_SUBCONFED since this speaker knows no confederations: not told to external peers. */
  | 'no-export'
  /** GRACEFUL_SHUTDOWN from an external peer: LOCAL_PREF becomes 0 (RFC 8326 §4). */
  | 'graceful-shutdown'
  /** An external peer without policy gets and gives no routes, if that is asked for (RFC 8212). */
  | 'policy-required';

/** LOCAL_PREF of a route that is about to go away: RFC 8326 §4. */
export const GRACEFUL_SHUTDOWN_LOCAL_PREF = 0;

/** Gives the rule by which well-known communities keep a route from a peer, if one does. */
export function forbiddenBy(marks: number, peerType: 'internal' | 'external'): BuiltInRule | undefined {
  if ((marks & Mark.noAdvertise) !== 0) return 'no-advertise';
  const internalOnly = (marks & (Mark.noExport | Mark.noExportSubconfed)) !== 0;
  return internalOnly && peerType === 'external' ? 'no-export' : undefined;
}

/** Says whether a received route asks to be avoided: RFC 8326. */
export function isShuttingDown(marks: number, peerType: 'internal' | 'external'): boolean {
  return peerType === 'external' && (marks & Mark.gracefulShutdown) !== 0;
}
