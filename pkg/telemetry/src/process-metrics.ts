/**
 * Metrics of the process itself: memory, CPU, descriptors, and how late the event loop runs.
 *
 * The event loop's delay is the first thing to look at when BGP sessions flap without a network reason: a loop that
 * stalls sends no keepalive.
 */
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { METRICS } from './names.ts';
import type { MetricRegistry } from './registry.ts';

/** How often the delay is sampled. 20 ms costs 0.3 % of a core, Node's default of 10 ms twice that. */
const SAMPLING_MILLISECONDS = 20;

/** Adds the process metrics to `registry`; call the result to stop sampling. */
export function collectProcessMetrics(registry: MetricRegistry): () => void {
  const cpu = registry.counter(METRICS.processCpuSeconds).with();
  const memory = registry.gauge(METRICS.processResidentMemory).with();
  const heap = registry.gauge(METRICS.heapUsed).with();
  const descriptors = registry.gauge(METRICS.processOpenFds).with();
  registry
    .gauge(METRICS.processStartTime)
    .with()
    .set(performance.timeOrigin / 1000);

  registry.onScrape(() => {
    const { user, system } = process.cpuUsage();
    cpu.setTotal((user + system) / 1e6);
    const { rss, heapUsed } = process.memoryUsage();
    memory.set(rss);
    heap.set(heapUsed);
    descriptors.set(readdirSync('/proc/self/fd').length);
  });
  return sampleEventLoop(registry);
}

/** Exposes quantiles of the delay since the scrape before, so that an old stall does not hide a new one. */
function sampleEventLoop(registry: MetricRegistry): () => void {
  const histogram = monitorEventLoopDelay({ resolution: SAMPLING_MILLISECONDS });
  histogram.enable();
  const delay = registry.gauge(METRICS.eventLoopDelay);
  registry.onScrape(() => {
    for (const quantile of ['0.5', '0.99', '1']) {
      delay.with({ quantile }).set(lateSeconds(histogram.percentile(Number(quantile) * 100)));
    }
    histogram.reset();
  });
  return () => {
    histogram.disable();
  };
}

/** The histogram holds the whole time between two samples, in nanoseconds; what exceeds the interval is delay. */
function lateSeconds(intervalNanoseconds: number): number {
  return Math.max(0, intervalNanoseconds / 1e9 - SAMPLING_MILLISECONDS / 1000);
}
