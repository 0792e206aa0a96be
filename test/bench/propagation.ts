/**
 * From the request to attach a pod that needs a new block, to the block's route in another host's kernel: the claim in the
 * datastore, the announcement, the BGP session, the other's decision and its write. Measured by the kernel's own event.
 */
import { type Prefix, prefixOf } from '@weft/ip';
import { addPod, defaultTopology } from '@weft/lab';
import { Arrivals } from './arrivals.ts';
import { withLab } from './bench-lab.ts';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

// Blocks of four addresses: every fourth pod claims one, and a host may own twenty.
const blockSize = 30;
const podsPerHost = 80;

export async function* propagationBench(): AsyncGenerator<Figure> {
  const pools = [{ name: 'bench', cidr: '10.244.0.0/16', blockSize }];
  const milliseconds = await withLab('bench-prop', { ...defaultTopology(3, 0), pools }, async (lab) => [
    ...(await newBlocksOf(lab, 'node2')),
    ...(await newBlocksOf(lab, 'node3')),
  ]);
  yield {
    benchmark: 'attach-to-remote-route',
    hosts: 3,
    samples: milliseconds.length,
    p50Milliseconds: quantile(milliseconds, 0.5),
    maxMilliseconds: round(Math.max(...milliseconds)),
  };
}

/** Attaches pods to a host; for each that claimed a block, the time until node1's kernel told of its route. */
async function newBlocksOf(lab: string, host: string): Promise<number[]> {
  const arrivals = new Arrivals(lab, 'node1');
  try {
    const samples: number[] = [];
    const known = new Set<Prefix>();
    for (let pod = 0; pod < podsPerHost; pod++) {
      const start = performance.now();
      const { addresses } = await addPod(lab, host);
      const block = prefixOf(addresses[0] as (typeof addresses)[number], blockSize);
      if (!known.has(block)) samples.push((await arrivals.of(block)) - start);
      known.add(block);
    }
    return samples;
  } finally {
    arrivals.close();
  }
}
