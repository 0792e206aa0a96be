/**
 * Lengths of time as people read them.
 */

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/** Writes the time since a moment with its two largest units: `3d4h`, `5m0s`, `12s`. */
export function since(moment: string, now: Date = new Date()): string {
  let seconds = Math.max(0, Math.floor((now.getTime() - new Date(moment).getTime()) / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0s';
  return UNITS.slice(first, first + 2)
    .map(([name, size]) => {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      return `${count}${name}`;
    })
    .join('');
}
