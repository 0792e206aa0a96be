/**
 * Graceful restart as the Receiving Speaker: what becomes of a peer's paths when its session ends and comes back.
 *
 *     session ends ── without NOTIFICATION, graceful restart agreed ──▶ stale ── restart time over ──┐
 *          │                                                              │                          │
 *          │                     session is back ◀────────────────────────┤                no LLGR ──┴── LLGR
 *          │                          ├── family missing, or              │                   │          │
 *          │                          │   F bit clear ──▶ removed         │                   ▼          ▼
 *          │                          └── kept until End-of-RIB, or       └────────────── removed   long-lived stale
 *          └── otherwise ──▶ removed      the stale time is over                                         │
 *                                                             session is back, or removed when ◀─────────┘
 *                                                             the Long-Lived Stale Time is over
 *
 * Stale paths compete like all others; each one the peer sends again is no longer stale. Long-lived stale ones are the
 * last choice (`long-lived-paths.ts`). The Long-Lived Stale Time of a family runs on when the session is back, and from
 * the first loss to End-of-RIB nothing starts it anew: a session that flaps keeps no path for ever. When it ends before
 * End-of-RIB has come, the next loss of the session leaves nothing.
 * Source: RFC 4724 §4.2; RFC 8538 §3, §4 (with the N bit on both sides a NOTIFICATION does not end it either); RFC 9494
 * §4.2. Where another speaker has come in the peer's place, `succession.ts` says what becomes of them.
 */

import type { DownReason, Negotiated } from '../fsm/types.ts';
import { FAMILIES, type Family } from '../wire/family.ts';
import { isHardReset } from '../wire/message/03-notification.ts';
import type { GracefulRestartConfig } from './config.ts';
import type { StaleEnd } from './events.ts';
import { beginLongLived, type StaleContext } from './long-lived-paths.ts';
import type { LongLivedPeriod, Neighbour } from './neighbour.ts';

/** Longest time stale paths of a peer that is back wait for End-of-RIB, unless configured. */
const STALE_SECONDS = 360;

const NEVER = Number.POSITIVE_INFINITY;

/** Keeps or removes the paths of a peer whose session has ended; gives how many are kept. */
export function keepOrRemovePaths(
  context: StaleContext,
  neighbour: Neighbour,
  reason: DownReason,
  negotiated: Negotiated,
  config: GracefulRestartConfig | undefined,
): number {
  const { gracefulRestart } = negotiated;
  context.succession.end(neighbour.index);
  const graceful = gracefulRestart !== undefined && isGraceful(reason, gracefulRestart.notification);
  let kept = 0;
  for (const family of FAMILIES) {
    if (graceful) kept += keepFamily(context, neighbour, family, negotiated, config);
    else dropFamily(context, neighbour, family);
  }
  const milliseconds = (gracefulRestart?.restartTimeSeconds ?? 0) * 1000;
  neighbour.staleDeadline =
    kept > 0 ? { at: context.now + milliseconds, cause: 'restart-time-passed' } : undefined;
  return kept;
}

/**
 * Decides about stale paths of a peer whose session is back.
 *
 * @param formerIdentifier BGP Identifier in the session they are of
 */
export function reviewStalePaths(
  context: StaleContext,
  neighbour: Neighbour,
  negotiated: Negotiated,
  config: GracefulRestartConfig | undefined,
  formerIdentifier: number,
): void {
  if (!hasStale(context, neighbour)) return;
  if (negotiated.peerIdentifier !== formerIdentifier) {
    context.succession.begin(neighbour.index, context.tables.all);
    return;
  }
  for (const family of FAMILIES) reviewFamily(context, neighbour, family, negotiated);
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
  if (hasStale(context, neighbour)) return;
  neighbour.staleDeadline = undefined;
  context.succession.end(neighbour.index);
}

/** Ends the restart of a peer in one family: what is still stale goes, and no time runs on. */
export function endRestart(
  context: StaleContext,
  neighbour: Neighbour,
  family: Family,
  cause: StaleEnd,
): void {
  removeStale(context, neighbour, family, cause);
  neighbour.longLived.delete(family);
}

