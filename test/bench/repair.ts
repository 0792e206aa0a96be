/** How long weft's routes are away when somebody flushes them with `ip route flush`, on a data plane without a daemon. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DesiredRoute } from '@weft/calc';
import { Dataplane, type DataplaneEvent } from '@weft/dataplane';
import { address, hostPrefix } from '@weft/ip';
import {
  createNetns,
  deleteNetns,
  type Kernel,
  netnsPath,
  openKernel,
  WEFT_ROUTE_PROTOCOL,
} from '@weft/kernel';
import type { Figure } from './run.ts';
import { quantile, round } from './statistics.ts';

const rounds = 7;
const deadlineMilliseconds = 60_000;
const quietMilliseconds = 200;

export async function* repairBench(): AsyncGenerator<Figure> {
  for (const routes of [1000, 10_000]) yield await flushes(routes);
}

async function flushes(count: number): Promise<Figure> {
  const name = `wt-bench-${process.pid}-repair`;
  createNetns(name);
  const kernel = openKernel({ netns: netnsPath(name) });
  const watch = new Watch();
  const dataplane = new Dataplane({ kernel, report: (event) => watch.take(event) });
  try {
    dataplane.start();
    dataplane.allowDeletes();
    dataplane.wantAll(
      ['blackhole'],
      Array.from({ length: count }, (_, index) => routeTo(index)),
    );
    await allBack(kernel, dataplane, watch, count);
    const flushed: Flush[] = [];
    while (flushed.length < rounds) {
      watch.reset();
      const { start, end } = await flush(name);
      await allBack(kernel, dataplane, watch, count);
      flushed.push({
        milliseconds: end - start,
        afterwards: Math.max(0, watch.lastRepair - end),
        watch: { ...watch },
      });
    }
    return figure(count, flushed);
  } finally {
    dataplane.close();
    kernel.close();
    deleteNetns(name);
  }
}

/** What the data plane did during one flush. */
class Watch {
  repairs = 0;
  overruns = 0;
  /** Milliseconds since 1970, as the command's clock. */
  lastRepair = 0;

  reset(): void {
    this.repairs = 0;
    this.overruns = 0;
    this.lastRepair = 0;
  }

  take(event: DataplaneEvent): void {
    if (event.kind === 'resynced' && event.cause === 'overrun') this.overruns += 1;
    if (event.kind !== 'routes-repaired' && event.kind !== 'resynced') return;
    if (event.kind === 'routes-repaired') this.repairs += event.destinations.length;
    this.lastRepair = performance.timeOrigin + performance.now();
  }
}

interface Flush {
  readonly milliseconds: number;
  /** From the end of the command to the last repair. */
  readonly afterwards: number;
  readonly watch: Pick<Watch, 'repairs' | 'overruns'>;
}

async function flush(name: string): Promise<{ start: number; end: number }> {
  const script = `date +%s%N; ip -n ${name} route flush proto ${WEFT_ROUTE_PROTOCOL}; date +%s%N`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script]);
  const [start = 0, end = 0] = stdout
    .trim()
    .split('\n')
    .map((nanoseconds) => Number(nanoseconds) / 1e6);
  return { start, end };
}

/** Waits until nothing was repaired for a while, and looks into the kernel: a look on the way would cost more than a repair. */
async function allBack(kernel: Kernel, dataplane: Dataplane, watch: Watch, count: number): Promise<void> {
  const deadline = performance.now() + deadlineMilliseconds;
  const isQuiet = (): boolean =>
    performance.timeOrigin + performance.now() - watch.lastRepair > quietMilliseconds &&
    dataplane.status().inSync;
  do {
    if (performance.now() > deadline) throw new Error(`${count} routes are not back`);
    await new Promise((resolve) => setTimeout(resolve, quietMilliseconds));
  } while (!isQuiet() || kernel.routes({ protocol: WEFT_ROUTE_PROTOCOL }).length !== count);
}

function routeTo(index: number): DesiredRoute {
  return {
    class: 'blackhole',
    destination: hostPrefix(address(`10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`)),
    metric: 1024,
    type: 'blackhole',
    via: [],
    reason: 'benchmark',
  };
}

function figure(routes: number, flushed: readonly Flush[]): Figure {
  const of = (value: (flush: Flush) => number, level: number): number =>
    round(quantile(flushed.map(value), level));
  return {
    benchmark: 'repair',
    what: 'flush',
    routes,
    samples: flushed.length,
    p50FlushMilliseconds: of(({ milliseconds }) => milliseconds, 0.5),
    p50RepairedAfterMilliseconds: of(({ afterwards }) => afterwards, 0.5),
    maxRepairedAfterMilliseconds: of(({ afterwards }) => afterwards, 1),
    p50Repairs: of(({ watch }) => watch.repairs, 0.5),
    overruns: of(({ watch }) => watch.overruns, 1),
  };
}
