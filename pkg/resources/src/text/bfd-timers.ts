/**
 * How fast BFD watches a peer, as users write it: how often a packet is sent, and how many may be lost.
 */
import type { Parsed } from '@weft/ip';
import { showValue } from '../issue.ts';
import { parseDuration } from './duration.ts';

/** What both directions of a session ask for. */
export interface BfdTimers {
  /** Between two packets, 10…60000 ms. */
  readonly intervalMs: number;
  /** So many packets lost in a row mean that the way is broken, 1…255. */
  readonly multiplier: number;
}

/** Faster is for hardware, slower than BGP's own keepalives is for nobody. */
const INTERVAL = { min: 10, max: 60_000 } as const;

/** Reads "300ms x 3". */
export function parseBfdTimers(text: string): Parsed<BfdTimers> {
  const [, interval = '', multiplier = ''] = /^(\S+) x (\d{1,3})$/.exec(text) ?? [];
  const parsed = parseDuration(interval);
  if (!parsed.ok || parsed.value === 0)
    return { ok: false, reason: `${showValue(text)} is not an interval and a multiplier like 300ms x 3` };
  if (parsed.value < INTERVAL.min || parsed.value > INTERVAL.max)
    return { ok: false, reason: `${showValue(text)} has no interval between 10ms and 1m` };
  const times = Number(multiplier);
  if (times < 1 || times > 255)
    return { ok: false, reason: `${showValue(text)} has no multiplier between 1 and 255` };
  return { ok: true, value: { intervalMs: parsed.value, multiplier: times } };
}
