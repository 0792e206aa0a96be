/** Logs and metrics: how events and numbers get a stable name and leave the process. */
export type { LogFields, Logger, LoggerOptions, LogLevel } from './log.ts';
export { createLogger } from './log.ts';
export type { CounterSpec, GaugeSpec, HistogramSpec, MetricSpec } from './metric-spec.ts';
export { METRICS } from './names.ts';
export { collectProcessMetrics } from './process-metrics.ts';
export { redact } from './redact.ts';
export { EXPOSITION_CONTENT_TYPE, MetricRegistry } from './registry.ts';
export type { CounterSeries, GaugeSeries, HistogramSeries, LabelArguments, MetricFamily } from './series.ts';
