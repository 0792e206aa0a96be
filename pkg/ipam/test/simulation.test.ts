/**
 * Random runs of the simulation, from seed 1 on. Each seed repeats its run; for other runs, and for more of them:
 *
 *     WEFT_IPAM_SEED=5000 WEFT_IPAM_RUNS=2000 \
 *       npx vitest run --config .config/vitest.ts --project unit pkg/ipam/test/simulation.test.ts
 */
import { expect, test } from 'vitest';
import { simulate } from './simulation/simulation.ts';

const STEPS_PER_RUN = 3000;
const { WEFT_IPAM_SEED = '1', WEFT_IPAM_RUNS = '10' } = process.env;
const TIMEOUT_MS_PER_RUN = 10_000;

test(
  `${WEFT_IPAM_RUNS} runs from seed ${WEFT_IPAM_SEED}: no address has two owners and none is lost`,
  async () => {
    const outcomes = new Map<string, number>();
    const first = Number(WEFT_IPAM_SEED);
    for (let seed = first; seed < first + Number(WEFT_IPAM_RUNS); seed++) {
      const report = await simulate({ seed, steps: STEPS_PER_RUN });
      for (const [outcome, count] of report.outcomes)
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
    }
    const seen = [...outcomes.keys()];
    expect(seen).toEqual(expect.arrayContaining(['autoAssign assigned', 'releaseByHandle released']));
  },
  Number(WEFT_IPAM_RUNS) * TIMEOUT_MS_PER_RUN,
);
