import { describe, expect, it } from 'vitest';
import { FEWEST_SAMPLES, type MemorySample, memoryViolation, trendOf } from './memory.ts';

/** A heap that goes up and down by 8 MiB, after a start in which it doubles. */
function samples(count: number, leakKibibytesPerAction: number): MemorySample[] {
  return Array.from({ length: count }, (_, index) => {
    const start = index < count / 4 ? (40_000 * index) / (count / 4) : 40_000;
    const sawtooth = (index % 10) * 800;
    return { action: index * 5, kibibytes: 50_000 + start + sawtooth + index * 5 * leakKibibytesPerAction };
  });
}

describe('memory', () => {
  it('is flat where a heap only warms up and breathes', () => {
    expect(memoryViolation(trendOf(samples(300, 0)))).toBeUndefined();
  });

  it('is not flat where every action leaves 20 KiB', () => {
    const trend = trendOf(samples(300, 20));
    expect(trend?.kibibytesPerAction).toBeCloseTo(20, 0);
    expect(memoryViolation(trend)).toMatch(/^memory flat: it grows by (19|20)\.\d KiB an action/);
  });

  it('is not judged by few samples', () => {
    expect(trendOf(samples(FEWEST_SAMPLES, 20))).toBeUndefined();
    expect(memoryViolation(undefined)).toBeUndefined();
  });
});
