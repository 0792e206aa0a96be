/**
 * When to look next. Pure; times are milliseconds on a clock that never jumps.
 */

/** What the time of the next look depends on. */
export interface Pace {
  /** The longest time between two looks. */
  readonly periodMs: number;
  /** When the last look ended, and how long it took. */
  readonly endedAt: number;
  readonly tookMs: number;
  /** Since when something is known that a look may act on at once; undefined when nothing is. */
  readonly promptedAt: number | undefined;
  /** How many looks in a row failed. */
  readonly failures: number;
}

/** Changes within this time are looked at together. */
const CONSOLIDATION_MS = 1_000;
/** Looks take a twentieth of the time at most, however much a busy cluster changes. */
const REST_PER_LOOK = 19;
const LONGEST_RETRY_MS = 30_000;

/** When to look; at once if that is past. */
export function nextLookAt({ periodMs, endedAt, tookMs, promptedAt, failures }: Pace): number {
  const rested = endedAt + tookMs * REST_PER_LOOK;
  if (failures > 0)
    return Math.max(rested, endedAt + Math.min(LONGEST_RETRY_MS, 1_000 * 2 ** (failures - 1)));
  if (promptedAt !== undefined) return Math.max(rested, promptedAt + CONSOLIDATION_MS);
  return Math.max(rested, endedAt + periodMs);
}

/** The longest time between two looks: as told, and such that a grace period has two looks in it at least. 0 is not told. */
export function periodOf(reconcilerPeriodMs: number, leakGraceMs: number): number {
  const told = [reconcilerPeriodMs, leakGraceMs / 2].filter((milliseconds) => milliseconds > 0);
  return told.length === 0 ? 300_000 : Math.min(...told);
}
