/** Times on the command line: absolute, or how long ago. */
import { usageError } from '../failure.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a time: RFC 3339 (`2026-01-31T12:00:00Z`), `now`, or how long before now (`90s`, `10m`, `2h`, `3d`).
 *
 * @returns it as RFC 3339 in UTC
 */
export function readMoment(option: string, text: string, now: Date): string {
  if (text === 'now') return now.toISOString();
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined)
    return new Date(now.getTime() - Number(amount) * (UNITS[unit] ?? 0)).toISOString();
  const isDated = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) && /(Z|[+-]\d{2}:\d{2})$/i.test(text);
  const at = Date.parse(text);
  if (isDated && !Number.isNaN(at)) return new Date(at).toISOString();
  throw usageError(
    `${option} is no time`,
    text,
    'Write it as 2026-01-31T12:00:00Z, as how long ago (90s, 10m, 2h, 3d), or as now.',
  );
}
