/**
 * How the program knows at its start that peers may still keep the routes of its earlier life: RFC 4724 §4.1.
 *
 * A marker file is touched as long as the daemon runs. At the next start its age says how long nobody was there. As
 * long as that is less than peers keep routes, the OPENs say "restarted, forwarding preserved", so that peers go on
 * with what they have until this speaker has told them all it has learned anew. The daemon forwards nothing itself: the
 * kernel routes of its peers are the forwarding state, and its death has not touched them. After a crash and after
 * SIGTERM it is the same.
 *
 * A marker believed wrongly costs a wait for the peers, at most `selectionDeferralSeconds`; one missed costs routes. So
 * a clock that went back counts as "just now".
 */

import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import type { SpeakerConfig } from '../../speaker/config.ts';
import type { Failure } from '../failure.ts';

/** How often the marker is touched, in ms. */
const TOUCH_MS = 5000;

/** How long peers may keep routes of a daemon that is away: they notice within the hold time, then wait. */
export function keptSeconds({ gracefulRestart, holdTimeSeconds, peers }: SpeakerConfig): number {
  if (gracefulRestart === undefined) return 0;
  const own = gracefulRestart.restartTimeSeconds;
  const holds = peers.map((peer) => peer.holdTimeSeconds ?? holdTimeSeconds);
  const restarts = peers.map((peer) => peer.restartTimeSeconds ?? own);
  return Math.max(own, ...restarts) + Math.max(holdTimeSeconds, ...holds);
}

/** Says whether a daemon has touched the marker within so many seconds. */
export function hasRestarted(path: string, withinSeconds: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs < withinSeconds * 1000 + TOUCH_MS;
}

/** Touches the marker from now on until the process ends; says why it cannot. */
export function keepMarker(path: string): Failure | undefined {
  try {
    closeSync(openSync(path, 'a', 0o600));
    utimesSync(path, new Date(), new Date());
  } catch (error) {
    return {
      message: `cannot write the marker of graceful restart: ${(error as Error).message}`,
      object: path,
      hint: 'name a gracefulRestart.marker in a folder that is there and that this user may write to',
    };
  }
  // A marker that somebody removed is not made again: it was removed to say that there is nothing to keep.
  setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH_MS).unref();
  return undefined;
}
