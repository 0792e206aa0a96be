/** A real Prometheus scrapes two nodes: every query of the board and of the alerts is answered, and no alert goes off. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOARD_QUERIES } from '../../hack/grafana-board.ts';
import { MANIFESTS } from '../harness/manifests.ts';
import { smallTopology, useLab } from '../harness/test-lab.ts';
import { waitFor } from '../harness/wait-for.ts';

const LAB = 't-prometheus';
const lab = useLab(LAB, {
  ...smallTopology(2, 1),
  resources: [
    {
      apiVersion: 'projectcalico.org/v3',
      kind: 'FelixConfiguration',
      metadata: { name: 'default' },
      spec: { prometheusMetricsEnabled: true },
    },
  ],
});
const folder = mkdtempSync(join(tmpdir(), 'weft-prometheus-'));
const ADDRESS = 'http://127.0.0.1:9090';

/** Prometheus on node1, which reaches the other node as an operator's would. */
function start() {
  const configuration = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(MANIFESTS, 'monitoring/alerts.yaml')],
    scrape_configs: [
      { job_name: 'weftd', static_configs: [{ targets: ['10.0.0.1:9091', '10.0.0.2:9091'] }] },
    ],
  };
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(configuration));
  const command = [
    ...['netns', 'exec', lab.namespaceOf('node1'), 'prometheus'],
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    '--web.listen-address=127.0.0.1:9090',
  ];
  return execa('ip', command, { reject: false });
}

let prometheus: ReturnType<typeof start> | undefined;
beforeAll(() => {
  prometheus = start();
});

afterAll(async () => {
  prometheus?.kill();
  await prometheus;
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

async function ask(expression: string): Promise<Answer> {
  const query = ['-sG', `${ADDRESS}/api/v1/query`, '--data-urlencode', `query=${expression}`];
  return JSON.parse(await lab.run('node1', 'curl', ...query)) as Answer;
}

/** The board's variables, as Grafana fills them in. */
function filledIn(expression: string): string {
  return expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '10s');
}

async function count(expression: string): Promise<number> {
  return (await ask(expression)).data.result.length;
}

describe('Prometheus', () => {
  it('scrapes every node', async () => {
    await waitFor(
      'two nodes are ready',
      () =>
        count('weft_ready == 1 and changes(process_cpu_seconds_total[5s]) > 1')
          .catch(() => 0)
          .then((found) => found === 2),
      60_000,
      200,
    );
    expect(await count('felix_active_local_endpoints == 1 and weft_active_local_endpoints == 1')).toBe(2);
  });

  it('answers every query of the board, with lines for all that happens on a node', async () => {
    const empty: string[] = [];
    for (const expression of BOARD_QUERIES) {
      const { data, error, status } = await ask(filledIn(expression));
      expect({ expression, status, error }).toEqual({ expression, status: 'success', error: undefined });
      if (data.result.length === 0) empty.push(expression);
    }
    // weft-controller does not run here, and nothing was refused.
    expect(empty.filter((expression) => !/ipam_|_failures_total|_repairs_total/.test(expression))).toEqual(
      [],
    );
  });

  it('evaluates every alert, and none goes off', async () => {
    const rules = JSON.parse(await lab.run('node1', 'curl', '-s', `${ADDRESS}/api/v1/rules`)) as {
      data: { groups: { rules: { name: string; health: string; state: string }[] }[] };
    };
    const found = rules.data.groups.flatMap((group) => group.rules);
    expect(found.length).toBeGreaterThan(10);
    expect(found.filter(({ health, state }) => health !== 'ok' || state !== 'inactive')).toEqual([]);
  });
});
