/** Is the memory of a daemon flat? The slope of a line through what it holds, by least squares. Pure. */

/** What one process holds after so many actions, in KiB, garbage collected. */
export interface MemorySample {
  readonly action: number;
  /** On V8's heap and in array buffers, without code: what a leak in TypeScript adds to. */
  readonly objects: number;
  /** Compiled functions and what V8 knows about them: grows for as long as functions become hot. */
  readonly code: number;
  /** Resident: both, and what is not V8's. */
  readonly resident: number;
}

export type MemoryPart = 'objects' | 'code' | 'resident';

/** The line through the samples after the warm-up. */
export interface MemoryTrend {
  readonly samples: number;
  readonly meanKibibytes: number;
  readonly kibibytesPerAction: number;
}

/** Of the actions of a walk the first half warms up: V8 compiles, tables take the size they work at, pods become as many as they will. */
const WARM_UP = 1 / 2;

/** With fewer samples the steps in which a heap grows and shrinks are larger than any leak would be. */
export const FEWEST_SAMPLES = 60;

/**
 * The most that may be added by an action, in KiB. An endpoint, a session or a route table that is kept for each action is more than 2; a
 * few numbers are less, and would take days to be seen. Memory outside V8 is seen by the resident size alone, which code swells.
 */
export const MOST_PER_ACTION: Readonly<Partial<Record<MemoryPart, number>>> = { objects: 2, resident: 10 };

/** The trend of one part, or undefined where there are too few samples to speak of one. */
export function trendOf(samples: readonly MemorySample[], part: MemoryPart): MemoryTrend | undefined {
  const last = samples.at(-1)?.action ?? 0;
  const warm = samples.filter(({ action }) => action >= last * WARM_UP);
  if (warm.length < FEWEST_SAMPLES) return undefined;
  const meanAction = mean(warm.map(({ action }) => action));
  const meanKibibytes = mean(warm.map((sample) => sample[part]));
  let covariance = 0;
  let variance = 0;
  for (const sample of warm) {
    covariance += (sample.action - meanAction) * (sample[part] - meanKibibytes);
    variance += (sample.action - meanAction) ** 2;
  }
  return { samples: warm.length, meanKibibytes, kibibytesPerAction: covariance / variance };
}

/** What grows by more than it may, in words; empty when memory is flat or nothing can be said. */
export function memoryViolations(samples: readonly MemorySample[]): string[] {
  return Object.entries(MOST_PER_ACTION).flatMap(([part, most]) => {
    const grows = trendOf(samples, part as MemoryPart)?.kibibytesPerAction ?? 0;
    if (grows <= most) return [];
    return [`memory flat: ${part} grow by ${grows.toFixed(1)} KiB an action, more than ${most}`];
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
