/** manifests/monitoring: alerts go off when they should, and nothing asks for a metric that weft does not have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRICS, type MetricSpec } from '@weft/telemetry';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BOARD_QUERIES, grafanaBoard } from '../../hack/grafana-board.ts';
import { MANIFESTS } from '../harness/manifests.ts';

const folder = join(MANIFESTS, 'monitoring');
const alerts = parse(readFileSync(join(folder, 'alerts.yaml'), 'utf8')) as {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

/** Names as series have them: a histogram's with its three endings. */
const known = new Set(
  Object.values(METRICS as Record<string, MetricSpec>).flatMap(({ kind, name }) =>
    kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);

function metricsIn(expression: string): string[] {
  return expression.match(/\b(weft|ipam|process|nodejs|felix)_[a-z0-9_]+/g) ?? [];
}

describe('alerts', () => {
  it('are what promtool takes, and go off as their tests say', async () => {
    await execa('promtool', ['check', 'rules', join(folder, 'alerts.yaml')]);
    await execa('promtool', ['test', 'rules', join(import.meta.dirname, 'alerts.test.yaml')]);
  });

  it('are all tested', () => {
    const tests = readFileSync(join(import.meta.dirname, 'alerts.test.yaml'), 'utf8');
    expect(rules.map(({ alert }) => alert).filter((alert) => !tests.includes(alert))).toEqual([]);
  });
});

it.each([...rules.map(({ expr }) => expr), ...BOARD_QUERIES])(
  '%s asks for metrics that weft has',
  (expression) => {
    expect(metricsIn(expression).filter((name) => !known.has(name))).toEqual([]);
  },
);

it('has the board that npm run generate writes', () => {
  expect(readFileSync(join(folder, 'grafana.json'), 'utf8')).toBe(grafanaBoard());
});
