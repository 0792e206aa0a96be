/**
 * The numbers behind a metric: one family per name, one series per combination of label values.
 *
 * Hot paths take a series once (`family.with(labels)`) and then only add to it. A family holds at most
 * `MAX_SERIES`; beyond that a new combination still gets a series to write to, which is not exposed but counted.
 */
import { BUCKETS, type HistogramSpec, type MetricSpec } from './metric-spec.ts';

/** Combinations of label values one metric may expose. */
export const MAX_SERIES = 2000;

/** One value per label name; nothing at all for a metric without labels. */
export type LabelArguments<Label extends string> = [Label] extends [never]
  ? []
  : [labels: Readonly<Record<Label, string>>];

/** All series of one metric. */
export class MetricFamily<
  Label extends string,
  Series extends { lines(name: string, labels: string): string },
> {
  readonly spec: MetricSpec<Label>;
  /** Series that were asked for beyond the limit and are not exposed. */
  droppedSeries = 0;
  readonly #series = new Map<string, Series>();
  readonly #create: () => Series;

  constructor(spec: MetricSpec<Label>, create: () => Series) {
    this.spec = spec;
    this.#create = create;
  }

  /** The series with these label values, made at first use. */
  with(...labels: LabelArguments<Label>): Series {
    const key = labelText(this.spec.labels, labels[0] ?? {});
    const known = this.#series.get(key);
    if (known) return known;
    const fresh = this.#create();
    if (this.#series.size < MAX_SERIES) this.#series.set(key, fresh);
    else this.droppedSeries += 1;
    return fresh;
  }

  /** Forgets one series, when what it counted is gone (a removed peer). */
  remove(...labels: LabelArguments<Label>): void {
    this.#series.delete(labelText(this.spec.labels, labels[0] ?? {}));
  }

  /** Forgets every series; a collector that sets all of them at each scrape starts with this. */
  clear(): void {
    this.#series.clear();
  }

  /** This metric in text exposition format 0.0.4. */
  render(): string {
    const { calicoName, name } = this.spec;
    return calicoName === undefined
      ? this.#renderAs(name)
      : this.#renderAs(name) + this.#renderAs(calicoName);
  }

  #renderAs(name: string): string {
    const { help, kind } = this.spec;
    let text = `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${kind}\n`;
    for (const [labels, series] of this.#series) text += series.lines(name, labels);
    return text;
  }
}

/** A number that only grows. */
export class CounterSeries {
  #total = 0;

  /** Adds `by`, which is not negative. */
  inc(by = 1): void {
    if (by < 0) throw new RangeError(`A counter cannot go down (by ${by}).`);
    this.#total += by;
  }

  /** Takes over a total that is counted elsewhere; for collectors that run at scrape time. */
  setTotal(total: number): void {
    this.#total = total;
  }

  lines(name: string, labels: string): string {
    return `${name}${braces(labels)} ${formatNumber(this.#total)}\n`;
  }
}

/** A number that goes up and down. */
export class GaugeSeries {
  #value = 0;

  set(value: number): void {
    this.#value = value;
  }

  /** Adds `by`, which may be negative. */
  add(by: number): void {
    this.#value += by;
  }

  lines(name: string, labels: string): string {
    return `${name}${braces(labels)} ${formatNumber(this.#value)}\n`;
  }
}

/** A distribution: how many observations fell at or below each bound. */
export class HistogramSeries {
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(spec: HistogramSpec) {
    this.#bounds = BUCKETS[spec.buckets];
    this.#counts = new Float64Array(this.#bounds.length + 1);
  }

  /** Records one value, in the unit of the metric's name. */
  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += value;
  }

  lines(name: string, labels: string): string {
    let text = '';
    let count = 0;
    for (const [bucket, observed] of this.#counts.entries()) {
      count += observed;
      const bound = formatNumber(this.#bounds[bucket] ?? Number.POSITIVE_INFINITY);
      text += `${name}_bucket{${labels}${labels === '' ? '' : ','}le="${bound}"} ${count}\n`;
    }
    return `${text}${name}_sum${braces(labels)} ${formatNumber(this.#sum)}\n${name}_count${braces(labels)} ${count}\n`;
  }
}

function labelText(names: readonly string[], values: Readonly<Record<string, string>>): string {
  return names.map((name) => `${name}="${escapeLabel(labelValue(name, values))}"`).join(',');
}

function labelValue(name: string, values: Readonly<Record<string, string>>): string {
  const value = values[name];
  if (value === undefined) throw new RangeError(`The label ${name} has no value.`);
  return value;
}

function braces(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}
