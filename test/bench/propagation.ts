/**
 * From the attach of a host's first pod, which claims a block, to the block's route in another host's kernel; measured
 * from outside, by the kernel's own event.
 */
import type { Prefix } from '@weft/ip';
import { netnsPath, openKernel } from '@weft/kernel';
import { addPod, namespaceOf, removePod, status } from '@weft/lab';
import { withLab } from './bench-lab.ts';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

const hosts = 21;

export async function* propagationBench(): AsyncGenerator<Figure> {
  const milliseconds = await withLab('bench-prop', hosts, 0, async (lab) => {
    const samples: number[] = [];
    for (let host = 2; host <= hosts; host++) samples.push(await firstPodOf(lab, `node${host}`));
    return samples;
  });
  yield {
    benchmark: 'attach-to-remote-route',
    hosts,
    samples: milliseconds.length,
    p50Milliseconds: quantile(milliseconds, 0.5),
    maxMilliseconds: round(Math.max(...milliseconds)),
  };
}

/** Time from the request to the moment node1's kernel tells of a new IPv4 route of the host. */
async function firstPodOf(lab: string, host: string): Promise<number> {
  const kernel = await openKernel({ netns: netnsPath(namespaceOf(lab, 'node1')) });
  try {
    const arrived = new Promise<[Prefix, number]>((resolve) => {
      kernel.subscribe((event) => {
        const isBlock =
          event.kind === 'route' && event.op === 'new' && event.route.destination.endsWith('/26');
        if (isBlock) resolve([event.route.destination, performance.now()]);
      });
    });
    const start = performance.now();
    const pod = await addPod(lab, host);
    const [block, end] = await arrived;
    await checkOwner(lab, host, block);
    await removePod(lab, pod.name);
    return end - start;
  } finally {
    kernel.close();
  }
}

async function checkOwner(lab: string, host: string, block: Prefix): Promise<void> {
  const { hosts: all } = await status(lab);
  const owned = all.find(({ name }) => name === host)?.blocks ?? [];
  if (!owned.includes(block))
    throw new Error(`the route that came is ${block}, the blocks of ${host} are ${owned.join(', ')}`);
}
