import { describe, expect, test } from 'vitest';
import { simulate } from './simulation/simulation.ts';

describe('probe', () => {
  test('seeds', async () => {
    const start = performance.now();
    let steps = 0;
    const all = new Map<string, number>();
    let crashes = 0;
    for (let seed = 1; seed <= Number(process.env.SEEDS ?? 20); seed++) {
      const report = await simulate({ seed, steps: 1500 });
      steps += report.steps;
      crashes += report.crashes;
      for (const [k, v] of report.outcomes) all.set(k, (all.get(k) ?? 0) + v);
    }
    console.log(steps, 'steps', crashes, 'crashes', performance.now() - start, 'ms', [...all].sort());
    expect(steps).toBeGreaterThan(0);
  }, 600000);
});
