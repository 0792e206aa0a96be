import { describe, expect, test } from 'vitest';
import type { MetricSpec } from './metric-spec.ts';
import { METRICS } from './names.ts';
import { collectProcessMetrics } from './process-metrics.ts';
import { MetricRegistry } from './registry.ts';
import { MAX_SERIES } from './series.ts';

/** The sample lines of one metric. */
function samples(registry: MetricRegistry, name: string): string[] {
  return registry
    .render()
    .split('\n')
    .filter((line) => line.startsWith(name));
}

describe('Prometheus text exposition 0.0.4', () => {
  test('a metric has one HELP and one TYPE line before its samples', () => {
    const registry = new MetricRegistry();
    registry
      .gauge(METRICS.bgpPrefixes)
      .with({ peer: '10.0.0.2', table: 'adj-rib-in', family: 'ipv4' })
      .set(3);
    expect(registry.render()).toContain(
      '# HELP weft_bgp_prefixes Prefixes held, by table (adj-rib-in, adj-rib-out) and family.\n' +
        '# TYPE weft_bgp_prefixes gauge\n' +
        'weft_bgp_prefixes{peer="10.0.0.2",table="adj-rib-in",family="ipv4"} 3\n',
    );
  });

  test('backslash, quote and newline in a label value are escaped', () => {
    const registry = new MetricRegistry();
    registry.counter(METRICS.datastoreEvents).with({ kind: 'a\\b"c\nd' }).inc();
    expect(samples(registry, 'weft_datastore_events_total')).toEqual([
      String.raw`weft_datastore_events_total{kind="a\\b\"c\nd"} 1`,
    ]);
  });

  test('histogram buckets are cumulative, a value on a bound belongs to it, +Inf counts all', () => {
    const registry = new MetricRegistry();
    const series = registry.histogram(METRICS.endpointDetachSeconds).with({ outcome: 'detached' });
    for (const seconds of [0.001, 0.0015, 99]) series.observe(seconds);
    const lines = samples(registry, 'weft_endpoint_detach_seconds');
    expect(lines[0]).toBe('weft_endpoint_detach_seconds_bucket{outcome="detached",le="0.001"} 1');
    expect(lines[1]).toBe('weft_endpoint_detach_seconds_bucket{outcome="detached",le="0.002"} 2');
    expect(lines.slice(-3)).toEqual([
      'weft_endpoint_detach_seconds_bucket{outcome="detached",le="+Inf"} 3',
      'weft_endpoint_detach_seconds_sum{outcome="detached"} 99.0025',
      'weft_endpoint_detach_seconds_count{outcome="detached"} 3',
    ]);
  });

  test('a histogram without labels has only le', () => {
    const registry = new MetricRegistry();
    registry.histogram(METRICS.calcSeconds).with().observe(5);
    expect(samples(registry, 'weft_calc_update_seconds').slice(-4)).toEqual([
      'weft_calc_update_seconds_bucket{le="10"} 1',
      'weft_calc_update_seconds_bucket{le="+Inf"} 1',
      'weft_calc_update_seconds_sum 5',
      'weft_calc_update_seconds_count 1',
    ]);
  });
});

describe('series', () => {
  test('the same labels are the same series, in any order of the properties', () => {
    const registry = new MetricRegistry();
    const requests = registry.counter(METRICS.controlRequests);
    requests.with({ operation: 'status', status: '200' }).inc();
    requests.with({ status: '200', operation: 'status' }).inc(2);
    expect(samples(registry, 'weft_control_requests_total')).toEqual([
      'weft_control_requests_total{operation="status",status="200"} 3',
    ]);
  });

  test('a removed series is no longer exposed', () => {
    const registry = new MetricRegistry();
    const up = registry.gauge(METRICS.bgpPeerUp);
    const labels = { peer: '10.0.0.2', type: 'global' };
    up.with(labels).set(1);
    up.remove(labels);
    expect(samples(registry, 'weft_bgp_peer_up')).toEqual([]);
  });

  test('beyond the limit a combination is counted, not exposed', () => {
    const registry = new MetricRegistry();
    const events = registry.counter(METRICS.datastoreEvents);
    for (let i = 0; i < MAX_SERIES + 5; i++) events.with({ kind: `k${i}` }).inc();
    expect(samples(registry, 'weft_datastore_events_total')).toHaveLength(MAX_SERIES);
    expect(samples(registry, 'weft_telemetry_dropped_series_total')).toEqual([
      'weft_telemetry_dropped_series_total{metric="weft_datastore_events_total"} 5',
    ]);
  });

  test('a programmer who registers a name twice or lowers a counter is told', () => {
    const registry = new MetricRegistry();
    const conflicts = registry.counter(METRICS.droppedLogLines);
    expect(() => registry.counter(METRICS.droppedLogLines)).toThrow('weft_telemetry_dropped_log_lines_total');
    expect(() => conflicts.with().inc(-1)).toThrow(RangeError);
  });
});

describe('the names are API', () => {
  const specs: MetricSpec[] = Object.values(METRICS);

  test('each is unique and valid', () => {
    const names = specs.flatMap(({ calicoName = [], name }) => [name, calicoName].flat());
    expect(new Set(names).size).toBe(names.length);
    for (const spec of specs) expect(spec.name).toMatch(/^(weft|felix|process|nodejs|ipam)_[a-z][a-z0-9_]*$/);
  });

  test('a counter ends in _total, nothing else does, and a histogram says its unit, but for names that are Calico’s', () => {
    for (const spec of specs.filter(({ name }) => !name.startsWith('ipam_'))) {
      expect(spec.name.endsWith('_total'), spec.name).toBe(spec.kind === 'counter');
      if (spec.kind === 'histogram') expect(spec.name).toMatch(/_seconds$/);
    }
  });
});

describe('process metrics', () => {
  test('tell memory, CPU, descriptors and how late the event loop ran', async () => {
    const registry = new MetricRegistry();
    const stop = collectProcessMetrics(registry);
    const spinUntil = performance.now() + 60;
    await new Promise(setImmediate);
    while (performance.now() < spinUntil);
    await expect
      .poll(() => Number(samples(registry, 'weft_event_loop_delay_seconds{quantile="1"}')[0]?.split(' ')[1]))
      .toBeGreaterThan(0);
    stop();
    expect(Number(samples(registry, 'process_resident_memory_bytes')[0]?.split(' ')[1])).toBeGreaterThan(1e7);
    expect(Number(samples(registry, 'process_cpu_seconds_total')[0]?.split(' ')[1])).toBeGreaterThan(0);
    expect(Number(samples(registry, 'process_open_fds')[0]?.split(' ')[1])).toBeGreaterThan(2);
  });
});

test('a metric that Calico has too is exposed under both names', () => {
  const registry = new MetricRegistry();
  registry.gauge(METRICS.endpoints).with().set(3);
  const page = registry.render();
  expect(page).toContain('\nweft_active_local_endpoints 3\n');
  expect(page).toContain('# TYPE felix_active_local_endpoints gauge\nfelix_active_local_endpoints 3\n');
});
