/**
 * Graceful restart as the Receiving Speaker: what becomes of a peer's paths when its session ends and comes back.
 *
 *     session ends ── without NOTIFICATION, graceful restart agreed ──▶ stale, until the peer's restart time is over
 *          │                                                              │
 *          └── otherwise ──▶ removed             session is back ◀────────┘
 *                                                     ├── family missing or its F bit clear ──▶ removed
 *                                                     └── kept, until End-of-RIB or the stale time is over
 *
 * Stale paths compete like all others; each one the peer sends again is no longer stale.
 * Source: RFC 4724 §4.2; RFC 8538 §3, §4 (with the N bit on both sides a NOTIFICATION does not end it either).
 */

import type { DownReason, Negotiated } from '../fsm/types.ts';
import type { Tables } from '../rib/tables.ts';
import { FAMILIES, type Family } from '../wire/family.ts';
import { CeaseSubcode, ErrorCode } from '../wire/iana.ts';
import type { GracefulRestartConfig } from './config.ts';
import type { SpeakerAction, StaleEnd } from './events.ts';
import type { Neighbour } from './neighbour.ts';

/** Longest time stale paths of a peer that is back wait for End-of-RIB, unless configured. */
const STALE_SECONDS = 360;

/** What the functions of this file work on. */
export interface StaleContext {
  readonly tables: Tables;
  readonly now: number;
  emit(action: SpeakerAction): void;
}

/** Keeps or removes the paths of a peer whose session has ended; gives how many are kept. */
export function keepOrRemovePaths(
  context: StaleContext,
  neighbour: Neighbour,
  reason: DownReason,
  { gracefulRestart }: Negotiated,
): number {
  const graceful = gracefulRestart !== undefined && isGraceful(reason, gracefulRestart.notification);
  let kept = 0;
  for (const family of FAMILIES) {
    const covered = graceful && gracefulRestart.families.some((item) => item.family === family);
    // Consecutive restarts: what was stale already is not kept a second time.
    if (covered) removeStale(context, neighbour, family, 'restarted-again');
    const rib = context.tables.ribs[family];
    if (covered) kept += rib.markStale(neighbour.index);
    else rib.dropPaths(neighbour.index, false);
  }
  const milliseconds = (gracefulRestart?.restartTimeSeconds ?? 0) * 1000;
  neighbour.staleDeadline =
    kept > 0 ? { at: context.now + milliseconds, cause: 'restart-time-passed' } : undefined;
  return kept;
}

/** Decides about stale paths of a peer whose session is back. */
export function reviewStalePaths(
  context: StaleContext,
  neighbour: Neighbour,
  negotiated: Negotiated,
  config: GracefulRestartConfig | undefined,
): void {
  if (neighbour.staleDeadline === undefined) return;
  for (const family of FAMILIES) {
    const agreed = negotiated.gracefulRestart?.families.find((item) => item.family === family);
    if (agreed?.forwarding !== true) removeStale(context, neighbour, family, 'forwarding-not-preserved');
  }
  const milliseconds = (config?.staleTimeSeconds ?? STALE_SECONDS) * 1000;
  neighbour.staleDeadline = hasStale(context, neighbour)
    ? { at: context.now + milliseconds, cause: 'stale-time-passed' }
    : undefined;
}

/** Removes what is still stale of a family. */
export function removeStale(
  context: StaleContext,
  neighbour: Neighbour,
  family: Family,
  cause: StaleEnd,
): void {
  const paths = context.tables.ribs[family].dropPaths(neighbour.index, true);
  if (paths > 0) {
    context.emit({ kind: 'stale-paths-removed', peer: neighbour.address, family, paths, cause });
  }
  if (!hasStale(context, neighbour)) neighbour.staleDeadline = undefined;
}

/** Removes all stale paths of a peer when their time is over. */
export function expireStale(context: StaleContext, neighbour: Neighbour): void {
  const deadline = neighbour.staleDeadline;
  if (deadline === undefined || deadline.at > context.now) return;
  for (const family of FAMILIES) removeStale(context, neighbour, family, deadline.cause);
  neighbour.staleDeadline = undefined;
}

function hasStale({ tables }: StaleContext, { index }: Neighbour): boolean {
  return tables.all.some((rib) => rib.countsOf(index).stale > 0);
}

/** Whether a session has ended in a way after which the peer may be restarting. */
function isGraceful(reason: DownReason, notificationToo: boolean): boolean {
  switch (reason.kind) {
    case 'tcp-closed':
    case 'connection-replaced':
    case 'closed-locally':
      return true;
    case 'connect-failed':
      return false;
    case 'notification-received':
    case 'notification-sent': {
      const { code, subcode } = reason.notification;
      const hardReset = code === ErrorCode.cease && subcode === CeaseSubcode.hardReset;
      return notificationToo && !hardReset;
    }
  }
}
