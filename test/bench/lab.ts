/** How long `lab up` takes: three hosts with two pods each, from nothing to converged. */
import { defaultTopology, down, installation, up } from '@weft/lab';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

const runs = 5;

export async function* labBench(): AsyncGenerator<Figure> {
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await up(
      { name: 'bench-lab', topology: defaultTopology(3, 2), baseDirectory: '/' },
      await installation(),
      () => {},
    );
    seconds.push((performance.now() - start) / 1000);
    await down('bench-lab', () => {});
  }
  yield {
    benchmark: 'lab-up',
    hosts: 3,
    podsPerHost: 2,
    runs,
    p50Seconds: quantile(seconds, 0.5),
    maxSeconds: round(Math.max(...seconds)),
  };
}
