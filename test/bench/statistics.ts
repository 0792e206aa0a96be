/** Quantiles of a benchmark's samples. */

/** The value below which a share of the samples lies, by the nearest rank. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
  return round(sorted[rank] ?? Number.NaN);
}

/** Three digits after the point are more than any of these figures is worth. */
export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
