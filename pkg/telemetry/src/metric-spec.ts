/** The shape of a metric's definition: its name, meaning and labels, before it has a value. */

/** Upper bounds of histogram buckets, ascending, in seconds; `+Inf` is added. */
export const BUCKETS = {
  /** From an acknowledged netlink message (5 µs) to the resync of a large table. */
  kernel: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  /** From a warm endpoint attach (about 1 ms) to a datastore that is far away. */
  request: [0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 1, 3, 10],
} as const;

interface SpecBase<Label extends string> {
  /** Prometheus name: `weft_` for ours, unit last, `_total` for counters. */
  readonly name: string;
  /** Calico's name of the same number, under which it is exposed too: boards and alerts made for Calico go on. */
  readonly calicoName?: string;
  /** One sentence for the `# HELP` line. */
  readonly help: string;
  /** Label names; their values must come from a small set (a peer, a state), never from packets. */
  readonly labels: readonly Label[];
}

/** A number that only grows. */
export interface CounterSpec<Label extends string = string> extends SpecBase<Label> {
  readonly kind: 'counter';
}

/** A number that goes up and down. */
export interface GaugeSpec<Label extends string = string> extends SpecBase<Label> {
  readonly kind: 'gauge';
}

/** A distribution in fixed buckets. */
export interface HistogramSpec<Label extends string = string> extends SpecBase<Label> {
  readonly kind: 'histogram';
  readonly buckets: keyof typeof BUCKETS;
}

/** Any metric's definition. */
export type MetricSpec<Label extends string = string> =
  | CounterSpec<Label>
  | GaugeSpec<Label>
  | HistogramSpec<Label>;