/** Acts on all times of a neighbour that are over. */
export function expireStale(context: StaleContext, neighbour: Neighbour): void {
  const { staleDeadline, longLived } = neighbour;
  if (staleDeadline !== undefined && staleDeadline.at <= context.now) {
    neighbour.staleDeadline = undefined;
    const { cause } = staleDeadline;
    const ending = FAMILIES.filter((family) => cause === 'stale-time-passed' || !longLived.has(family));
    for (const family of ending) endRestart(context, neighbour, family, cause);
  }
  for (const [family, period] of longLived) {
    if (period.beginsAt <= context.now) beginLongLived(context, neighbour, family, period);
    if (period.endsAt <= context.now) endLongLived(context, neighbour, family, period);
  }
}

function keepFamily(
  context: StaleContext,
  neighbour: Neighbour,
  family: Family,
  negotiated: Negotiated,
  config: GracefulRestartConfig | undefined,
): number {
  const { gracefulRestart } = negotiated;
  const short = gracefulRestart?.families.some((item) => item.family === family) === true;
  const staleSeconds = longLivedSeconds(family, negotiated, config);
  const spent = neighbour.longLived.get(family)?.endsAt === NEVER;
  if (spent || (!short && staleSeconds === 0)) {
    dropFamily(context, neighbour, family);
    return 0;
  }
  // Consecutive restarts: what was stale already is not kept a second time (RFC 4724), but with LLGR (RFC 9494).
  if (staleSeconds === 0) endRestart(context, neighbour, family, 'restarted-again');
  const kept = context.tables.ribs[family].markStale(neighbour.index);
  const shortSeconds = short ? (gracefulRestart?.restartTimeSeconds ?? 0) : 0;
  if (kept > 0 && staleSeconds > 0) awaitLongLived(context, neighbour, family, shortSeconds, staleSeconds);
  return kept;
}

function dropFamily({ tables }: StaleContext, neighbour: Neighbour, family: Family): void {
  tables.ribs[family].dropPaths(neighbour.index, false);
  neighbour.longLived.delete(family);
}

/** How long paths of a family stay after the restart time; 0 without LLGR. */
function longLivedSeconds(
  family: Family,
  { longLived }: Negotiated,
  config: GracefulRestartConfig | undefined,
): number {
  const asked = longLived.find((item) => item.family === family)?.staleTimeSeconds ?? 0;
  const most = config?.longLived?.find((item) => item.family === family)?.maxStaleTimeSeconds;
  return Math.min(asked, most ?? asked);
}

function awaitLongLived(
  { now }: StaleContext,
  { longLived }: Neighbour,
  family: Family,
  shortSeconds: number,
  staleSeconds: number,
): void {
  const beginsAt = now + shortSeconds * 1000;
  const endsAt = longLived.get(family)?.endsAt ?? beginsAt + staleSeconds * 1000;
  longLived.set(family, { beginsAt, begun: longLived.get(family)?.begun ?? false, endsAt });
}

/** With the session down nothing is left to wait for; with the session up the next loss must not keep anything. */
function endLongLived(
  context: StaleContext,
  neighbour: Neighbour,
  family: Family,
  period: LongLivedPeriod,
): void {
  removeStale(context, neighbour, family, 'long-lived-stale-time-passed');
  if (neighbour.session === undefined) neighbour.longLived.delete(family);
  period.endsAt = NEVER;
}

/** The F bit must say that forwarding went on: that of LLGR once its time has begun, else that of graceful restart. */
function reviewFamily(
  context: StaleContext,
  neighbour: Neighbour,
  family: Family,
  { gracefulRestart, longLived }: Negotiated,
): void {
  const period = neighbour.longLived.get(family);
  const short = gracefulRestart?.families.find((item) => item.family === family);
  const long = longLived.find((item) => item.family === family);
  const preserved =
    period?.begun === true ? long?.forwarding === true && short?.forwarding !== false : short?.forwarding;
  if (preserved !== true) endRestart(context, neighbour, family, 'forwarding-not-preserved');
  else if (period !== undefined && !period.begun && long === undefined) neighbour.longLived.delete(family);
  else if (period !== undefined) period.beginsAt = NEVER;
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
    case 'notification-sent':
      return notificationToo && !isHardReset(reason.notification);
  }
}
