/**
 * Pauses between attempts: each twice as long as the one before, and drawn from its upper half, so that clients that lost
 * one server do not come back together.
 */

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * The pause after so many failures in a row, in milliseconds.
 *
 * @param failures from 1
 * @param chance from 0 up to, not including, 1
 */
export function pauseAfter(failures: number, chance: number): number {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + chance / 2));
}
