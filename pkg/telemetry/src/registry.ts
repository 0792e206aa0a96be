/**
 * All metrics of one process, and the page that Prometheus scrapes.
 *
 * Rooms register families with the definitions of `names.ts`; whoever knows a value only on demand registers a
 * collector, which runs at each scrape. `render()` is what `/metrics` answers.
 */
import type { CounterSpec, GaugeSpec, HistogramSpec } from './metric-spec.ts';
import { METRICS } from './names.ts';
import { CounterSeries, GaugeSeries, HistogramSeries, MetricFamily } from './series.ts';

/** The media type of what `MetricRegistry.render` returns. */
export const EXPOSITION_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface AnyFamily {
  readonly spec: { readonly name: string };
  readonly droppedSeries: number;
  render(): string;
}

/** Holds the metrics of one process. Registering a name twice throws: two writers would overwrite each other. */
export class MetricRegistry {
  readonly #families = new Map<string, AnyFamily>();
  readonly #collectors: (() => void)[] = [];
  readonly #dropped: MetricFamily<'metric', CounterSeries>;

  constructor() {
    this.#dropped = this.counter(METRICS.droppedSeries);
  }

  counter<Label extends string>(spec: CounterSpec<Label>): MetricFamily<Label, CounterSeries> {
    return this.#register(new MetricFamily(spec, () => new CounterSeries()));
  }

  gauge<Label extends string>(spec: GaugeSpec<Label>): MetricFamily<Label, GaugeSeries> {
    return this.#register(new MetricFamily(spec, () => new GaugeSeries()));
  }

  histogram<Label extends string>(spec: HistogramSpec<Label>): MetricFamily<Label, HistogramSeries> {
    return this.#register(new MetricFamily(spec, () => new HistogramSeries(spec)));
  }

  /** Runs `collect` before each scrape, for values that are only known when asked for. */
  onScrape(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /** Every metric in text exposition format 0.0.4, in the order of registration. */
  render(): string {
    for (const collect of this.#collectors) collect();
    for (const { spec, droppedSeries } of this.#families.values()) {
      if (droppedSeries > 0) this.#dropped.with({ metric: spec.name }).setTotal(droppedSeries);
    }
    return [...this.#families.values()].map((family) => family.render()).join('');
  }

  #register<Family extends AnyFamily>(family: Family): Family {
    const { name } = family.spec;
    if (this.#families.has(name)) throw new RangeError(`The metric ${name} is registered already.`);
    this.#families.set(name, family);
    return family;
  }
}
