/**
 * The times a resource sets for a session, as the speaker takes them: in whole seconds. Source: Calico, which rounds.
 */
import { type BGPPeerSpec, parseDuration } from '@weft/resources';
import type { PeerConfig } from 'bgp-speaker-ts';

/** Times of a session. */
export interface SessionTimes extends Pick<PeerConfig, 'keepaliveTimeSeconds' | 'restartTimeSeconds'> {
  /** Which of them are not as they were set, and why; part of the session's reason. */
  readonly notes: readonly string[];
}

/** The keepalive timer of the speaker counts whole seconds, in the range of the hold time. */
const KEEPALIVE_RANGE = { name: 'keepalive time', min: 1, max: 65_535 };

/** Of the graceful restart capability: 12 bits (RFC 4724 §3). */
const RESTART_RANGE = { name: 'restart time', min: 0, max: 4095 };

/** Reads the times; one outside its range becomes the nearest inside it, so that one number does not cost all sessions. */
export function sessionTimes({
  keepaliveTime,
  maxRestartTime,
}: Pick<BGPPeerSpec, 'keepaliveTime' | 'maxRestartTime'>): SessionTimes {
  const keepalive = withinRange(keepaliveTime, KEEPALIVE_RANGE);
  const restart = withinRange(maxRestartTime, RESTART_RANGE);
  return {
    ...(keepalive && { keepaliveTimeSeconds: keepalive.seconds }),
    ...(restart && { restartTimeSeconds: restart.seconds }),
    notes: [...(keepalive?.notes ?? []), ...(restart?.notes ?? [])],
  };
}

function withinRange(
  text: string | undefined,
  { name, min, max }: typeof RESTART_RANGE,
): { readonly seconds: number; readonly notes: readonly string[] } | undefined {
  const parsed = parseDuration(text ?? '');
  if (text === undefined || !parsed.ok) return undefined;
  const wanted = Math.round(parsed.value / 1000);
  const seconds = Math.min(Math.max(wanted, min), max);
  return { seconds, notes: seconds === wanted ? [] : [`its ${name} is ${seconds}s, as ${text} cannot be`] };
}
