import { describe, expect, it } from 'vitest';
import { FEWEST_SAMPLES, type MemorySample, memoryViolations, trendOf } from './memory.ts';

/** Objects that become 4 MiB more in the beginning and go up and down by 300 KiB, code that grows by 4 KiB an action. */
function samples(count: number, leakKibibytesPerAction: number, outsideKibibytes = 0): MemorySample[] {
  return Array.from({ length: count }, (_, index) => {
    const action = index * 5;
    const start = Math.min(4_000, (16_000 * index) / count);
    const objects = 15_000 + start + (index % 10) * 30 + action * leakKibibytesPerAction;
    const code = 8_000 + action * 4;
    return { action, objects, code, resident: 60_000 + objects + code + action * outsideKibibytes };
  });
}

describe('memory', () => {
  it('is flat where a heap only warms up and breathes, and functions are compiled', () => {
    expect(memoryViolations(samples(300, 0))).toEqual([]);
  });

  it('is not flat where every action leaves an object of 3 KiB', () => {
    expect(trendOf(samples(300, 3), 'objects')?.kibibytesPerAction).toBeCloseTo(3, 0);
    expect(memoryViolations(samples(300, 3))).toEqual([
      expect.stringMatching(/^memory flat: objects grow by (2\.9|3\.0) KiB an action, more than 2$/),
    ]);
  });

  it('is not flat where every action leaves 8 KiB outside V8', () => {
    expect(memoryViolations(samples(300, 0, 8))).toEqual([
      expect.stringMatching(/^memory flat: resident grow by 1[12]\.\d KiB an action, more than 10$/),
    ]);
  });

  it('is not judged by few samples', () => {
    expect(trendOf(samples(FEWEST_SAMPLES, 20), 'objects')).toBeUndefined();
    expect(memoryViolations(samples(FEWEST_SAMPLES, 20))).toEqual([]);
  });
});
