/**
 * The controller's numbers: what it did, and, while it leads, how full the pools are.
 */
import type { Leak } from '@weft/ipam';
import { collectProcessMetrics, METRICS, MetricRegistry } from '@weft/telemetry';
import { type Counted, type NodeFigures, nodeFigures, poolFigures, poolOf } from './ipam-figures.ts';
import type { Look } from './reclaim/reclaimer.ts';
import { version } from './version.ts';

/** What is read at each scrape; undefined while this controller does not lead. */
export type FiguresSource = () => (Counted & { readonly reserved: readonly string[] }) | undefined;

/** All metrics of one controller. */
export class Metrics {
  readonly #registry = new MetricRegistry();
  readonly #looks = this.#registry.counter(METRICS.controllerLooks);
  readonly #lookSeconds = this.#registry.histogram(METRICS.controllerLookSeconds);
  readonly #reclaimed = this.#registry.counter(METRICS.leaksReclaimed);

  constructor(leads: () => boolean, figures: FiguresSource) {
    const build = { version, node_version: process.version, role: 'controller' };
    this.#registry.gauge(METRICS.buildInfo).with(build).set(1);
    collectProcessMetrics(this.#registry);
    const leader = this.#registry.gauge(METRICS.controllerLeader);
    const ipam = new IpamMetrics(this.#registry);
    this.#registry.onScrape(() => {
      leader.with().set(leads() ? 1 : 0);
      ipam.collect(figures());
    });
  }

  /** The page Prometheus scrapes. */
  render(): string {
    return this.#registry.render();
  }

  looked({ outcome, seconds }: Look): void {
    this.#looks.with({ outcome }).inc();
    if (outcome !== 'skipped') this.#lookSeconds.with().observe(seconds);
  }

  released({ address, node = '' }: Leak, pools: Counted['pools']): void {
    this.#reclaimed.with({ ippool: poolOf(pools, address), node }).inc();
  }
}

/** The figures of pools and nodes; none of what is gone stays. */
class IpamMetrics {
  readonly #size;
  readonly #reserved;
  readonly #byPool;
  readonly #byNode;

  constructor(registry: MetricRegistry) {
    this.#size = registry.gauge(METRICS.poolSize);
    this.#reserved = registry.gauge(METRICS.poolReserved);
    this.#byPool = {
      allocations: registry.gauge(METRICS.poolAllocations),
      borrowed: registry.gauge(METRICS.poolBorrowed),
      blocks: registry.gauge(METRICS.poolBlocks),
      candidates: registry.gauge(METRICS.leakCandidates),
    };
    this.#byNode = {
      allocations: registry.gauge(METRICS.nodeAllocations),
      borrowed: registry.gauge(METRICS.nodeBorrowed),
      blocks: registry.gauge(METRICS.nodeBlocks),
    };
  }

  collect(counted: ReturnType<FiguresSource>): void {
    for (const family of [this.#size, this.#reserved]) family.clear();
    for (const family of [...Object.values(this.#byPool), ...Object.values(this.#byNode)]) family.clear();
    if (!counted) return;
    for (const { pool, size, reserved } of poolFigures(counted.pools, counted.reserved)) {
      this.#size.with({ ippool: pool }).set(size);
      this.#reserved.with({ ippool: pool }).set(reserved);
    }
    for (const row of nodeFigures(counted)) this.#set(row);
  }

  #set(row: NodeFigures): void {
    const { pool, node } = row;
    for (const name of ['allocations', 'borrowed', 'blocks', 'candidates'] as const)
      this.#byPool[name].with({ ippool: pool, node }).set(row[name]);
    for (const name of ['allocations', 'borrowed', 'blocks'] as const)
      if (row[name] > 0) this.#byNode[name].with({ node }).add(row[name]);
  }
}
