/** Is the memory of a daemon flat? The slope of a line through its resident sizes, by least squares. Pure. */

/** The resident size of one process after so many actions. */
export interface MemorySample {
  readonly action: number;
  readonly kibibytes: number;
}

/** The line through the samples after the warm-up. */
export interface MemoryTrend {
  readonly samples: number;
  readonly meanKibibytes: number;
  readonly kibibytesPerAction: number;
}

/** Of the actions of a walk the first third warms up: V8 compiles, and its heap takes the size it works at. */
const WARM_UP = 1 / 3;

/** With fewer samples the steps in which a heap grows and shrinks are larger than any leak would be. */
export const FEWEST_SAMPLES = 60;

/**
 * A leak of one small object for each action is some 100 bytes, which no resident size shows within hours; one of a whole
 * endpoint, session or route table is over 10 KiB an action, which would be 16 MiB in two hours, and is shown.
 */
export const MOST_KIBIBYTES_PER_ACTION = 10;

/** The trend, or undefined where there are too few samples to speak of one. */
export function trendOf(samples: readonly MemorySample[]): MemoryTrend | undefined {
  const last = samples.at(-1)?.action ?? 0;
  const warm = samples.filter(({ action }) => action >= last * WARM_UP);
  if (warm.length < FEWEST_SAMPLES) return undefined;
  const meanAction = mean(warm.map(({ action }) => action));
  const meanKibibytes = mean(warm.map(({ kibibytes }) => kibibytes));
  let covariance = 0;
  let variance = 0;
  for (const { action, kibibytes } of warm) {
    covariance += (action - meanAction) * (kibibytes - meanKibibytes);
    variance += (action - meanAction) ** 2;
  }
  return { samples: warm.length, meanKibibytes, kibibytesPerAction: covariance / variance };
}

/** What is wrong with a trend, in words; undefined when memory is flat or nothing can be said. */
export function memoryViolation(trend: MemoryTrend | undefined): string | undefined {
  if (trend === undefined || trend.kibibytesPerAction <= MOST_KIBIBYTES_PER_ACTION) return undefined;
  return `memory flat: it grows by ${trend.kibibytesPerAction.toFixed(1)} KiB an action, more than ${MOST_KIBIBYTES_PER_ACTION}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
