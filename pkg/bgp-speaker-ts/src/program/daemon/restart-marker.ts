/**
 * How the program knows at its start that peers may still keep the routes of its earlier life: RFC 4724 §4.1.
 *
 * A marker file names the speaker and is touched as long as it runs. At the next start its age says how long nobody was
 * there. As long as that is less than peers keep routes, the OPENs say "restarted, forwarding preserved" (R and F bits),
 * so that peers go on with what they have until this speaker has told them all it has learned anew. The daemon forwards
 * nothing itself: the kernel routes of its peers are the forwarding state, and its death has not touched them. After a
 * crash and after SIGTERM it is the same.
 *
 * A marker believed wrongly costs a wait for the peers, at most `selectionDeferralSeconds`; one missed costs routes. So
 * a clock that went back counts as "just now".
 */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import type { SpeakerConfig } from '../../speaker/config.ts';
import type { Failure } from '../failure.ts';

/** How often the marker is touched, in ms. */
const TOUCH_MS = 5000;

/** Says whether this speaker has run so lately that peers may keep its routes. */
export function hasRestarted(path: string, config: SpeakerConfig): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || readFileSync(path, 'utf8') !== nameOf(config)) return false;
  return Date.now() - found.mtimeMs < keptSeconds(config) * 1000 + TOUCH_MS;
}

/** Touches the marker from now on until the process ends; says why it cannot. */
export function keepMarker(path: string, config: SpeakerConfig): Failure | undefined {
  try {
    writeFileSync(path, nameOf(config), { mode: 0o600 });
  } catch (error) {
    return {
      message: `cannot write the marker of graceful restart: ${(error as Error).message}`,
      object: path,
      hint: 'name a gracefulRestart.marker in a folder that is there and that this user may write to',
    };
  }
  const touch = (): void => void utimes(path, new Date(), new Date()).catch(() => {});
  setInterval(touch, TOUCH_MS).unref();
  return undefined;
}

/** How long peers may keep routes of a daemon that is away: they notice within the hold time, then wait. */
function keptSeconds({ gracefulRestart, holdTimeSeconds, peers }: SpeakerConfig): number {
  const own = gracefulRestart?.restartTimeSeconds ?? 0;
  const restarts = peers.map(({ restartTimeSeconds = own }) => restartTimeSeconds);
  const holds = peers.map((peer) => peer.holdTimeSeconds ?? holdTimeSeconds);
  const longLived = gracefulRestart?.longLived?.map(({ staleTimeSeconds }) => staleTimeSeconds) ?? [];
  return Math.max(own, ...restarts) + Math.max(0, ...longLived) + Math.max(holdTimeSeconds, ...holds);
}

function nameOf({ asn, identifier }: SpeakerConfig): string {
  return `bgp-speaker AS ${asn}, router id ${identifier}\n`;
}
