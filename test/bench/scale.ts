/** Labs of 1, 10 and 50 hosts with a pod each: time to full convergence, and the memory of each daemon. */
import { readFileSync } from 'node:fs';
import { ControlClient } from '@weft/control';
import { defaultTopology, resolveLab } from '@weft/lab';
import { withLab } from './bench-lab.ts';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

export async function* scaleBench(): AsyncGenerator<Figure> {
  for (const hosts of [1, 10, 50]) {
    const start = performance.now();
    yield await withLab('bench-scale', defaultTopology(hosts, 1), async (lab) => {
      const convergedSeconds = round((performance.now() - start) / 1000);
      const memory = await residentMebibytes(lab);
      return {
        benchmark: 'scale',
        hosts,
        convergedSeconds,
        rssP50Mebibytes: quantile(memory, 0.5),
        rssMaxMebibytes: quantile(memory, 1),
      };
    });
  }
}

async function residentMebibytes(lab: string): Promise<number[]> {
  const { hosts } = await resolveLab(lab);
  return Promise.all(
    hosts.map(async ({ controlSocket }) => {
      const { pid } = await new ControlClient(controlSocket).status();
      const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      return Number(kibibytes) / 1024;
    }),
  );
}
