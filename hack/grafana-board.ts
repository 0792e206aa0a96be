/**
 * The Grafana board of weft, as data: rows of panels, each one a question an operator asks. `npm run generate` writes it to
 * manifests/monitoring/grafana.json.
 */

/** One query of a panel, and what its lines are called. */
interface Query {
  readonly expr: string;
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** What it tells, shown at the title. */
  readonly help: string;
  readonly unit: 'short' | 's' | 'bytes' | 'percentunit' | 'ops';
  readonly kind: 'stat' | 'timeseries';
  readonly queries: readonly Query[];
}

/** Which daemons a query is about: those chosen at the top of the board. */
const ON = 'instance=~"$instance"';
/** Which sessions count: whether a pod speaks says nothing of the node. */
const NETWORK = `${ON},type!="local workload"`;
const RATE = '[$__rate_interval]';

const query = (expr: string, legend = '{{instance}}'): Query => ({ expr, legend });

function quantiles(metric: string, labels = ON): Query[] {
  return [0.5, 0.99].map((quantile) =>
    query(
      `histogram_quantile(${quantile}, sum by (le) (rate(${metric}_bucket{${labels}}${RATE})))`,
      `${quantile * 100} %`,
    ),
  );
}

/** The rows of the board. */
const ROWS: readonly { readonly title: string; readonly panels: readonly Panel[] }[] = [
  {
    title: 'Is it well?',
    panels: [
      stat('Nodes ready', 'of all nodes that answer', [
        query(`sum(weft_ready{${ON}})`, 'ready'),
        query(`count(weft_ready{${ON}})`, 'all'),
      ]),
      stat('Sessions up', 'of all BGP sessions that are wanted, without those with pods', [
        query(`sum(weft_bgp_peer_up{${NETWORK}})`, 'up'),
        query(`count(weft_bgp_peer_up{${NETWORK}})`, 'all'),
      ]),
      stat('Routes in the kernel', 'of all that are wanted', [
        query(`sum(weft_route_table_routes{${ON},state="in-kernel"})`, 'in the kernel'),
        query(`sum(weft_route_table_routes{${ON},state="wanted"})`, 'wanted'),
      ]),
      stat('Routes held by the fuse', 'weftctl fuse tells the cause', [
        query(`sum(weft_fuse_held_routes{${ON}})`, 'held'),
      ]),
    ],
  },
  {
    title: 'Routes',
    panels: [
      lines('Missing in the kernel', 'wanted and not there', [
        query(
          `weft_route_table_routes{${ON},state="wanted"} - ignoring (state) weft_route_table_routes{${ON},state="in-kernel"}`,
        ),
      ]),
      lines(
        'Repairs',
        'routes somebody else removed or changed and weft put back',
        [query(`sum by (instance) (rate(weft_route_table_repairs_total{${ON}}${RATE}))`)],
        'ops',
      ),
      lines(
        'Refused by the kernel',
        'by errno',
        [query(`sum by (errno) (rate(weft_route_table_failures_total{${ON}}${RATE}))`, '{{errno}}')],
        'ops',
      ),
      lines(
        'Time to decide',
        'from resources and facts to the desired state',
        quantiles('weft_calc_update_seconds'),
        's',
      ),
    ],
  },
  {
    title: 'BGP',
    panels: [
      lines('Sessions down', 'by node', [
        query(
          `count by (instance) (weft_bgp_peer_up{${NETWORK}} == 0) or sum by (instance) (weft_bgp_peer_up{${NETWORK}}) * 0`,
        ),
      ]),
      lines(
        'UPDATEs received',
        'by node',
        [query(`sum by (instance) (rate(weft_bgp_updates_received_total{${ON}}${RATE}))`)],
        'ops',
      ),
      lines('Prefixes', 'in all tables towards peers', [
        query(`sum by (table, family) (weft_bgp_prefixes{${ON}})`, '{{table}} {{family}}'),
      ]),
      lines('Sessions that came up', 'without those with pods; again and again is flapping', [
        query(`sum by (instance) (increase(weft_bgp_sessions_established_total{${NETWORK}}${RATE}))`),
      ]),
    ],
  },
  {
    title: 'Containers',
    panels: [
      lines('Plugged in', 'by node', [query(`weft_active_local_endpoints{${ON}}`)]),
      lines(
        'Time to plug in',
        'all nodes',
        quantiles('weft_endpoint_attach_seconds', `${ON},outcome="attached"`),
        's',
      ),
      lines(
        'Outcome',
        'of being plugged in',
        [query(`sum by (outcome) (rate(weft_endpoint_attach_seconds_count{${ON}}${RATE}))`, '{{outcome}}')],
        'ops',
      ),
      lines('Wait for a peer to know a new block', 'all nodes', quantiles('weft_announce_seconds'), 's'),
    ],
  },
  {
    title: 'Addresses (weft-controller)',
    panels: [
      lines(
        'Pools',
        'part of their addresses that is in use',
        [
          query(
            'sum by (ippool) (ipam_allocations_in_use) / sum by (ippool) (ipam_ippool_size)',
            '{{ippool}}',
          ),
        ],
        'percentunit',
      ),
      lines('Blocks', 'by pool', [query('sum by (ippool) (ipam_blocks)', '{{ippool}}')]),
      lines('Borrowed addresses', "from other nodes' blocks, by pool", [
        query('sum by (ippool) (ipam_allocations_borrowed)', '{{ippool}}'),
      ]),
      lines('Leaks', 'addresses that look leaked, by pool', [
        query('sum by (ippool) (ipam_allocations_gc_candidates)', '{{ippool}}'),
      ]),
    ],
  },
  {
    title: 'The daemons',
    panels: [
      lines('Memory', 'resident', [query(`process_resident_memory_bytes{${ON}}`)], 'bytes'),
      lines('CPU', 'of one core', [query(`rate(process_cpu_seconds_total{${ON}}${RATE})`)], 'percentunit'),
      lines(
        'Lateness',
        'of the event loop, 99 %',
        [query(`weft_event_loop_delay_seconds{${ON},quantile="0.99"}`)],
        's',
      ),
      lines('Control API', 'time to answer', quantiles('weft_control_request_seconds'), 's'),
    ],
  },
];

function stat(title: string, help: string, queries: readonly Query[]): Panel {
  return { title, help, unit: 'short', kind: 'stat', queries };
}

function lines(title: string, help: string, queries: readonly Query[], unit: Panel['unit'] = 'short'): Panel {
  return { title, help, unit, kind: 'timeseries', queries };
}

/** Every expression of the board. */
export const BOARD_QUERIES: readonly string[] = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
);

/** Width of the board in Grafana's units. */
const WIDTH = 24;
const STAT_HEIGHT = 4;
const HEIGHT = 7;

/** The board as Grafana imports it. */
export function grafanaBoard(): string {
  return `${JSON.stringify(
    {
      title: 'weft',
      uid: 'weft',
      tags: ['weft', 'network'],
      schemaVersion: 39,
      editable: true,
      refresh: '30s',
      time: { from: 'now-3h', to: 'now' },
      templating: { list: [datasource(), instances()] },
      panels: allPanels(),
    },
    undefined,
    2,
  )}\n`;
}

function datasource(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus' };
}

function instances(): object {
  return {
    name: 'instance',
    label: 'Node',
    type: 'query',
    datasource: SOURCE,
    query: 'label_values(weft_ready, instance)',
    refresh: 2,
    includeAll: true,
    multi: true,
    current: { text: 'All', value: '$__all' },
  };
}

const SOURCE = { type: 'prometheus', uid: '$datasource' };

function allPanels(): object[] {
  let id = 0;
  let y = 0;
  return ROWS.flatMap(({ panels, title }) => {
    const row = { id: ++id, type: 'row', title, collapsed: false, gridPos: { x: 0, y: y++, w: WIDTH, h: 1 } };
    const w = WIDTH / panels.length;
    const h = panels.every(({ kind }) => kind === 'stat') ? STAT_HEIGHT : HEIGHT;
    const drawn = panels.map((panel, index) => ({
      id: ++id,
      ...drawPanel(panel),
      gridPos: { x: index * w, y, w, h },
    }));
    y += h;
    return [row, ...drawn];
  });
}

function drawPanel({ help, kind, queries, title, unit }: Panel): object {
  return {
    type: kind,
    title,
    description: help,
    datasource: SOURCE,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options:
      kind === 'timeseries'
        ? { tooltip: { mode: 'multi', sort: 'desc' }, legend: { displayMode: 'list' } }
        : {},
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + index),
      expr,
      legendFormat: legend,
    })),
  };
}
